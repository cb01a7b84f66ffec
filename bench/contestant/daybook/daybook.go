package daybook

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"log/slog"
	"net/http"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/bench"
	"github.com/daybook-apm/daybook/bench/internal/discard"
	"github.com/daybook-apm/daybook/httpclient"
	"github.com/daybook-apm/daybook/middleware"
	"github.com/daybook-apm/daybook/sqltrace"
)

// Contestants returns daybook with no trace sampled, with its defaults, and with all sampled.
func Contestants() []bench.Contestant {
	return []bench.Contestant{
		{Name: "daybook-unsampled", Start: func(c bench.Config) (bench.Agent, error) {
			return start(c, apm.WithSampleRatio(0))
		}},
		{Name: "daybook", Start: func(c bench.Config) (bench.Agent, error) {
			return start(c)
		}},
		{Name: "daybook-always", Start: func(c bench.Config) (bench.Agent, error) {
			a, err := start(c, apm.WithSampleRatio(1))
			if err != nil {
				return nil, err
			}
			return always{a}, nil
		}},
	}
}

type agent struct {
	apm     *apm.Agent
	reader  sdkmetric.Reader
	spans   *discard.Spans
	metrics *discard.Metrics
	otlp    *discard.OTLP
}

func start(config bench.Config, options ...apm.Option) (*agent, error) {
	a := &agent{spans: &discard.Spans{}, metrics: &discard.Metrics{}}
	if config.Manual {
		otlp, err := discard.NewOTLP(context.Background())
		if err != nil {
			return nil, err
		}
		a.otlp = otlp
	}
	started, err := apm.Start(context.Background(), append([]apm.Option{
		apm.WithServiceName("shop"),
		apm.WithLogger(slog.New(slog.DiscardHandler)),
		apm.WithSpanProcessor(sdktrace.NewBatchSpanProcessor(a.spans)),
		apm.WithMetricReader(func(p sdkmetric.Producer) sdkmetric.Reader {
			if config.Manual {
				a.reader = sdkmetric.NewManualReader(sdkmetric.WithProducer(p))
			} else {
				a.reader = sdkmetric.NewPeriodicReader(a.metrics, sdkmetric.WithProducer(p))
			}
			return a.reader
		}),
	}, options...)...)
	if err != nil {
		return nil, err
	}
	a.apm = started
	return a, nil
}

func (*agent) Route(_ string, h http.Handler) http.Handler { return h }

func (*agent) Server(mux *http.ServeMux) http.Handler { return middleware.New()(mux) }

func (*agent) Transport(next http.RoundTripper) http.RoundTripper {
	return httpclient.NewTransport(next)
}

func (*agent) DB(c driver.Connector) (*sql.DB, error) {
	return sqltrace.OpenDB(c, sqltrace.WithDBSystem("postgresql"), sqltrace.WithDBName("shop")), nil
}

func (a *agent) Flush(ctx context.Context) error { return a.apm.ForceFlush(ctx) }

func (a *agent) Close(ctx context.Context) error { return a.apm.Shutdown(ctx) }

func (a *agent) Recorded() bench.Records { return a.metrics.Records() }

func (a *agent) Collect(ctx context.Context) error { return a.otlp.Collect(ctx, a.reader) }

func (a *agent) Export(ctx context.Context) (int, error) { return a.otlp.Export(ctx) }

// always is the agent that samples all: there the spans are the proof, not the metrics.
type always struct{ *agent }

func (a always) Recorded() bench.Records { return a.spans.Records() }
