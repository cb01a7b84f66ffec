package apm_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	metricpb "go.opentelemetry.io/proto/otlp/metrics/v1"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/internal/golden"
	"github.com/daybook-apm/daybook/internal/otlptest"
)

// TestReceived compares all that arrives at a receiver, in every kind that a backend may ask for, with a
// failed export in between. Durations are real here, so of these only counts are compared; internal/bridge compares sums.
func TestReceived(t *testing.T) {
	for _, temporality := range []string{"cumulative", "delta", "lowmemory"} {
		for _, aggregation := range []string{"explicit_bucket_histogram", "base2_exponential_bucket_histogram"} {
			t.Run(temporality+"-"+strings.TrimSuffix(aggregation, "_bucket_histogram"), func(t *testing.T) {
				receiver := otlptest.New(t)
				t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.URL)
				t.Setenv("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", temporality)
				t.Setenv("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", aggregation)
				agent, err := apm.Start(t.Context(), quiet(), apm.WithServiceName("fans"), apm.WithSampleRatio(0)) // Spans that come by chance are lost with the failed export, and counted.
				if err != nil {
					t.Fatal(err)
				}
				s := newService(t)
				var b strings.Builder
				round := func(title string) {
					for _, endpoint := range []string{"GET /photos/{id}", "POST /signin", "GET /panic"} {
						s.serve(t.Context(), paths[endpoint][0], paths[endpoint][1])
					}
					if err := agent.ForceFlush(t.Context()); err != nil {
						fmt.Fprintf(&b, "# %s: not accepted\n", title)
					} else {
						fmt.Fprintf(&b, "# %s\n", title)
						writeMetrics(t, &b, receiver.Metrics())
					}
					receiver.Reset()
				}
				round("first")
				receiver.SetStatus(400)
				round("second")
				receiver.SetStatus(200)
				round("third")
				if err := agent.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
				golden.Compare(t, "received-"+strings.TrimPrefix(t.Name(), "TestReceived/")+".txt", b.String())
			})
		}
	}
}

// writeMetrics writes what does not depend on the clock or the machine.
func writeMetrics(t *testing.T, b *strings.Builder, all []*metricpb.ResourceMetrics) {
	t.Helper()
	if len(all) != 1 {
		t.Fatalf("%d exports of metrics, want 1", len(all))
	}
	for _, kv := range all[0].Resource.Attributes {
		if kv.Key == "service.name" && kv.Value.GetStringValue() != "fans" {
			t.Errorf("service.name = %s", kv.Value)
		}
	}
	for _, scope := range all[0].ScopeMetrics {
		for _, m := range scope.Metrics {
			if !ours(m.Name) {
				continue
			}
			var lines []string
			add := func(attributes []*commonpb.KeyValue, format string, args ...any) {
				lines = append(lines, "  {"+attributeLine(attributes)+"} "+fmt.Sprintf(format, args...)+"\n")
			}
			kind := ""
			switch d := m.Data.(type) {
			case *metricpb.Metric_Sum:
				kind = fmt.Sprintf("sum %s monotonic=%t", temporalityName(d.Sum.AggregationTemporality), d.Sum.IsMonotonic)
				for _, p := range d.Sum.DataPoints {
					if m.Unit == "s" {
						add(p.Attributes, "some=%t", p.GetAsDouble() > 0)
					} else {
						add(p.Attributes, "%d", p.GetAsInt())
					}
				}
			case *metricpb.Metric_Gauge:
				kind = "gauge"
				for _, p := range d.Gauge.DataPoints {
					add(p.Attributes, "some=%t", p.GetAsDouble() > 0 || p.GetAsInt() >= 0)
				}
			case *metricpb.Metric_Histogram:
				kind = "histogram " + temporalityName(d.Histogram.AggregationTemporality)
				for _, p := range d.Histogram.DataPoints {
					add(p.Attributes, "count %d in buckets %d of %d bounds", p.Count, total(p.BucketCounts), len(p.ExplicitBounds))
				}
			case *metricpb.Metric_ExponentialHistogram:
				kind = "exponential " + temporalityName(d.ExponentialHistogram.AggregationTemporality)
				for _, p := range d.ExponentialHistogram.DataPoints {
					add(p.Attributes, "count %d in buckets %d scale %d", p.Count, p.ZeroCount+total(p.Positive.GetBucketCounts()), p.Scale)
				}
			}
			slices.Sort(lines)
			fmt.Fprintf(b, "%s [%s] %s\n%s", m.Name, m.Unit, kind, strings.Join(lines, ""))
		}
	}
}

func temporalityName(t metricpb.AggregationTemporality) string {
	return strings.ToLower(strings.TrimPrefix(t.String(), "AGGREGATION_TEMPORALITY_"))
}

// ours tells the metrics that depend on what the service did.
func ours(name string) bool {
	for _, other := range []string{"go.", "process.", "apm.filesystem.", "apm.user."} {
		if strings.HasPrefix(name, other) {
			return false
		}
	}
	return true
}

func attributeLine(attributes []*commonpb.KeyValue) string {
	var words []string
	for _, kv := range attributes {
		value := kv.Value.GetStringValue()
		if _, ok := kv.Value.Value.(*commonpb.AnyValue_IntValue); ok {
			value = fmt.Sprint(kv.Value.GetIntValue())
		}
		words = append(words, kv.Key+"="+value)
	}
	slices.Sort(words)
	return strings.Join(words, ",")
}

func total(counts []uint64) (n uint64) {
	for _, c := range counts {
		n += c
	}
	return n
}
