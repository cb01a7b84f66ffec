package httpclient

import (
	"net/url"
	"slices"
	"strings"
)

// Option configures [NewTransport] and [WrapDefault].
type Option interface{ apply(config) config }

type optionFunc func(config) config

func (f optionFunc) apply(c config) config { return f(c) }

// config is never changed once a transport has it.
type config struct {
	restricted bool          // Trace context goes to destinations only.
	allowed    []destination // Where it goes nevertheless.
}

// newConfig applies opts to c.
func newConfig(c config, opts []Option) config {
	for _, o := range opts {
		c = o.apply(c)
	}
	return c
}

// WithoutPropagation sends no trace context and no baggage along: for calls to services of others, whom the
// service's trace IDs and baggage do not concern. Hosts of [WithPropagationTo] are excepted.
func WithoutPropagation() Option {
	return optionFunc(func(c config) config {
		c.restricted = true
		return c
	})
}

// WithPropagationTo sends trace context and baggage to these hosts only. A host is a name or an address, with a port if only that
// port is meant: "api.example.com", "10.0.0.7:8080", "[::1]". ".example.com" stands for every
// name below example.com, not for example.com itself. Given more than once, the hosts add up.
func WithPropagationTo(hosts ...string) Option {
	return optionFunc(func(c config) config {
		c.restricted = true
		c.allowed = slices.Clone(c.allowed)
		for _, h := range hosts {
			a := addressOf(&url.URL{Host: h})
			c.allowed = append(c.allowed, destination{a, strings.HasPrefix(a.host, ".")})
		}
		return c
	})
}

// destination is where trace context may go.
type destination struct {
	address      // A port of 0 means any.
	below   bool // Every name that ends in host.
}

// propagates reports whether trace context may go to a.
func (c *config) propagates(a address) bool {
	if !c.restricted {
		return true
	}
	for _, d := range c.allowed {
		if d.port != 0 && d.port != a.port {
			continue
		}
		if a.host == d.host || d.below && strings.HasSuffix(a.host, d.host) {
			return true
		}
	}
	return false
}
