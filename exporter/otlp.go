package exporter

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// OTLP exports spans and metrics by OTLP over HTTP, with protobuf bodies. Its methods may be called from any goroutine.
type OTLP struct{ pipeline *pipeline }

// NewOTLP returns an exporter that is set by the environment: OTEL_EXPORTER_OTLP_ENDPOINT, _PROTOCOL (http/protobuf
// only), _HEADERS, _COMPRESSION (gzip is the default), _TIMEOUT, _CERTIFICATE, _CLIENT_CERTIFICATE, _CLIENT_KEY and their
// forms for one signal, OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE and _DEFAULT_HISTOGRAM_AGGREGATION,
// OTEL_BSP_SCHEDULE_DELAY, _EXPORT_TIMEOUT, _MAX_QUEUE_SIZE and _MAX_EXPORT_BATCH_SIZE, OTEL_METRIC_EXPORT_INTERVAL and
// _TIMEOUT. OTEL_EXPORTER_OTLP_INSECURE has no meaning here: the scheme of the endpoint decides, as specified.
//
// A wrong setting is an error that names the variable and what it accepts; all of them are reported at once. A receiver
// that cannot be reached is no error: a request is tried until its timeout, then it counts as failed, see [OTLP.Stats].
// ctx bounds the start only. Call [OTLP.Shutdown] at the end.
// Source: https://opentelemetry.io/docs/specs/otel/protocol/exporter/
func NewOTLP(ctx context.Context, opts ...Option) (*OTLP, error) {
	c := newConfig(opts)
	p := &pipeline{}
	var errs []error
	if !c.withoutMetrics {
		errs = append(errs, p.addOTLPMetrics(ctx, c))
	}
	if !c.withoutTraces {
		errs = append(errs, p.addOTLPTraces(ctx, c))
	}
	if err := errors.Join(errs...); err != nil {
		_ = p.shutdown(ctx) // There was nothing to export.
		return nil, fmt.Errorf("exporter: start OTLP: %w", err)
	}
	return &OTLP{p}, nil
}

func (p *pipeline) addOTLPMetrics(ctx context.Context, c config) error {
	settings, err1 := readMetricSettings()
	otlp, err2 := readOTLPSettings(metrics)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	o := newOutcome(c.logger, metrics, otlp.endpoint)
	compression := otlpmetrichttp.NoCompression
	if otlp.gzip {
		compression = otlpmetrichttp.GzipCompression
	}
	client := p.newClient(otlp, o)
	e, err := otlpmetrichttp.New(ctx,
		otlpmetrichttp.WithEndpointURL(otlp.endpoint),
		otlpmetrichttp.WithCompression(compression),
		otlpmetrichttp.WithHTTPClient(client),
	)
	if err != nil {
		return err
	}
	p.settings, p.metricOutcome, p.metrics = settings, o, e
	return nil
}

func (p *pipeline) addOTLPTraces(ctx context.Context, c config) error {
	settings, err1 := readSpanSettings()
	otlp, err2 := readOTLPSettings(traces)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	o := newOutcome(c.logger, traces, otlp.endpoint)
	compression := otlptracehttp.NoCompression
	if otlp.gzip {
		compression = otlptracehttp.GzipCompression
	}
	client := p.newClient(otlp, o)
	e, err := otlptracehttp.New(ctx,
		otlptracehttp.WithEndpointURL(otlp.endpoint),
		otlptracehttp.WithCompression(compression),
		otlptracehttp.WithHTTPClient(client),
	)
	if err != nil {
		return err
	}
	p.spans = newSpanProcessor(e, settings, o)
	return nil
}

// newClient returns the client of one signal. With a client of their own the official exporters leave certificates and
// timeout to it.
func (p *pipeline) newClient(s otlpSettings, o *outcome) *http.Client {
	c := &http.Client{
		Transport: &transport{base: newBase(s), retries: &o.retries},
		Timeout:   s.timeout,
	}
	p.clients = append(p.clients, c)
	return c
}

// SpanProcessor returns the processor for [sdktrace.WithSpanProcessor], always the same; nil if there are no traces. It
// keeps the sampled spans that ended, at most OTEL_BSP_MAX_QUEUE_SIZE, and exports them every OTEL_BSP_SCHEDULE_DELAY
// or when half of that number is there. What finds no room is dropped and counted: ending a span never waits.
func (e *OTLP) SpanProcessor() sdktrace.SpanProcessor { return e.pipeline.spanProcessor() }

// MetricReader returns a new reader for [sdkmetric.WithReader], nil if there are no metrics or after Shutdown. It exports
// every OTEL_METRIC_EXPORT_INTERVAL what the SDK and the producers have. A reader serves one provider.
//
// A producer may have two methods more. Configure(sdkmetric.TemporalitySelector, sdkmetric.AggregationSelector) is
// called once, here, and tells what the environment prefers. Exported(error) is called after each export of what
// Produce returned last, with nil if the receiver accepted it, also in part: a producer of deltas begins the next one
// only then. Neither is called at the same time as itself or the other.
func (e *OTLP) MetricReader(producers ...sdkmetric.Producer) sdkmetric.Reader {
	return e.pipeline.metricReader(producers)
}

// ForceFlush exports all there is, spans and metrics at the same time, and returns when it is delivered, or with the
// errors of both.
func (e *OTLP) ForceFlush(ctx context.Context) error { return e.pipeline.forceFlush(ctx) }

// Shutdown exports all there is and stops: processor, readers, then the connections. It takes no longer than ctx, or 5 s
// if ctx has no deadline, and returns the errors of all; nothing is left running even then. Shutting down the providers
// before does no harm. A second call does nothing.
func (e *OTLP) Shutdown(ctx context.Context) error { return e.pipeline.shutdown(ctx) }

// Destinations returns the URLs that spans and metrics are sent to; empty: that signal is not exported.
func (e *OTLP) Destinations() (traces, metrics string) { return e.pipeline.destinations() }

// Stats returns what became of the telemetry so far.
func (e *OTLP) Stats() Stats { return e.pipeline.stats() }
