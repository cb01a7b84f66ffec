package exporter

import (
	"context"
	"errors"
	"sync"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"google.golang.org/protobuf/proto"
)

// configured is a producer that wants to know what the exporter prefers. It is called once, before anything else.
type configured interface {
	Configure(sdkmetric.TemporalitySelector, sdkmetric.AggregationSelector)
}

// exportObserver is a producer that wants to know whether what it produced last has arrived: it is called after each
// export, with nil if the receiver accepted it. A producer of deltas moves its baseline only then.
type exportObserver interface {
	Exported(error)
}

// metricExporter is what one reader exports through: it tells the reader's producers how each export ended.
type metricExporter struct {
	sdkmetric.Exporter
	observers []exportObserver
	outcome   *outcome

	mu   sync.Mutex
	last error
}

func newMetricExporter(e sdkmetric.Exporter, o *outcome, producers []sdkmetric.Producer) *metricExporter {
	m := &metricExporter{Exporter: e, outcome: o}
	for _, p := range producers {
		if p, ok := p.(configured); ok {
			p.Configure(e.Temporality, e.Aggregation)
		}
		if p, ok := p.(exportObserver); ok {
			m.observers = append(m.observers, p)
		}
	}
	return m
}

// Export always returns nil: the periodic reader would give every error to otel.Handle, which writes a line a minute
// while a receiver is down. ForceFlush and Shutdown, whose callers wait for it, return the error instead.
func (m *metricExporter) Export(ctx context.Context, rm *metricdata.ResourceMetrics) error {
	ctx, accepted := watchAccepted(ctx)
	err := m.Exporter.Export(ctx, rm)
	if errors.Is(err, proto.Error) && !accepted.Load() {
		// As with spans. Since sums are repeated for ever, nothing would arrive any more.
		makeValid(rm)
		err = m.Exporter.Export(ctx, rm)
	}
	err = m.outcome.exported(1, accepted.Load(), err)
	for _, o := range m.observers {
		o.Exported(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last = err
	return nil
}

// ForceFlush is called by the reader after an export: it returns how that one ended.
func (m *metricExporter) ForceFlush(context.Context) error { return m.lastError() }

// Shutdown is called by the reader after its last export: it returns how that one ended. The exporter itself goes on,
// since other readers may use it.
func (m *metricExporter) Shutdown(context.Context) error { return m.lastError() }

func (m *metricExporter) lastError() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last
}
