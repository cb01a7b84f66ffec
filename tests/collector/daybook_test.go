package collector_test

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/tests/collector"
	"github.com/daybook-apm/daybook/tests/golden"
)

// kinds are the metrics that the standard variables may ask for, each with the golden file of its own.
var kinds = map[string]map[string]string{
	"cumulative-explicit": {
		"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE":        "cumulative",
		"OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION": "explicit_bucket_histogram",
	},
	"cumulative-exponential": {
		"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE":        "cumulative",
		"OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION": "base2_exponential_bucket_histogram",
	},
	"delta-explicit": {
		"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE":        "delta",
		"OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION": "explicit_bucket_histogram",
	},
	"delta-exponential": {
		"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE":        "delta",
		"OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION": "base2_exponential_bucket_histogram",
	},
}

// A Collector receives all metrics and traces of a service, and nothing else, in each kind of metrics and by each way that
// the standard variables name. The way changes nothing of what arrives.
func TestReceived(t *testing.T) {
	authority := collector.NewAuthority(t)
	server, user := authority.Issue(t, "collector"), authority.Issue(t, "service")
	plain := func(c *collector.Collector) map[string]string {
		return map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": c.Endpoint()}
	}
	for _, way := range []struct {
		name        string
		options     collector.Options
		environment map[string]string
		endpoint    func(*collector.Collector) map[string]string
		want        http.Header // Of each request of both signals; nil: must not be there.
	}{
		{
			name: "none", endpoint: plain,
			environment: map[string]string{"OTEL_EXPORTER_OTLP_COMPRESSION": "none"},
			want:        http.Header{"Content-Encoding": nil, "Content-Type": {"application/x-protobuf"}},
		},
		{
			name: "gzip", endpoint: plain,
			environment: map[string]string{"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"},
			want:        http.Header{"Content-Encoding": {"gzip"}, "Content-Type": {"application/x-protobuf"}},
		},
		{
			name: "TLS and headers", endpoint: plain,
			options: collector.Options{Certificate: server},
			environment: map[string]string{
				"OTEL_EXPORTER_OTLP_CERTIFICATE": authority.CertFile,
				"OTEL_EXPORTER_OTLP_HEADERS":     "api-key=secret%20word,tenant=blue",
			},
			want: http.Header{"Api-Key": {"secret word"}, "Tenant": {"blue"}},
		},
		{
			name: "mTLS", endpoint: plain,
			options: collector.Options{Certificate: server, ClientCAFile: authority.CertFile},
			environment: map[string]string{
				"OTEL_EXPORTER_OTLP_CERTIFICATE":        authority.CertFile,
				"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": user.CertFile,
				"OTEL_EXPORTER_OTLP_CLIENT_KEY":         user.KeyFile,
			},
		},
		{
			name: "variables of each signal",
			environment: map[string]string{
				"OTEL_EXPORTER_OTLP_ENDPOINT":           "http://127.0.0.1:9", // Nobody: those of the signals win.
				"OTEL_EXPORTER_OTLP_COMPRESSION":        "gzip",
				"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION": "none", "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION": "none",
				"OTEL_EXPORTER_OTLP_TRACES_HEADERS": "tenant=blue", "OTEL_EXPORTER_OTLP_METRICS_HEADERS": "tenant=blue",
			},
			endpoint: func(c *collector.Collector) map[string]string {
				return map[string]string{
					"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT":  c.Endpoint() + "/v1/traces",
					"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": c.Endpoint() + "/v1/metrics",
				}
			},
			want: http.Header{"Content-Encoding": nil, "Tenant": {"blue"}},
		},
	} {
		for kind, variables := range kinds {
			t.Run(way.name+" "+kind, func(t *testing.T) {
				received := collector.Start(t, way.options)
				for _, environment := range []map[string]string{standard, variables, way.environment, way.endpoint(received)} {
					setenv(t, environment)
				}
				report(t, true)
				golden.Compare(t, "metrics-"+kind, metricText(received.Metrics()))
				golden.Compare(t, "traces", traceText(received.Traces()))
				for signal, headers := range map[string][]http.Header{"metrics": received.MetricHeaders(), "traces": received.TraceHeaders()} {
					for _, header := range headers {
						for name, want := range way.want {
							if diff := cmp.Diff(want, header[name]); diff != "" {
								t.Errorf("%s: header %s (-want +got):\n%s", signal, name, diff)
							}
						}
					}
				}
			})
		}
	}
}

// What is not sampled has no trace, but for the transactions that are kept: here all, as each is the first of its endpoint
// or fails. They arrive as traces of the same form, once.
func TestReceivedKept(t *testing.T) {
	received := collector.Start(t, collector.Options{})
	setenv(t, standard)
	setenv(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": received.Endpoint(), "OTEL_TRACES_SAMPLER": "always_off"})
	report(t, false)
	golden.Compare(t, "traces-kept", traceText(received.Traces()))
}

// standard is what all services of the tests are told.
var standard = map[string]string{
	"OTEL_SERVICE_NAME":           "shop",
	"OTEL_RESOURCE_ATTRIBUTES":    "service.version=1.2.3,deployment.environment.name=test,team=tea",
	"OTEL_TRACES_SAMPLER":         "always_on",
	"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
}

func setenv(t *testing.T, environment map[string]string) {
	t.Helper()
	for name, value := range maps.All(environment) {
		t.Setenv(name, value)
	}
}

// report has a service work, export, work again and stop, which exports the rest. It is told all by its environment.
func report(t *testing.T, sampled bool) {
	t.Helper()
	agent, err := apm.Start(t.Context(), apm.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	s := newService(t)
	s.serve(t, sampled)
	if err := agent.ForceFlush(t.Context()); err != nil {
		t.Errorf("flush: %v", err)
	}
	s.serve(t, sampled)
	if err := agent.Shutdown(context.WithoutCancel(t.Context())); err != nil {
		t.Errorf("shutdown: %v", err)
	}
}
