package otel

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/http"

	"github.com/XSAM/otelsql"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/daybook-apm/daybook/bench"
	"github.com/daybook-apm/daybook/bench/internal/discard"
)

// Contestants returns the instrumentation with one trace of a hundred sampled, and with all.
func Contestants() []bench.Contestant {
	return []bench.Contestant{
		{Name: "otel-1pct", Start: func(c bench.Config) (bench.Agent, error) { return start(c, 0.01) }},
		{Name: "otel-always", Start: func(c bench.Config) (bench.Agent, error) { return start(c, 1) }},
	}
}

type agent struct {
	ratio      float64
	tracers    *sdktrace.TracerProvider
	meters     *sdkmetric.MeterProvider
	propagator propagation.TextMapPropagator
	reader     sdkmetric.Reader
	spans      *discard.Spans
	metrics    *discard.Metrics
	otlp       *discard.OTLP
}

func start(config bench.Config, ratio float64) (*agent, error) {
	a := &agent{
		ratio:      ratio,
		propagator: propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}),
		spans:      &discard.Spans{},
		metrics:    &discard.Metrics{},
	}
	if config.Manual {
		otlp, err := discard.NewOTLP(context.Background())
		if err != nil {
			return nil, err
		}
		a.otlp = otlp
		a.reader = sdkmetric.NewManualReader()
	} else {
		a.reader = sdkmetric.NewPeriodicReader(a.metrics)
	}
	a.meters = sdkmetric.NewMeterProvider(sdkmetric.WithReader(a.reader))
	a.tracers = sdktrace.NewTracerProvider(
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(ratio))),
		sdktrace.WithBatcher(a.spans),
	)
	return a, nil
}

func (*agent) Route(_ string, h http.Handler) http.Handler { return h }

func (a *agent) Server(mux *http.ServeMux) http.Handler {
	return otelhttp.NewHandler(mux, "server", a.httpOptions()...)
}

func (a *agent) Transport(next http.RoundTripper) http.RoundTripper {
	return otelhttp.NewTransport(next, a.httpOptions()...)
}

func (a *agent) httpOptions() []otelhttp.Option {
	return []otelhttp.Option{
		otelhttp.WithTracerProvider(a.tracers),
		otelhttp.WithMeterProvider(a.meters),
		otelhttp.WithPropagators(a.propagator),
	}
}

func (a *agent) DB(c driver.Connector) (*sql.DB, error) {
	options := []otelsql.Option{
		otelsql.WithTracerProvider(a.tracers),
		otelsql.WithMeterProvider(a.meters),
		otelsql.WithTextMapPropagator(a.propagator),
		otelsql.WithAttributes(attribute.String("db.system.name", "postgresql")),
	}
	db := otelsql.OpenDB(c, options...)
	if _, err := otelsql.RegisterDBStatsMetrics(db, options...); err != nil {
		return nil, err
	}
	return db, nil
}

func (a *agent) Flush(ctx context.Context) error {
	return errors.Join(a.tracers.ForceFlush(ctx), a.meters.ForceFlush(ctx))
}

func (a *agent) Close(ctx context.Context) error {
	return errors.Join(a.tracers.Shutdown(ctx), a.meters.Shutdown(ctx))
}

// Recorded returns what the spans say if each request has some, else what the metrics say.
func (a *agent) Recorded() bench.Records {
	if a.ratio == 1 {
		return a.spans.Records()
	}
	return a.metrics.Records()
}

func (a *agent) Collect(ctx context.Context) error { return a.otlp.Collect(ctx, a.reader) }

func (a *agent) Export(ctx context.Context) (int, error) { return a.otlp.Export(ctx) }
