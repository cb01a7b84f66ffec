package exporter

import (
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Protobuf has no way to say a string that is no UTF-8, such as a query in Latin-1 or a header cut off in the middle of a
// letter: a batch that holds one is refused whole. Here each broken sequence becomes the replacement character U+FFFD.

func validString(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

func validValue(v attribute.Value) attribute.Value {
	switch v.Type() {
	case attribute.STRING:
		return attribute.StringValue(validString(v.AsString()))
	case attribute.STRINGSLICE:
		all := v.AsStringSlice()
		for i, s := range all {
			all[i] = validString(s)
		}
		return attribute.StringSliceValue(all)
	case attribute.SLICE:
		all := v.AsSlice()
		for i, s := range all {
			all[i] = validValue(s)
		}
		return attribute.SliceValue(all...)
	case attribute.MAP:
		return attribute.MapValue(validAttributes(v.AsMap())...)
	default:
		return v
	}
}

func validAttributes(kvs []attribute.KeyValue) []attribute.KeyValue {
	valid := make([]attribute.KeyValue, len(kvs))
	for i, kv := range kvs {
		valid[i] = attribute.KeyValue{Key: attribute.Key(validString(string(kv.Key))), Value: validValue(kv.Value)}
	}
	return valid
}

func validSet(s attribute.Set) attribute.Set {
	return attribute.NewSet(validAttributes(s.ToSlice())...)
}

func validResource(r *resource.Resource) *resource.Resource {
	return resource.NewWithAttributes(validString(r.SchemaURL()), validAttributes(r.Attributes())...)
}

func validScope(s instrumentation.Scope) instrumentation.Scope {
	return instrumentation.Scope{
		Name:       validString(s.Name),
		Version:    validString(s.Version),
		SchemaURL:  validString(s.SchemaURL),
		Attributes: validSet(s.Attributes),
	}
}

// validSpan is a span whose strings are read as valid ones.
type validSpan struct{ sdktrace.ReadOnlySpan }

func validSpans(spans []sdktrace.ReadOnlySpan) []sdktrace.ReadOnlySpan {
	valid := make([]sdktrace.ReadOnlySpan, len(spans))
	for i, s := range spans {
		valid[i] = validSpan{s}
	}
	return valid
}

func (s validSpan) Name() string { return validString(s.ReadOnlySpan.Name()) }

func (s validSpan) Attributes() []attribute.KeyValue {
	return validAttributes(s.ReadOnlySpan.Attributes())
}

func (s validSpan) Events() []sdktrace.Event {
	all := s.ReadOnlySpan.Events()
	valid := make([]sdktrace.Event, len(all))
	for i, e := range all {
		e.Name, e.Attributes = validString(e.Name), validAttributes(e.Attributes)
		valid[i] = e
	}
	return valid
}

func (s validSpan) Links() []sdktrace.Link {
	all := s.ReadOnlySpan.Links()
	valid := make([]sdktrace.Link, len(all))
	for i, l := range all {
		l.Attributes = validAttributes(l.Attributes)
		valid[i] = l
	}
	return valid
}

func (s validSpan) Status() sdktrace.Status {
	status := s.ReadOnlySpan.Status()
	status.Description = validString(status.Description)
	return status
}

func (s validSpan) Resource() *resource.Resource { return validResource(s.ReadOnlySpan.Resource()) }

func (s validSpan) InstrumentationScope() instrumentation.Scope {
	return validScope(s.ReadOnlySpan.InstrumentationScope())
}

// makeValid changes what a reader collected for one export. Data points are copied, since a producer may use its own
// again.
func makeValid(rm *metricdata.ResourceMetrics) {
	rm.Resource = validResource(rm.Resource)
	scopes := make([]metricdata.ScopeMetrics, len(rm.ScopeMetrics))
	for i, scope := range rm.ScopeMetrics {
		scopes[i] = metricdata.ScopeMetrics{
			Scope:   validScope(scope.Scope),
			Metrics: make([]metricdata.Metrics, len(scope.Metrics)),
		}
		for j, m := range scope.Metrics {
			scopes[i].Metrics[j] = metricdata.Metrics{
				Name:        validString(m.Name),
				Description: validString(m.Description),
				Unit:        validString(m.Unit),
				Data:        validAggregation(m.Data),
			}
		}
	}
	rm.ScopeMetrics = scopes
}

func validAggregation(data metricdata.Aggregation) metricdata.Aggregation {
	switch d := data.(type) {
	case metricdata.Gauge[int64]:
		d.DataPoints = validPoints(d.DataPoints)
		return d
	case metricdata.Gauge[float64]:
		d.DataPoints = validPoints(d.DataPoints)
		return d
	case metricdata.Sum[int64]:
		d.DataPoints = validPoints(d.DataPoints)
		return d
	case metricdata.Sum[float64]:
		d.DataPoints = validPoints(d.DataPoints)
		return d
	case metricdata.Histogram[int64]:
		d.DataPoints = validHistogramPoints(d.DataPoints)
		return d
	case metricdata.Histogram[float64]:
		d.DataPoints = validHistogramPoints(d.DataPoints)
		return d
	case metricdata.ExponentialHistogram[int64]:
		d.DataPoints = validExponentialPoints(d.DataPoints)
		return d
	case metricdata.ExponentialHistogram[float64]:
		d.DataPoints = validExponentialPoints(d.DataPoints)
		return d
	case metricdata.Summary:
		points := make([]metricdata.SummaryDataPoint, len(d.DataPoints))
		for i, p := range d.DataPoints {
			p.Attributes = validSet(p.Attributes)
			points[i] = p
		}
		d.DataPoints = points
		return d
	default:
		return data
	}
}

func validPoints[N int64 | float64](points []metricdata.DataPoint[N]) []metricdata.DataPoint[N] {
	valid := make([]metricdata.DataPoint[N], len(points))
	for i, p := range points {
		p.Attributes, p.Exemplars = validSet(p.Attributes), validExemplars(p.Exemplars)
		valid[i] = p
	}
	return valid
}

func validHistogramPoints[N int64 | float64](points []metricdata.HistogramDataPoint[N]) []metricdata.HistogramDataPoint[N] {
	valid := make([]metricdata.HistogramDataPoint[N], len(points))
	for i, p := range points {
		p.Attributes, p.Exemplars = validSet(p.Attributes), validExemplars(p.Exemplars)
		valid[i] = p
	}
	return valid
}

func validExponentialPoints[N int64 | float64](points []metricdata.ExponentialHistogramDataPoint[N]) []metricdata.ExponentialHistogramDataPoint[N] {
	valid := make([]metricdata.ExponentialHistogramDataPoint[N], len(points))
	for i, p := range points {
		p.Attributes, p.Exemplars = validSet(p.Attributes), validExemplars(p.Exemplars)
		valid[i] = p
	}
	return valid
}

func validExemplars[N int64 | float64](exemplars []metricdata.Exemplar[N]) []metricdata.Exemplar[N] {
	valid := make([]metricdata.Exemplar[N], len(exemplars))
	for i, e := range exemplars {
		e.FilteredAttributes = validAttributes(e.FilteredAttributes)
		valid[i] = e
	}
	return valid
}
