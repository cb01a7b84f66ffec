package exporter_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/exporter"
)

var update = flag.Bool("update", false, "write what is printed to testdata")

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// sampleProducer produces one of each kind of data.
type sampleProducer struct{}

func (sampleProducer) Produce(context.Context) ([]metricdata.ScopeMetrics, error) {
	set := attribute.NewSet(attribute.String("http.route", "/users/{id}"), attribute.Int("http.response.status_code", 200))
	return []metricdata.ScopeMetrics{{Metrics: []metricdata.Metrics{
		{Name: "http.server.request.duration", Unit: "s", Data: metricdata.Histogram[float64]{
			DataPoints: []metricdata.HistogramDataPoint[float64]{{
				Attributes: set, Time: noon, Count: 3, Sum: 12.006, Min: metricdata.NewExtrema(0.002), Max: metricdata.NewExtrema(12.0),
				Bounds: []float64{0.005, 0.01, 10}, BucketCounts: []uint64{2, 0, 0, 1},
			}},
		}},
		{Name: "exponential", Unit: "s", Data: metricdata.ExponentialHistogram[float64]{
			DataPoints: []metricdata.ExponentialHistogramDataPoint[float64]{{Time: noon, Count: 4, Sum: 2}},
		}},
		{Name: "apm.transaction.slow", Unit: "{transaction}", Data: metricdata.Sum[int64]{
			DataPoints: []metricdata.DataPoint[int64]{{Attributes: set, Time: noon, Value: 7}, {Time: noon, Value: 8}},
		}},
		{Name: "apm.transaction.duration.max", Unit: "s", Data: metricdata.Gauge[float64]{
			DataPoints: []metricdata.DataPoint[float64]{{
				Attributes: attribute.NewSet(attribute.String("http.route", "two\nlines")), Time: noon, Value: 0.25,
			}},
		}},
		{Name: "summary", Unit: "s", Data: metricdata.Summary{DataPoints: []metricdata.SummaryDataPoint{{Time: noon}}}},
	}}}, nil
}

func TestConsole(t *testing.T) {
	environ(t)
	var out bytes.Buffer
	console, err := exporter.NewConsole(&out)
	if err != nil {
		t.Fatal(err)
	}
	ids := trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled}
	parent := trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{3}}
	stubs := tracetest.SpanStubs{
		{
			Name: "GET /users/{id}", SpanContext: trace.NewSpanContext(ids), SpanKind: trace.SpanKindServer,
			StartTime: noon, EndTime: noon.Add(12345 * time.Microsecond),
			Attributes: []attribute.KeyValue{attribute.String("http.route", "/users/{id}"), attribute.Int("n", 1)},
		},
		{
			Name: "SELECT\nusers", SpanContext: trace.NewSpanContext(ids), Parent: trace.NewSpanContext(parent),
			SpanKind: trace.SpanKindClient, StartTime: noon, EndTime: noon.Add(time.Second),
			Status: sdktrace.Status{Code: codes.Error, Description: "no such\ntable"},
			Events: []sdktrace.Event{{Name: "exception"}},
		},
	}
	for _, stub := range stubs {
		console.SpanProcessor().OnEnd(stub.Snapshot())
	}
	if err := console.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	meter := sdkmetric.NewMeterProvider(sdkmetric.WithReader(console.MetricReader(sampleProducer{})))
	if err := meter.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	compareGolden(t, "testdata/console.txt", out.String())

	out.Reset()
	if err := console.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(out.String(), "\n"); got != 6 {
		t.Errorf("%d lines at the end, want the six of the metrics:\n%s", got, &out)
	}
	counts := exporter.Stats{Traces: exporter.SignalStats{Sent: 2}, Metrics: exporter.SignalStats{Sent: 2}}
	if got := console.Stats(); got != counts {
		t.Errorf("stats %+v, want %+v", got, counts)
	}
}

func compareGolden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestConsoleIsCumulativeAndExplicit(t *testing.T) {
	environ(t, "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta",
		"OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", "base2_exponential_bucket_histogram")
	console, err := exporter.NewConsole(&bytes.Buffer{}, exporter.WithoutTraces())
	if err != nil {
		t.Fatal(err)
	}
	p := &producer{}
	console.MetricReader(p)
	if _, ok := p.aggregation.(sdkmetric.AggregationExplicitBucketHistogram); !ok || p.temporality != metricdata.CumulativeTemporality {
		t.Errorf("the producer was told %v and %T, want cumulative and explicit", p.temporality, p.aggregation)
	}
	if console.SpanProcessor() != nil {
		t.Error("a span processor without traces")
	}
	if err := console.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestConsoleSettings(t *testing.T) {
	for _, name := range []string{"OTEL_BSP_SCHEDULE_DELAY", "OTEL_METRIC_EXPORT_INTERVAL"} {
		environ(t, "OTEL_BSP_SCHEDULE_DELAY", "", "OTEL_METRIC_EXPORT_INTERVAL", "", name, "often")
		if _, err := exporter.NewConsole(nil); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("NewConsole: %v, want an error that names %s", err, name)
		}
	}
}

// failingWriter is a closed terminal.
type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestConsoleThatCannotBeWrittenTo(t *testing.T) {
	environ(t)
	console, err := exporter.NewConsole(failingWriter{}, exporter.WithoutMetrics())
	if err != nil {
		t.Fatal(err)
	}
	end(console.SpanProcessor(), 0, 1)
	if err := console.Shutdown(t.Context()); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Shutdown: %v, want the writer's error", err)
	}
	if got, want := console.Stats().Traces, (exporter.SignalStats{Failed: 1}); got != want {
		t.Errorf("stats %+v, want %+v", got, want)
	}
}
