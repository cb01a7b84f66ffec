package exporter

import "log/slog"

// Option configures [NewOTLP] and [NewConsole].
type Option interface{ apply(config) config }

type optionFunc func(config) config

func (f optionFunc) apply(c config) config { return f(c) }

type config struct {
	logger         *slog.Logger
	withoutTraces  bool
	withoutMetrics bool
}

func newConfig(opts []Option) config {
	c := config{logger: slog.Default()}
	for _, o := range opts {
		c = o.apply(c)
	}
	return c
}

// WithLogger sets where the first success and the first failure of each signal are logged, once each. The default, also
// for nil, is [slog.Default].
func WithLogger(l *slog.Logger) Option {
	return optionFunc(func(c config) config {
		if l != nil {
			c.logger = l
		}
		return c
	})
}

// WithoutTraces leaves spans out: their settings are not read and SpanProcessor returns nil.
func WithoutTraces() Option {
	return optionFunc(func(c config) config {
		c.withoutTraces = true
		return c
	})
}

// WithoutMetrics leaves metrics out: their settings are not read and MetricReader returns nil.
func WithoutMetrics() Option {
	return optionFunc(func(c config) config {
		c.withoutMetrics = true
		return c
	})
}
