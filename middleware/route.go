package middleware

import (
	"context"
	"net/http"
	"strings"

	"github.com/daybook-apm/daybook/internal/transaction"
)

// SetRoute names the endpoint that the request of ctx belongs to, in place of [http.Request.Pattern]: this is what adapters of
// routers call, and handlers that know better. route must be one of few values, such as a pattern: "/users/{id}", never a
// path. The last call before the end of the request wins; an empty route, or a ctx without a
// transaction, changes nothing. Safe for concurrent use.
func SetRoute(ctx context.Context, route string) {
	transaction.From(ctx).SetRoute(route)
}

// CaptureRoute makes the pattern that next sets on its request the route of the transaction, also where the request is a
// clone of the one that the middleware has seen, and also when next runs in a goroutine that outlives the request. Put it just around the mux.
//
// An [http.ServeMux] is asked for the pattern first, at the price of finding it twice: the route is then known while the
// request still runs, to the page of active requests and to a time-out. Any other next is asked
// afterwards. Of nested ones the innermost wins that has a pattern; [SetRoute], called inside next, comes before all.
func CaptureRoute(next http.Handler) http.Handler { return CaptureRouteAt("", next) }

// CaptureRouteAt is [CaptureRoute] for a mux that does not see the beginning of the path, behind [http.StripPrefix]: prefix is put before its
// patterns. It is all that was stripped, also by outer muxes.
func CaptureRouteAt(prefix string, next http.Handler) http.Handler {
	mux, _ := next.(*http.ServeMux)
	return &capture{prefix: prefix, next: next, mux: mux}
}

type capture struct {
	prefix string
	next   http.Handler
	mux    *http.ServeMux // next, if it can be asked.
}

// ServeHTTP implements [http.Handler].
func (c *capture) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t := transaction.FromContext(r.Context())
	if t == nil {
		c.next.ServeHTTP(w, r)
		return
	}
	// From here on nobody but us looks at r.Pattern: next may change it in its own goroutine.
	claim := t.ClaimRoute(routeOf(r))
	if c.mux != nil {
		if _, pattern := c.mux.Handler(r); pattern != "" {
			t.SetRoute(c.route(r, pattern))
			c.next.ServeHTTP(w, r)
			return
		}
	}
	outer := r.Pattern
	defer t.SettleRoute(claim, func() string {
		if r.Pattern == outer {
			return "" // It is the pattern of an outer mux still.
		}
		return c.route(r, r.Pattern)
	})
	c.next.ServeHTTP(w, r)
}

func (c *capture) route(r *http.Request, pattern string) string {
	if route := cutRoute(r, pattern); route != "" {
		return c.prefix + route
	}
	return ""
}

// routeOf returns what is known of the route before next is called. A mux is asked for it only for the sake of the
// goroutine's labels, which profiles read while the request runs.
func (h *handler) routeOf(agent *transaction.Agent, r *http.Request) string {
	route := routeOf(r)
	if mux, ok := h.next.(*http.ServeMux); ok && route == "" && agent.GoroutineLabels {
		_, pattern := mux.Handler(r)
		return cutRoute(r, pattern)
	}
	return route
}

// routeOf returns the route that r has been matched to, if any.
func routeOf(r *http.Request) string { return cutRoute(r, r.Pattern) }

// cutRoute returns what follows method and host in a pattern: "GET example.com/users/{id}" is "/users/{id}".
func cutRoute(r *http.Request, pattern string) string {
	i := strings.IndexByte(pattern, '/')
	if i < 0 {
		return ""
	}
	route := pattern[i:]
	// The mux redirects CONNECT to the path with a slash, and then says that this very path is the pattern.
	if r.Method == http.MethodConnect && route == r.URL.Path+"/" {
		return ""
	}
	return route
}
