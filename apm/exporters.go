package apm

import (
	"context"
	"errors"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/daybook-apm/daybook/exporter"
	"github.com/daybook-apm/daybook/internal/bridge"
)

// signalExporter is what the exporters of package exporter have in common.
type signalExporter interface {
	SpanProcessor() sdktrace.SpanProcessor
	MetricReader(...sdkmetric.Producer) sdkmetric.Reader
	Destinations() (traces, metrics string)
	Shutdown(context.Context) error
	Stats() exporter.Stats
}

// exporters are those that the environment chose, one or two: each signal has its own choice.
type exporters struct {
	traces, metrics signalExporter // nil: none. They may be the same.
}

func newExporters(ctx context.Context, c config, env environment) (e exporters, err error) {
	if env.traces == env.metrics {
		e.traces, err = newExporter(ctx, env.traces, exporter.WithLogger(c.logger))
		e.metrics = e.traces
		return e, err
	}
	var err1, err2 error
	e.traces, err1 = newExporter(ctx, env.traces, exporter.WithLogger(c.logger), exporter.WithoutMetrics())
	e.metrics, err2 = newExporter(ctx, env.metrics, exporter.WithLogger(c.logger), exporter.WithoutTraces())
	if err := errors.Join(err1, err2); err != nil {
		_ = e.shutdown(ctx) // Nothing was exported yet.
		return exporters{}, err
	}
	return e, nil
}

func newExporter(ctx context.Context, name string, opts ...exporter.Option) (signalExporter, error) {
	// A nil *OTLP in a non-nil interface would pass for an exporter, so each case returns by itself.
	switch name {
	case "otlp":
		e, err := exporter.NewOTLP(ctx, opts...)
		if err != nil {
			return nil, err
		}
		return e, nil
	case "console":
		e, err := exporter.NewConsole(nil, opts...)
		if err != nil {
			return nil, err
		}
		return e, nil
	}
	return nil, nil
}

func (e exporters) spanProcessors() []sdktrace.SpanProcessor {
	if e.traces == nil {
		return nil
	}
	return []sdktrace.SpanProcessor{e.traces.SpanProcessor()}
}

func (e exporters) metricReaders() []func(sdkmetric.Producer) sdkmetric.Reader {
	if e.metrics == nil {
		return nil
	}
	return []func(sdkmetric.Producer) sdkmetric.Reader{
		func(p sdkmetric.Producer) sdkmetric.Reader { return e.metrics.MetricReader(p) },
	}
}

func (e exporters) shutdown(ctx context.Context) error {
	var errs []error
	if e.traces != nil {
		errs = append(errs, e.traces.Shutdown(ctx))
	}
	if e.metrics != nil && e.metrics != e.traces {
		errs = append(errs, e.metrics.Shutdown(ctx))
	}
	return errors.Join(errs...)
}

// destinations returns where spans and metrics go; empty: nowhere.
func (e exporters) destinations() (traces, metrics string) {
	if e.traces != nil {
		traces, _ = e.traces.Destinations()
	}
	if e.metrics != nil {
		_, metrics = e.metrics.Destinations()
	}
	return traces, metrics
}

func (e exporters) exportStats() (list []ExportStats) {
	add := func(signal, destination string, s exporter.SignalStats) {
		list = append(list, ExportStats{
			Signal: signal, Destination: destination, Sent: s.Sent, Failed: s.Failed, Dropped: s.Dropped, Queued: s.Queued,
		})
	}
	traces, metrics := e.destinations()
	if e.traces != nil {
		add("traces", traces, e.traces.Stats().Traces)
	}
	if e.metrics != nil {
		add("metrics", metrics, e.metrics.Stats().Metrics)
	}
	return list
}

// stats is what the agent tells on its exporters.
func (e exporters) stats() bridge.AgentStats {
	var s bridge.AgentStats
	if e.traces != nil {
		traces := e.traces.Stats().Traces
		s.SpansDropped = traces.Dropped + traces.Failed
	}
	if e.metrics != nil {
		s.ExportFailures = e.metrics.Stats().Metrics.Failed
	}
	return s
}
