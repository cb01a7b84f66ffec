package middleware

import "net/http"

// Option changes what [New] does.
type Option interface {
	apply(config) config
}

type config struct {
	filters      []func(*http.Request) bool
	user         func(*http.Request) string
	serverTiming bool
	public       bool
}

func newConfig(options []Option) config {
	var c config
	for _, o := range options {
		c = o.apply(c)
	}
	return c
}

type optionFunc func(config) config

func (f optionFunc) apply(c config) config { return f(c) }

// WithFilter leaves out the requests for which accept returns false: their handler is called as if it were not
// wrapped. Given several times, all of them must accept. accept is called at the start of each request, from many goroutines. If it
// panics, the request is accepted, and the agent logs the first such panic. The default is to leave out none.
func WithFilter(accept func(*http.Request) bool) Option {
	return optionFunc(func(c config) config {
		c.filters = append(c.filters, accept)
		return c
	})
}

// WithUser says who sends a request, so that distinct users can be counted. id returns anything that names the user, or an
// empty string for nobody; only a hash of it is kept, nowhere the ID itself. apm.SetUser, called by the handler, comes
// before it.
//
// id is called once for each request, when the handler has returned, with the request that the handler got: path values
// are there, values that the handler added to a context of its own are not. It is called from many goroutines. If it panics, there is
// no user, and the agent logs the first such panic.
func WithUser(id func(*http.Request) string) Option {
	return optionFunc(func(c config) config {
		c.user = id
		return c
	})
}

// WithServerTiming adds a Server-Timing header to each response, which browsers show in their developer tools: sql, fetch, ext
// (calls to other services) and app (the rest), in milliseconds, as far as they are known when the header is written. It is
// appended to what the handler has put there. The default is not to tell clients.
// Source: https://www.w3.org/TR/server-timing/
func WithServerTiming() Option {
	return optionFunc(func(c config) config {
		c.serverTiming = true
		return c
	})
}

// WithPublicEndpoint ignores the trace context and the baggage that a request brings along: each request begins a trace of its own,
// and strangers decide neither its ID nor whether it is recorded. The default is to continue the caller's trace.
func WithPublicEndpoint() Option {
	return optionFunc(func(c config) config {
		c.public = true
		return c
	})
}
