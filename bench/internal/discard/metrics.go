package discard

import (
	"context"
	"sync"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/daybook-apm/daybook/bench"
)

// Metrics is an [sdkmetric.Exporter] of cumulative temporality that counts what the duration
// histograms of the semantic conventions hold.
type Metrics struct {
	mu   sync.Mutex
	last bench.Records
}

// Temporality implements [sdkmetric.Exporter].
func (*Metrics) Temporality(kind sdkmetric.InstrumentKind) metricdata.Temporality {
	return sdkmetric.DefaultTemporalitySelector(kind)
}

// Aggregation implements [sdkmetric.Exporter].
func (*Metrics) Aggregation(kind sdkmetric.InstrumentKind) sdkmetric.Aggregation {
	return sdkmetric.DefaultAggregationSelector(kind)
}

// Export implements [sdkmetric.Exporter].
func (m *Metrics) Export(_ context.Context, rm *metricdata.ResourceMetrics) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last = bench.Records{}
	for _, scope := range rm.ScopeMetrics {
		for _, metric := range scope.Metrics {
			switch metric.Name {
			case "http.server.request.duration":
				m.last.Requests += count(metric.Data, nil)
			case "http.client.request.duration":
				m.last.Calls += count(metric.Data, nil)
			case "db.client.operation.duration":
				m.last.Statements += count(metric.Data, isStatement)
			}
		}
	}
	return nil
}

// count adds up a histogram's points, if operation is given only those whose db.operation.name
// it accepts.
func count(data metricdata.Aggregation, operation func(string) bool) int64 {
	var n uint64
	switch h := data.(type) {
	case metricdata.Histogram[float64]:
		for _, p := range h.DataPoints {
			name, _ := p.Attributes.Value("db.operation.name")
			if operation == nil || operation(name.AsString()) {
				n += p.Count
			}
		}
	case metricdata.ExponentialHistogram[float64]:
		for _, p := range h.DataPoints {
			name, _ := p.Attributes.Value("db.operation.name")
			if operation == nil || operation(name.AsString()) {
				n += p.Count
			}
		}
	}
	return int64(n)
}

// ForceFlush implements [sdkmetric.Exporter].
func (*Metrics) ForceFlush(context.Context) error { return nil }

// Shutdown implements [sdkmetric.Exporter].
func (*Metrics) Shutdown(context.Context) error { return nil }

// Records returns what the last export held.
func (m *Metrics) Records() bench.Records {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last
}
