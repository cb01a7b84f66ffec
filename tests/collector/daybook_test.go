package collector_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/middleware"
	"github.com/daybook-apm/daybook/tests/collector"
)

// What a service with this library has counted arrives at a Collector in each kind that the standard variables name.
func TestKinds(t *testing.T) {
	for _, histogram := range []struct{ variable, kind string }{
		{"explicit_bucket_histogram", "Histogram"},
		{"base2_exponential_bucket_histogram", "ExponentialHistogram"},
	} {
		for _, temporality := range []struct{ variable, kind string }{
			{"cumulative", "Cumulative"},
			{"delta", "Delta"},
		} {
			t.Run(temporality.variable+" "+histogram.variable, func(t *testing.T) {
				received := collector.Start(t, collector.Options{})
				t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", received.Endpoint())
				t.Setenv("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", temporality.variable)
				t.Setenv("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", histogram.variable)
				serve(t)
				want := []string{fmt.Sprintf("http.server.request.duration s %s %s 3 map[http.request.method:GET http.response.status_code:200 http.route:/orders/{id} url.scheme:http]",
					temporality.kind, histogram.kind)}
				if diff := cmp.Diff(want, histogramLines(received.Metrics(), "http.server.request.duration")); diff != "" {
					t.Errorf("received (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// The library reaches a Collector in each way that the standard variables name.
func TestWays(t *testing.T) {
	authority := collector.NewAuthority(t)
	server, user := authority.Issue(t, "collector"), authority.Issue(t, "service")
	for _, test := range []struct {
		name        string
		options     collector.Options
		environment map[string]string
		header      string
		want        []string
	}{
		{name: "none", environment: map[string]string{"OTEL_EXPORTER_OTLP_COMPRESSION": "none"}, header: "Content-Encoding"},
		{name: "gzip", environment: map[string]string{"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"}, header: "Content-Encoding", want: []string{"gzip"}},
		{name: "headers", environment: map[string]string{"OTEL_EXPORTER_OTLP_HEADERS": "api-key=secret%20word"}, header: "Api-Key", want: []string{"secret word"}},
		{
			name:    "mTLS",
			options: collector.Options{Certificate: server, ClientCAFile: authority.CertFile},
			environment: map[string]string{
				"OTEL_EXPORTER_OTLP_CERTIFICATE":        authority.CertFile,
				"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": user.CertFile,
				"OTEL_EXPORTER_OTLP_CLIENT_KEY":         user.KeyFile,
			},
			header: "Content-Type", want: []string{"application/x-protobuf"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			received := collector.Start(t, test.options)
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", received.Endpoint())
			for key, value := range test.environment {
				t.Setenv(key, value)
			}
			serve(t)
			headers := received.MetricHeaders()
			if len(headers) == 0 {
				t.Fatal("no metrics were received")
			}
			for _, header := range headers {
				if diff := cmp.Diff(test.want, header[test.header]); diff != "" {
					t.Errorf("header %s (-want +got):\n%s", test.header, diff)
				}
			}
		})
	}
}

// serve has a service answer three requests and stop, which delivers all that it has counted.
func serve(t *testing.T) {
	t.Helper()
	agent, err := apm.Start(t.Context(), apm.WithServiceName("shop"), apm.WithoutGlobals())
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(http.ResponseWriter, *http.Request) {})
	handler := middleware.New()(mux)
	for range 3 {
		request := httptest.NewRequestWithContext(apm.NewContext(t.Context(), agent), http.MethodGet, "/orders/7", http.NoBody)
		handler.ServeHTTP(httptest.NewRecorder(), request)
	}
	if err := agent.Shutdown(context.Background()); err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

// histogramLines writes each point of the histograms of this name as one line: unit, temporality, kind, count and
// attributes.
func histogramLines(received []pmetric.Metrics, name string) []string {
	var lines []string
	line := func(metric pmetric.Metric, temporality pmetric.AggregationTemporality, count uint64, attributes map[string]any) {
		lines = append(lines, fmt.Sprintf("%s %s %s %s %d %v", metric.Name(), metric.Unit(), temporality, metric.Type(), count, attributes))
	}
	for _, request := range received {
		for _, source := range request.ResourceMetrics().All() {
			for _, scope := range source.ScopeMetrics().All() {
				for _, metric := range scope.Metrics().All() {
					if metric.Name() != name {
						continue
					}
					switch metric.Type() {
					case pmetric.MetricTypeHistogram:
						for _, point := range metric.Histogram().DataPoints().All() {
							line(metric, metric.Histogram().AggregationTemporality(), point.Count(), point.Attributes().AsRaw())
						}
					case pmetric.MetricTypeExponentialHistogram:
						for _, point := range metric.ExponentialHistogram().DataPoints().All() {
							line(metric, metric.ExponentialHistogram().AggregationTemporality(), point.Count(), point.Attributes().AsRaw())
						}
					default:
						lines = append(lines, fmt.Sprintf("%s is a %s", metric.Name(), metric.Type()))
					}
				}
			}
		}
	}
	return lines
}
