package bridge

import (
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/daybook-apm/daybook/internal/histogram"
)

// zeroThreshold is the duration in seconds up to which an exponential histogram counts zero.
const zeroThreshold = 1e-6

// histograms are the points of one instrument, in the kind that the reader wants.
type histograms struct {
	exponential       bool
	explicitPoints    []metricdata.HistogramDataPoint[float64]
	exponentialPoints []metricdata.ExponentialHistogramDataPoint[float64]
}

// expect makes room for n points.
func (s *histograms) expect(n int) {
	if s.exponential {
		s.exponentialPoints = make([]metricdata.ExponentialHistogramDataPoint[float64], 0, n)
		return
	}
	s.explicitPoints = make([]metricdata.HistogramDataPoint[float64], 0, n)
}

func (s *histograms) len() int { return len(s.explicitPoints) + len(s.exponentialPoints) }

// add adds a point. It copies what it needs of h.
func (s *histograms) add(h *histogram.Histogram, set attribute.Set, c *collection) {
	if !s.exponential {
		s.explicitPoints = append(s.explicitPoints, metricdata.HistogramDataPoint[float64]{
			Attributes: set, StartTime: c.start, Time: c.now,
			Count: h.Count(), Sum: h.Sum().Seconds(), Bounds: h.Bounds().Seconds(), BucketCounts: h.Explicit(),
		})
		return
	}
	scale, zero, offset, counts := h.Exponential()
	s.exponentialPoints = append(s.exponentialPoints, metricdata.ExponentialHistogramDataPoint[float64]{
		Attributes: set, StartTime: c.start, Time: c.now,
		Count: h.Count(), Sum: h.Sum().Seconds(), Scale: scale,
		ZeroCount: zero, ZeroThreshold: zeroThreshold,
		PositiveBucket: metricdata.ExponentialBucket{Offset: offset, Counts: counts},
	})
}

func (s *histograms) aggregation() metricdata.Aggregation {
	if s.exponential {
		return metricdata.ExponentialHistogram[float64]{Temporality: metricdata.CumulativeTemporality, DataPoints: s.exponentialPoints}
	}
	return metricdata.Histogram[float64]{Temporality: metricdata.CumulativeTemporality, DataPoints: s.explicitPoints}
}
