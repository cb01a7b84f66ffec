// Package middleware makes each request that an [http.Handler] serves a transaction: how long it took, of which SQL, calls
// to other services and own code, how it ended, and who asked. It is usually imported as daybookhttp:
//
//	srv := &http.Server{Addr: ":8080", Handler: daybookhttp.New()(mux)}
//
// Without a running agent (see package apm) the handler is called as if it were not wrapped.
//
// # Routes
//
// An endpoint is a method and a route, and the route is the pattern of the router, never a path. [New] reads it from
// [http.Request.Pattern] when the handler has returned, which is enough around an [http.ServeMux]. There is more to do
//
//   - for routers that do not set the pattern: their adapter, or a line of your own, calls [SetRoute];
//   - where a middleware between New and the mux clones the request, so that the pattern is set on the clone (an
//     [http.TimeoutHandler], anything that calls [http.Request.WithContext]): put [CaptureRoute] around the mux;
//   - where a mux sits behind [http.StripPrefix]: put [CaptureRouteAt] around it.
//
// A middleware of your own that answers after a time-out, while another goroutine still serves the same *[http.Request],
// needs CaptureRoute around the mux as well: without it, New would read the pattern while the mux may be writing it.
//
// # What the handler sees
//
// The handler gets a shallow copy of the request, whose context is the transaction, and a response writer with
// exactly the optional interfaces of the server's. When it has returned, the pattern and the multipart form are handed back to the original,
// where net/http and outer middleware look for them; path values are not, there is no way to.
//
// One thing differs, as with any response writer that is not the server's own: when a body is longer than [http.MaxBytesReader]
// allows, the server does not learn of it, and does not add "Connection: close" to the response.
package middleware
