package console

import "net/http"

type config struct {
	auth      func(*http.Request) bool
	traceLink string
}

func newConfig(opts []Option) config {
	var c config
	for _, o := range opts {
		if o != nil {
			c = o.apply(c)
		}
	}
	return c
}

// Option is a setting of [Handler] and [Serve].
type Option interface{ apply(config) config }

type optionFunc func(config) config

func (f optionFunc) apply(c config) config { return f(c) }

// WithAuth decides who may see the console, in place of the rules about peer, proxies and Host: those whose request allowed
// returns true for. It is called for each request, from many goroutines; if it panics, the request is refused.
// Default: only requests from the same machine.
func WithAuth(allowed func(*http.Request) bool) Option {
	return optionFunc(func(c config) config { c.auth = allowed; return c })
}

// WithTraceLink links each trace to a trace backend. template is a URL in which {trace_id} stands for the
// trace's ID, such as "https://jaeger.example.com/trace/{trace_id}". Only http and https URLs are linked.
// Default: no link.
func WithTraceLink(template string) Option {
	return optionFunc(func(c config) config { c.traceLink = template; return c })
}
