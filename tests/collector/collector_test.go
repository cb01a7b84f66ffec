package collector_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/daybook-apm/daybook/tests/collector"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The stock exporters, configured by the standard variables alone, deliver to the collector in each way that a user
// may choose; what arrives is what was sent.
func TestStockExporters(t *testing.T) {
	authority := collector.NewAuthority(t)
	server, user := authority.Issue(t, "collector"), authority.Issue(t, "service")
	for _, test := range []struct {
		name        string
		options     collector.Options
		environment map[string]string
		header      string
		want        []string
	}{
		{name: "plain", header: "Content-Encoding"},
		{
			name:        "gzip",
			environment: map[string]string{"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"},
			header:      "Content-Encoding",
			want:        []string{"gzip"},
		},
		{
			name:        "headers",
			environment: map[string]string{"OTEL_EXPORTER_OTLP_HEADERS": "api-key=secret%20word,tenant=blue"},
			header:      "Api-Key",
			want:        []string{"secret word"},
		},
		{
			name:        "TLS",
			options:     collector.Options{Certificate: server},
			environment: map[string]string{"OTEL_EXPORTER_OTLP_CERTIFICATE": authority.CertFile},
		},
		{
			name:    "mTLS",
			options: collector.Options{Certificate: server, ClientCAFile: authority.CertFile},
			environment: map[string]string{
				"OTEL_EXPORTER_OTLP_CERTIFICATE":        authority.CertFile,
				"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": user.CertFile,
				"OTEL_EXPORTER_OTLP_CLIENT_KEY":         user.KeyFile,
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			received := collector.Start(t, test.options)
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", received.Endpoint())
			for key, value := range test.environment {
				t.Setenv(key, value)
			}
			if err := exportMetrics(t); err != nil {
				t.Fatalf("export metrics: %v", err)
			}
			if err := exportTraces(t); err != nil {
				t.Fatalf("export traces: %v", err)
			}
			if diff := cmp.Diff([]string{"orders map[item:tea] 3 map[service.name:shop]"}, metricLines(received.Metrics())); diff != "" {
				t.Errorf("metrics (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"GET /orders map[service.name:shop]"}, traceLines(received.Traces())); diff != "" {
				t.Errorf("traces (-want +got):\n%s", diff)
			}
			if test.header == "" {
				return
			}
			for signal, headers := range map[string][]http.Header{"metrics": received.MetricHeaders(), "traces": received.TraceHeaders()} {
				for _, header := range headers {
					if diff := cmp.Diff(test.want, header[test.header]); diff != "" {
						t.Errorf("%s: header %s (-want +got):\n%s", signal, test.header, diff)
					}
				}
			}
		})
	}
}

// A collector turns away who does not trust it or is not trusted by it.
func TestStrangers(t *testing.T) {
	authority, stranger := collector.NewAuthority(t), collector.NewAuthority(t)
	options := collector.Options{Certificate: authority.Issue(t, "collector"), ClientCAFile: authority.CertFile}
	foreign := stranger.Issue(t, "service")
	for name, environment := range map[string]map[string]string{
		"unknown authority":     {},
		"no client certificate": {"OTEL_EXPORTER_OTLP_CERTIFICATE": authority.CertFile},
		"another's client certificate": {
			"OTEL_EXPORTER_OTLP_CERTIFICATE":        authority.CertFile,
			"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": foreign.CertFile,
			"OTEL_EXPORTER_OTLP_CLIENT_KEY":         foreign.KeyFile,
		},
	} {
		t.Run(name, func(t *testing.T) {
			received := collector.Start(t, options)
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", received.Endpoint())
			for key, value := range environment {
				t.Setenv(key, value)
			}
			if err := exportMetrics(t); err == nil {
				t.Error("export metrics: no error")
			}
			if err := exportTraces(t); err == nil {
				t.Error("export traces: no error")
			}
			if got := len(received.Metrics()) + len(received.Traces()); got != 0 {
				t.Errorf("%d requests were accepted, want 0", got)
			}
		})
	}
}

// A refused request is answered as the protocol says, is not among the received, and the next one is accepted again.
func TestRefuse(t *testing.T) {
	received := collector.Start(t, collector.Options{})
	throttled, err := status.New(codes.ResourceExhausted, "later").WithDetails(
		&errdetails.RetryInfo{RetryDelay: durationpb.New(7 * time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		refusal    error
		want       int
		retryAfter string
	}{
		{refusal: status.Error(codes.Unavailable, "restarting"), want: http.StatusServiceUnavailable},
		{refusal: throttled.Err(), want: http.StatusTooManyRequests, retryAfter: "7"},
		{refusal: status.Error(codes.InvalidArgument, "not understood"), want: http.StatusBadRequest},
		{refusal: nil, want: http.StatusOK},
	} {
		received.Refuse(test.refusal)
		for path, body := range bodies(t) {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, received.Endpoint()+path, bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", "application/x-protobuf")
			transport := &http.Transport{DisableKeepAlives: true}
			response, err := transport.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if response.StatusCode != test.want || response.Header.Get("Retry-After") != test.retryAfter {
				t.Errorf("%s after Refuse(%v): status %d, Retry-After %q; want %d, %q", path, test.refusal,
					response.StatusCode, response.Header.Get("Retry-After"), test.want, test.retryAfter)
			}
		}
	}
	if got := len(received.Metrics()) + len(received.Traces()); got != 2 {
		t.Errorf("%d requests are among the received, want the 2 that were accepted", got)
	}
}

// bodies returns one request for each path. An empty one would be answered without asking the consumers.
func bodies(t *testing.T) map[string][]byte {
	t.Helper()
	metrics := pmetric.NewMetrics()
	metrics.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty().SetEmptySum().DataPoints().AppendEmpty()
	metricBody, err := pmetricotlp.NewExportRequestFromMetrics(metrics).MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	traces := ptrace.NewTraces()
	traces.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	traceBody, err := ptraceotlp.NewExportRequestFromTraces(traces).MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{"/v1/metrics": metricBody, "/v1/traces": traceBody}
}

var shop = resource.NewSchemaless(attribute.String("service.name", "shop"))

// exportMetrics sends one data point and returns the exporter's error.
func exportMetrics(t *testing.T) error {
	t.Helper()
	exporter, err := otlpmetrichttp.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := exporter.Shutdown(context.Background()); err != nil {
			t.Errorf("shutdown: %v", err)
		}
	}()
	reader := sdkmetric.NewManualReader()
	counter, err := sdkmetric.NewMeterProvider(sdkmetric.WithResource(shop), sdkmetric.WithReader(reader)).
		Meter("shop").Int64Counter("orders")
	if err != nil {
		t.Fatal(err)
	}
	counter.Add(t.Context(), 3, metric.WithAttributes(attribute.String("item", "tea")))
	var collected metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &collected); err != nil {
		t.Fatal(err)
	}
	return exporter.Export(t.Context(), &collected)
}

// exportTraces sends one span and returns the exporter's error.
func exportTraces(t *testing.T) error {
	t.Helper()
	exporter, err := otlptracehttp.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := exporter.Shutdown(context.Background()); err != nil {
			t.Errorf("shutdown: %v", err)
		}
	}()
	recorder := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithResource(shop), sdktrace.WithSyncer(recorder))
	_, span := provider.Tracer("shop").Start(t.Context(), "GET /orders")
	span.End()
	return exporter.ExportSpans(t.Context(), recorder.GetSpans().Snapshots())
}

// metricLines writes each number that was received as one line.
func metricLines(received []pmetric.Metrics) []string {
	var lines []string
	for _, request := range received {
		for _, source := range request.ResourceMetrics().All() {
			for _, scope := range source.ScopeMetrics().All() {
				for _, metric := range scope.Metrics().All() {
					for _, point := range metric.Sum().DataPoints().All() {
						lines = append(lines, fmt.Sprintf("%s %v %d %v", metric.Name(), point.Attributes().AsRaw(),
							point.IntValue(), source.Resource().Attributes().AsRaw()))
					}
				}
			}
		}
	}
	return lines
}

// traceLines writes each span that was received as one line.
func traceLines(received []ptrace.Traces) []string {
	var lines []string
	for _, request := range received {
		for _, source := range request.ResourceSpans().All() {
			for _, scope := range source.ScopeSpans().All() {
				for _, span := range scope.Spans().All() {
					lines = append(lines, fmt.Sprintf("%s %v", span.Name(), source.Resource().Attributes().AsRaw()))
				}
			}
		}
	}
	return lines
}
