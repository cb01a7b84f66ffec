package apm

import (
	"log/slog"
	"maps"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/daybook-apm/daybook/internal/ledger"
)

// DefaultSlowThreshold is the duration beyond which a transaction is slow.
const DefaultSlowThreshold = 500 * time.Millisecond

type config struct {
	serviceName    string
	serviceVersion string
	environment    string
	resource       []attribute.KeyValue
	sampling       sampling
	slow           time.Duration
	slowRoutes     map[string]time.Duration
	maxEndpoints   int
	labels         bool
	stateDir       string
	logger         *slog.Logger
	processors     []sdktrace.SpanProcessor
	readers        []func(sdkmetric.Producer) sdkmetric.Reader
	withoutGlobals bool
}

// newConfig returns the settings: the defaults, then the environment, then the options. What an option sets wins.
func newConfig(opts []Option) (config, environment, error) {
	c := config{
		slow:         DefaultSlowThreshold,
		maxEndpoints: ledger.DefaultMaxEndpoints,
	}
	env, err := readEnvironment()
	if err != nil {
		return c, env, err
	}
	c.sampling = env.sampling
	c.stateDir = env.stateDir
	for _, o := range opts {
		if o != nil {
			c = o.apply(c)
		}
	}
	if c.logger == nil {
		c.logger = slog.Default()
	}
	return c, env, c.check()
}

// Option is a setting of [Start].
type Option interface{ apply(config) config }

type optionFunc func(config) config

func (f optionFunc) apply(c config) config { return f(c) }

// WithServiceName sets service.name. Default: OTEL_SERVICE_NAME, else service.name of OTEL_RESOURCE_ATTRIBUTES, else
// "unknown_service:" and the name of the executable.
func WithServiceName(name string) Option {
	return optionFunc(func(c config) config { c.serviceName = name; return c })
}

// WithServiceVersion sets service.version. Default: that of OTEL_RESOURCE_ATTRIBUTES, else the version
// or the revision in the build information.
func WithServiceVersion(version string) Option {
	return optionFunc(func(c config) config { c.serviceVersion = version; return c })
}

// WithEnvironment sets deployment.environment.name, such as "production". Default: that of OTEL_RESOURCE_ATTRIBUTES.
func WithEnvironment(name string) Option {
	return optionFunc(func(c config) config { c.environment = name; return c })
}

// WithResource adds attributes to the resource. They win over detected ones of the same key.
func WithResource(attributes ...attribute.KeyValue) Option {
	return optionFunc(func(c config) config {
		c.resource = append(slices.Clone(c.resource), attributes...)
		return c
	})
}

// WithSampleRatio sets which part of the transactions without a parent gets live spans, 0 to 1. A parent's decision is followed, either
// way. Metrics, the console and what is kept of slow and failed transactions do not depend on it. Default: OTEL_TRACES_SAMPLER, else 0.01.
func WithSampleRatio(ratio float64) Option {
	return optionFunc(func(c config) config {
		c.sampling = sampling{ratio: ratio, root: "WithSampleRatio"}
		return c
	})
}

// WithSlowThreshold sets the duration beyond which a transaction is slow. Default: 500 ms.
func WithSlowThreshold(d time.Duration) Option {
	return optionFunc(func(c config) config { c.slow = d; return c })
}

// WithRouteThreshold sets the duration beyond which a transaction of one route is slow.
// The route is written as it is reported: the pattern, without the method.
func WithRouteThreshold(route string, d time.Duration) Option {
	return optionFunc(func(c config) config {
		c.slowRoutes = maps.Clone(c.slowRoutes)
		if c.slowRoutes == nil {
			c.slowRoutes = map[string]time.Duration{}
		}
		c.slowRoutes[route] = d
		return c
	})
}

// WithMaxEndpoints sets how many endpoints have an account of their own; what comes later is posted to (other). Default: 500.
func WithMaxEndpoints(n int) Option {
	return optionFunc(func(c config) config { c.maxEndpoints = n; return c })
}

// WithGoroutineLabels finds the transaction also for calls that pass no context on, such as [database/sql.DB.Query] and
// [net/http.Get]: each transaction labels the goroutine that it begins in, by pprof labels, which the goroutines inherit that
// are started inside it. Wrappers, [StartSegment] and [RecordError] look there when their context has no transaction.
//
// The labels are transaction, the ID of [ActiveTransaction] as 16 hexadecimal digits, and route, once it is known. CPU and
// goroutine profiles show them, and [Agent.Stack] works. Labels that the program had set stay beside them, and are what is left after
// the end. Where the program sets labels itself, by [runtime/pprof.Do] or SetGoroutineLabels, it ends the binding of that goroutine.
// Goroutines that outlive the transaction count for its endpoint, without keeping it in memory, for another minute; then for
// (no transaction). Workers that serve many transactions are best started outside of them, or by a
// goroutine that has cleared its labels.
//
// With gin, pass c.Request.Context() on where you can: gin gives its own Context to the next request while a transport
// may still be reading it (gin-gonic/gin#4117).
//
// It costs about 0.3 µs and one allocation for each transaction, and some 7 ns for each look. With a release of Go that
// the library does not know it does nothing, and a log line says so. Default: off.
func WithGoroutineLabels() Option {
	return optionFunc(func(c config) config { c.labels = true; return c })
}

// WithStateDir keeps in a directory what must survive a restart: the hours of [History], which [History.Daily] and [Agent.Compare]
// read, and the changes of service.version. The directory is made if there is none. Processes that share one have files of
// their own; one that is alone finds its own again. A file is a few megabytes at most, replaced as a whole once a minute and by [Agent.Shutdown]. One
// that is damaged, or a directory that cannot be used, is a log line and no error. The history is kept from the
// start then, see [Agent.History] for what that costs. Empty: none. Default: DAYBOOK_STATE_DIR, else none.
func WithStateDir(dir string) Option {
	return optionFunc(func(c config) config { c.stateDir = dir; return c })
}

// WithLogger sets where the agent logs its few lines: what it exports to, and what goes wrong. Default: slog.Default().
func WithLogger(l *slog.Logger) Option {
	return optionFunc(func(c config) config { c.logger = l; return c })
}

// WithSpanProcessor adds a span processor beside that of the exporter. It is shut down with the agent.
func WithSpanProcessor(p sdktrace.SpanProcessor) Option {
	return optionFunc(func(c config) config {
		c.processors = append(slices.Clone(c.processors), p)
		return c
	})
}

// WithMetricReader adds a metric reader beside that of the exporter. newReader is called once, with the producer of the ledger's
// metrics for this reader, which it hands on by sdkmetric.WithProducer. The reader is shut down with the agent.
func WithMetricReader(newReader func(sdkmetric.Producer) sdkmetric.Reader) Option {
	return optionFunc(func(c config) config {
		c.readers = append(slices.Clone(c.readers), newReader)
		return c
	})
}

// WithoutGlobals leaves everything alone that belongs to the whole process: the global providers and propagator
// of OpenTelemetry and the current agent. Such an agent is found only through [NewContext], and there may be any number of them.
func WithoutGlobals() Option {
	return optionFunc(func(c config) config { c.withoutGlobals = true; return c })
}
