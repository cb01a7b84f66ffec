package exporter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Console writes spans and metrics as lines that are meant to be read by people; their form may change. Metrics are
// cumulative, histograms explicit. Its methods may be called from any goroutine.
type Console struct{ pipeline *pipeline }

// NewConsole returns an exporter that writes to w, [os.Stderr] if w is nil. Of the environment it reads what
// [NewOTLP] reads of OTEL_BSP_* and OTEL_METRIC_EXPORT_*, with the same errors. w is written to from one goroutine at a
// time, some lines at once. Call [Console.Shutdown] at the end.
func NewConsole(w io.Writer, opts ...Option) (*Console, error) {
	c := newConfig(opts)
	p := &pipeline{}
	if w == nil {
		w = os.Stderr
	}
	out := &lineWriter{w: w}
	var err1, err2 error
	if !c.withoutMetrics {
		p.settings, err1 = readMetricSettings()
		p.metrics = consoleMetrics{out}
		p.metricOutcome = newOutcome(c.logger, metrics, "console")
	}
	if !c.withoutTraces {
		var settings spanSettings
		settings, err2 = readSpanSettings()
		if err1 == nil && err2 == nil {
			p.spans = newSpanProcessor(consoleSpans{out}, settings, newOutcome(c.logger, traces, "console"))
		}
	}
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("exporter: start console: %w", err)
	}
	return &Console{p}, nil
}

// SpanProcessor is as [OTLP.SpanProcessor].
func (e *Console) SpanProcessor() sdktrace.SpanProcessor { return e.pipeline.spanProcessor() }

// MetricReader is as [OTLP.MetricReader].
func (e *Console) MetricReader(producers ...sdkmetric.Producer) sdkmetric.Reader {
	return e.pipeline.metricReader(producers)
}

// ForceFlush writes all there is.
func (e *Console) ForceFlush(ctx context.Context) error { return e.pipeline.forceFlush(ctx) }

// Shutdown writes all there is and stops, as [OTLP.Shutdown] does, but waits for the writer, however long that takes.
func (e *Console) Shutdown(ctx context.Context) error { return e.pipeline.shutdown(ctx) }

// Destinations is as [OTLP.Destinations]: "console" takes the place of a URL.
func (e *Console) Destinations() (traces, metrics string) { return e.pipeline.destinations() }

// Stats returns what became of the telemetry so far.
func (e *Console) Stats() Stats { return e.pipeline.stats() }

// lineWriter keeps the lines of spans and metrics apart.
type lineWriter struct {
	mu  sync.Mutex
	w   io.Writer
	buf []byte
}

// write writes what lines appends to an empty buffer.
func (l *lineWriter) write(lines func([]byte) []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf = lines(l.buf[:0])
	if len(l.buf) == 0 {
		return nil
	}
	_, err := l.w.Write(l.buf)
	return err
}

// consoleSpans is a span exporter.
type consoleSpans struct{ out *lineWriter }

func (c consoleSpans) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	return c.out.write(func(b []byte) []byte {
		for _, s := range spans {
			b = appendSpan(b, s)
		}
		return b
	})
}

func (consoleSpans) Shutdown(context.Context) error { return nil }

// consoleMetrics is a metric exporter.
type consoleMetrics struct{ out *lineWriter }

func (consoleMetrics) Temporality(k sdkmetric.InstrumentKind) metricdata.Temporality {
	return sdkmetric.CumulativeTemporalitySelector(k)
}

func (consoleMetrics) Aggregation(k sdkmetric.InstrumentKind) sdkmetric.Aggregation {
	return sdkmetric.DefaultAggregationSelector(k)
}

func (c consoleMetrics) Export(_ context.Context, rm *metricdata.ResourceMetrics) error {
	return c.out.write(func(b []byte) []byte {
		for _, scope := range rm.ScopeMetrics {
			for _, m := range scope.Metrics {
				b = appendMetric(b, m)
			}
		}
		return b
	})
}

func (consoleMetrics) ForceFlush(context.Context) error { return nil }

func (consoleMetrics) Shutdown(context.Context) error { return nil }
