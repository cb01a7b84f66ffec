package exporter_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/exporter"
	"github.com/daybook-apm/daybook/internal/otlptest"
)

// broken is no UTF-8; mended is what should arrive.
const (
	broken = "caf\xe9"
	mended = "caf\uFFFD"
)

// brokenAttributes have one in each kind of value, and in a key.
func brokenAttributes() []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("string", broken),
		attribute.StringSlice("strings", []string{"a", broken}),
		{Key: "slice", Value: attribute.SliceValue(attribute.StringValue(broken), attribute.IntValue(1))},
		{Key: "map", Value: attribute.MapValue(attribute.String(broken, broken))},
		attribute.Bool(broken, true),
		attribute.Int("int", 42),
	}
}

func TestInvalidUTF8InSpans(t *testing.T) {
	r := otlptest.New(t)
	environ(t, "OTEL_EXPORTER_OTLP_ENDPOINT", r.URL)
	otlp, err := exporter.NewOTLP(t.Context(), exporter.WithoutMetrics())
	if err != nil {
		t.Fatal(err)
	}
	sampled := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled,
	})
	now := time.Now()
	stubs := tracetest.SpanStubs{
		{Name: "healthy", SpanContext: sampled, Attributes: []attribute.KeyValue{attribute.String("k", "v")}},
		{
			Name: broken, SpanContext: sampled, StartTime: now, EndTime: now, SpanKind: trace.SpanKindServer,
			Attributes:           brokenAttributes(),
			Events:               []sdktrace.Event{{Name: broken, Attributes: brokenAttributes(), Time: now}},
			Links:                []sdktrace.Link{{SpanContext: sampled, Attributes: brokenAttributes()}},
			Status:               sdktrace.Status{Code: codes.Error, Description: broken},
			Resource:             resource.NewSchemaless(brokenAttributes()...),
			InstrumentationScope: instrumentation.Scope{Name: broken, Version: broken},
		},
	}
	for _, stub := range stubs {
		otlp.SpanProcessor().OnEnd(stub.Snapshot())
	}
	if err := otlp.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if got := len(r.Spans()); got != 2 {
		t.Fatalf("%d spans arrived, want 2", got)
	}
	if got, want := otlp.Stats().Traces, (exporter.SignalStats{Sent: 2}); got != want {
		t.Errorf("stats %+v, want %+v", got, want)
	}
	for _, resourceSpans := range r.Traces() {
		text := fmt.Sprint(resourceSpans)
		if !utf8.ValidString(text) {
			t.Errorf("received %q", text)
		}
		// Name, status, event, scope's name and version, and 5 in each of 4 lists of attributes.
		if want := 5 + 4*6; strings.Contains(text, "SERVER") && strings.Count(text, mended) != want {
			t.Errorf("%d mended strings, want %d, in %s", strings.Count(text, mended), want, text)
		}
	}
}

// brokenProducer produces one of each kind of data.
type brokenProducer struct{}

func (brokenProducer) Produce(context.Context) ([]metricdata.ScopeMetrics, error) {
	set := attribute.NewSet(brokenAttributes()...)
	exemplar := func() []attribute.KeyValue { return []attribute.KeyValue{attribute.String("k", broken)} }
	cumulative := metricdata.CumulativeTemporality
	m := func(name string, data metricdata.Aggregation) metricdata.Metrics {
		return metricdata.Metrics{Name: name, Description: broken, Data: data}
	}
	return []metricdata.ScopeMetrics{{
		Scope: instrumentation.Scope{Name: broken},
		Metrics: []metricdata.Metrics{
			m("gauge int", metricdata.Gauge[int64]{DataPoints: points[int64](set, exemplar())}),
			m("gauge float", metricdata.Gauge[float64]{DataPoints: points[float64](set, exemplar())}),
			m("sum int", metricdata.Sum[int64]{Temporality: cumulative, DataPoints: points[int64](set, exemplar())}),
			m("sum float", metricdata.Sum[float64]{Temporality: cumulative, DataPoints: points[float64](set, exemplar())}),
			m("histogram int", metricdata.Histogram[int64]{Temporality: cumulative, DataPoints: histogramPoints[int64](set, exemplar())}),
			m("histogram float", metricdata.Histogram[float64]{Temporality: cumulative, DataPoints: histogramPoints[float64](set, exemplar())}),
			m("exponential int", metricdata.ExponentialHistogram[int64]{Temporality: cumulative, DataPoints: exponentialPoints[int64](set, exemplar())}),
			m("exponential float", metricdata.ExponentialHistogram[float64]{Temporality: cumulative, DataPoints: exponentialPoints[float64](set, exemplar())}),
			m("summary", metricdata.Summary{DataPoints: []metricdata.SummaryDataPoint{{Attributes: set}}}),
		},
	}}, nil
}

func exemplars[N int64 | float64](filtered []attribute.KeyValue) []metricdata.Exemplar[N] {
	return []metricdata.Exemplar[N]{{FilteredAttributes: filtered}}
}

func points[N int64 | float64](set attribute.Set, e []attribute.KeyValue) []metricdata.DataPoint[N] {
	return []metricdata.DataPoint[N]{{Attributes: set, Exemplars: exemplars[N](e)}}
}

func histogramPoints[N int64 | float64](set attribute.Set, e []attribute.KeyValue) []metricdata.HistogramDataPoint[N] {
	return []metricdata.HistogramDataPoint[N]{{Attributes: set, Exemplars: exemplars[N](e)}}
}

func exponentialPoints[N int64 | float64](set attribute.Set, e []attribute.KeyValue) []metricdata.ExponentialHistogramDataPoint[N] {
	return []metricdata.ExponentialHistogramDataPoint[N]{{Attributes: set, Exemplars: exemplars[N](e)}}
}

func TestInvalidUTF8InMetrics(t *testing.T) {
	r := otlptest.New(t)
	environ(t, "OTEL_EXPORTER_OTLP_ENDPOINT", r.URL)
	healthy := &producer{}
	otlp, err := exporter.NewOTLP(t.Context(), exporter.WithoutTraces())
	if err != nil {
		t.Fatal(err)
	}
	meter := sdkmetric.NewMeterProvider(
		sdkmetric.WithResource(resource.NewSchemaless(brokenAttributes()...)),
		sdkmetric.WithReader(otlp.MetricReader(healthy, brokenProducer{})),
	)
	if err := meter.ForceFlush(t.Context()); err != nil {
		t.Errorf("ForceFlush: %v", err)
	}
	if err := otlp.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if got, want := otlp.Stats().Metrics, (exporter.SignalStats{Sent: 2}); got != want {
		t.Errorf("stats %+v, want %+v", got, want)
	}
	if len(r.Metrics()) != 2 {
		t.Fatalf("%d exports arrived, want 2", len(r.Metrics()))
	}
	text := fmt.Sprint(r.Metrics()[0])
	if !utf8.ValidString(text) || !strings.Contains(text, "apm.test") {
		t.Errorf("received %q", text)
	}
	// Resource, scope's name, and nine metrics with a description and attributes, eight of them with an exemplar.
	if got, want := strings.Count(text, mended), 6+1+9*7+8; got != want {
		t.Errorf("%d mended strings, want %d, in %s", got, want, text)
	}
}
