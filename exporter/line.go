package exporter

import (
	"fmt"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

const lineTime = "2006-01-02T15:04:05.000Z07:00"

// appendSpan appends one line: end, name, kind, duration, ids, status, attributes. Foreign text is quoted, so that it
// cannot pretend to be a line of its own.
func appendSpan(b []byte, s sdktrace.ReadOnlySpan) []byte {
	b = s.EndTime().AppendFormat(b, lineTime)
	b = fmt.Appendf(b, " span %q %s %v trace=%s span=%s", s.Name(), s.SpanKind(), s.EndTime().Sub(s.StartTime()),
		s.SpanContext().TraceID(), s.SpanContext().SpanID())
	if s.Parent().SpanID().IsValid() {
		b = fmt.Appendf(b, " parent=%s", s.Parent().SpanID())
	}
	if status := s.Status(); status.Code != codes.Unset {
		b = fmt.Appendf(b, " status=%s", status.Code)
		if status.Description != "" {
			b = fmt.Appendf(b, " %q", status.Description)
		}
	}
	for _, kv := range s.Attributes() {
		b = append(b, ' ')
		b = appendAttribute(b, kv)
	}
	for _, e := range s.Events() {
		b = fmt.Appendf(b, " event=%q", e.Name)
	}
	return append(b, '\n')
}

// appendMetric appends a line for each data point.
func appendMetric(b []byte, m metricdata.Metrics) []byte {
	switch d := m.Data.(type) {
	case metricdata.Gauge[int64]:
		return appendPoints(b, m, d.DataPoints)
	case metricdata.Gauge[float64]:
		return appendPoints(b, m, d.DataPoints)
	case metricdata.Sum[int64]:
		return appendPoints(b, m, d.DataPoints)
	case metricdata.Sum[float64]:
		return appendPoints(b, m, d.DataPoints)
	case metricdata.Histogram[int64]:
		return appendHistogramPoints(b, m, d.DataPoints)
	case metricdata.Histogram[float64]:
		return appendHistogramPoints(b, m, d.DataPoints)
	case metricdata.ExponentialHistogram[int64]:
		return appendExponentialPoints(b, m, d.DataPoints)
	case metricdata.ExponentialHistogram[float64]:
		return appendExponentialPoints(b, m, d.DataPoints)
	case metricdata.Summary:
		for _, p := range d.DataPoints {
			b = appendPoint(b, m, p.Time, p.Attributes)
			b = appendTotals(b, m, p.Count, p.Sum)
			b = append(b, '\n')
		}
		return b
	default:
		return fmt.Appendf(b, "metric %s %T\n", m.Name, d)
	}
}

func appendPoints[N int64 | float64](b []byte, m metricdata.Metrics, points []metricdata.DataPoint[N]) []byte {
	for _, p := range points {
		b = appendPoint(b, m, p.Time, p.Attributes)
		b = fmt.Appendf(b, " %v %s\n", p.Value, m.Unit)
	}
	return b
}

func appendHistogramPoints[N int64 | float64](b []byte, m metricdata.Metrics, points []metricdata.HistogramDataPoint[N]) []byte {
	for _, p := range points {
		b = appendPoint(b, m, p.Time, p.Attributes)
		b = appendTotals(b, m, p.Count, float64(p.Sum))
		b = appendExtrema(b, p.Min, p.Max)
		// Empty buckets say nothing: most are.
		for i, n := range p.BucketCounts {
			if n == 0 {
				continue
			}
			if i < len(p.Bounds) {
				b = fmt.Appendf(b, " ≤%v:%d", p.Bounds[i], n)
			} else {
				b = fmt.Appendf(b, " more:%d", n)
			}
		}
		b = append(b, '\n')
	}
	return b
}

func appendExponentialPoints[N int64 | float64](b []byte, m metricdata.Metrics, points []metricdata.ExponentialHistogramDataPoint[N]) []byte {
	for _, p := range points {
		b = appendPoint(b, m, p.Time, p.Attributes)
		b = appendTotals(b, m, p.Count, float64(p.Sum))
		b = appendExtrema(b, p.Min, p.Max)
		b = append(b, '\n')
	}
	return b
}

// appendPoint appends what the line of every data point begins with.
func appendPoint(b []byte, m metricdata.Metrics, t time.Time, attributes attribute.Set) []byte {
	b = t.AppendFormat(b, lineTime)
	b = append(b, " metric "...)
	b = append(b, m.Name...)
	if attributes.Len() == 0 {
		return b
	}
	for i, kv := range attributes.ToSlice() {
		b = append(b, "{,"[min(i, 1)])
		b = appendAttribute(b, kv)
	}
	return append(b, '}')
}

// appendTotals appends the number of values, their sum and their mean.
func appendTotals(b []byte, m metricdata.Metrics, count uint64, sum float64) []byte {
	b = fmt.Appendf(b, " count=%d sum=%.6g%s", count, sum, m.Unit)
	if count > 0 {
		b = fmt.Appendf(b, " mean=%.4g%s", sum/float64(count), m.Unit)
	}
	return b
}

func appendExtrema[N int64 | float64](b []byte, low, high metricdata.Extrema[N]) []byte {
	if v, ok := low.Value(); ok {
		b = fmt.Appendf(b, " min=%v", v)
	}
	if v, ok := high.Value(); ok {
		b = fmt.Appendf(b, " max=%v", v)
	}
	return b
}

func appendAttribute(b []byte, kv attribute.KeyValue) []byte {
	b = append(b, kv.Key...)
	b = append(b, '=')
	switch kv.Value.Type() {
	case attribute.BOOL, attribute.INT64, attribute.FLOAT64:
		return append(b, kv.Value.String()...)
	default:
		return strconv.AppendQuote(b, kv.Value.String())
	}
}
