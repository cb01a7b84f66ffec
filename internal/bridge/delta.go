package bridge

import (
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// baseline is the cumulative state at one moment, by instrument and attributes.
type baseline struct {
	at     time.Time
	points map[pointKey]any // metricdata.…DataPoint.
}

type pointKey struct {
	name       string
	attributes attribute.Distinct
}

// since turns cumulative metrics into what the reader wants: those of a kind that it wants as deltas become
// the difference to what was exported last. The cumulative state stays as pending baseline.
func (p *Producer) since(cumulative []metricdata.Metrics, now time.Time) []metricdata.Metrics {
	p.pending = baseline{at: now, points: map[pointKey]any{}}
	out := cumulative[:0]
	for _, m := range cumulative {
		switch data := m.Data.(type) {
		case metricdata.Sum[float64]:
			m.Data = deltaSum(p, m.Name, data)
		case metricdata.Sum[int64]:
			m.Data = deltaSum(p, m.Name, data)
		case metricdata.Histogram[float64]:
			m.Data = p.deltaHistogram(m.Name, data)
		case metricdata.ExponentialHistogram[float64]:
			m.Data = p.deltaExponential(m.Name, data)
		}
		if !empty(m.Data) {
			out = append(out, m)
		}
	}
	return out
}

func (p *Producer) delta(kind sdkmetric.InstrumentKind) bool {
	return p.temporality(kind) == metricdata.DeltaTemporality
}

func deltaSum[N int64 | float64](p *Producer, name string, s metricdata.Sum[N]) metricdata.Sum[N] {
	if !s.IsMonotonic || !p.delta(sdkmetric.InstrumentKindCounter) {
		return s
	}
	s.Temporality = metricdata.DeltaTemporality
	points := s.DataPoints[:0:0]
	for _, d := range s.DataPoints {
		key := pointKey{name, d.Attributes.Equivalent()}
		p.pending.points[key] = d.Value
		d.StartTime = p.exported.at
		if before, ok := p.exported.points[key].(N); ok {
			d.Value -= before
		}
		if d.Value != 0 {
			points = append(points, d)
		}
	}
	s.DataPoints = points
	return s
}

func (p *Producer) deltaHistogram(name string, h metricdata.Histogram[float64]) metricdata.Histogram[float64] {
	if !p.delta(sdkmetric.InstrumentKindHistogram) {
		return h
	}
	h.Temporality = metricdata.DeltaTemporality
	points := h.DataPoints[:0:0]
	for _, d := range h.DataPoints {
		key := pointKey{name, d.Attributes.Equivalent()}
		p.pending.points[key] = d
		d.StartTime = p.exported.at
		if before, ok := p.exported.points[key].(metricdata.HistogramDataPoint[float64]); ok {
			d.Count -= before.Count
			d.Sum -= before.Sum
			counts := make([]uint64, len(d.BucketCounts))
			for i := range counts {
				counts[i] = d.BucketCounts[i] - before.BucketCounts[i]
			}
			d.BucketCounts = counts
		}
		if d.Count != 0 {
			points = append(points, d)
		}
	}
	h.DataPoints = points
	return h
}

func (p *Producer) deltaExponential(name string, h metricdata.ExponentialHistogram[float64]) metricdata.ExponentialHistogram[float64] {
	if !p.delta(sdkmetric.InstrumentKindHistogram) {
		return h
	}
	h.Temporality = metricdata.DeltaTemporality
	points := h.DataPoints[:0:0]
	for _, d := range h.DataPoints {
		key := pointKey{name, d.Attributes.Equivalent()}
		p.pending.points[key] = d
		d.StartTime = p.exported.at
		if before, ok := p.exported.points[key].(metricdata.ExponentialHistogramDataPoint[float64]); ok {
			d.Count -= before.Count
			d.Sum -= before.Sum
			d.ZeroCount -= before.ZeroCount
			// The scale is always the same, and the range of buckets only ever grows.
			counts := make([]uint64, len(d.PositiveBucket.Counts))
			copy(counts, d.PositiveBucket.Counts)
			shift := int(before.PositiveBucket.Offset - d.PositiveBucket.Offset)
			for i, n := range before.PositiveBucket.Counts {
				counts[i+shift] -= n
			}
			d.PositiveBucket.Counts = counts
		}
		if d.Count != 0 {
			points = append(points, d)
		}
	}
	h.DataPoints = points
	return h
}

// empty reports whether a metric has no points: the collector would log it.
func empty(data metricdata.Aggregation) bool {
	switch data := data.(type) {
	case metricdata.Sum[float64]:
		return len(data.DataPoints) == 0
	case metricdata.Sum[int64]:
		return len(data.DataPoints) == 0
	case metricdata.Gauge[float64]:
		return len(data.DataPoints) == 0
	case metricdata.Gauge[int64]:
		return len(data.DataPoints) == 0
	case metricdata.Histogram[float64]:
		return len(data.DataPoints) == 0
	case metricdata.ExponentialHistogram[float64]:
		return len(data.DataPoints) == 0
	}
	return false
}
