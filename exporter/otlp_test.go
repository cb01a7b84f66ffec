package exporter_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	metricpb "go.opentelemetry.io/proto/otlp/metrics/v1"

	"github.com/daybook-apm/daybook/exporter"
	"github.com/daybook-apm/daybook/internal/otlptest"
)

// environ sets the given variables, as pairs, and clears every other one of OpenTelemetry.
func environ(t *testing.T, pairs ...string) {
	t.Helper()
	for _, kv := range os.Environ() {
		if name, _, _ := strings.Cut(kv, "="); strings.HasPrefix(name, "OTEL_") {
			t.Setenv(name, "")
		}
	}
	for i := 0; i < len(pairs); i += 2 {
		t.Setenv(pairs[i], pairs[i+1])
	}
}

// producer produces a sum, and keeps what it is told.
type producer struct {
	scope string

	mu          sync.Mutex
	configured  int
	temporality metricdata.Temporality
	aggregation sdkmetric.Aggregation
	exported    []error
}

func (p *producer) Produce(context.Context) ([]metricdata.ScopeMetrics, error) {
	return []metricdata.ScopeMetrics{{Metrics: []metricdata.Metrics{{
		Name: "apm.test",
		Data: metricdata.Sum[int64]{
			Temporality: metricdata.CumulativeTemporality,
			DataPoints: []metricdata.DataPoint[int64]{{
				Attributes: attribute.NewSet(attribute.String("scope", p.scope)), Value: 7,
			}},
		},
	}}}}, nil
}

func (p *producer) Configure(t sdkmetric.TemporalitySelector, a sdkmetric.AggregationSelector) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.configured++
	p.temporality = t(sdkmetric.InstrumentKindHistogram)
	p.aggregation = a(sdkmetric.InstrumentKindHistogram)
}

func (p *producer) Exported(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.exported = append(p.exported, err)
}

func (p *producer) results() []bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	var ok []bool
	for _, err := range p.exported {
		ok = append(ok, err == nil)
	}
	return ok
}

// telemetry is an OTLP exporter with providers on it.
type telemetry struct {
	otlp   *exporter.OTLP
	tracer *sdktrace.TracerProvider
	meter  *sdkmetric.MeterProvider
	log    bytes.Buffer
}

func start(t *testing.T, producers ...sdkmetric.Producer) *telemetry {
	t.Helper()
	var s telemetry
	otlp, err := exporter.NewOTLP(t.Context(), exporter.WithLogger(slog.New(slog.NewTextHandler(&s.log, nil))))
	if err != nil {
		t.Fatal(err)
	}
	s.otlp = otlp
	s.tracer = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(otlp.SpanProcessor()))
	s.meter = sdkmetric.NewMeterProvider(sdkmetric.WithReader(otlp.MetricReader(producers...)))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		otlp.Shutdown(ctx)
	})
	return &s
}

func (s *telemetry) span(name string) {
	_, span := s.tracer.Tracer("test").Start(context.Background(), name)
	span.End()
}

func (s *telemetry) flush(t *testing.T) error {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return s.otlp.ForceFlush(ctx)
}

// received lists what arrived: span names, and metrics with their value.
func received(r *otlptest.Receiver) []string {
	var all []string
	for _, s := range r.Spans() {
		all = append(all, "span "+s.GetName())
	}
	for _, resource := range r.Metrics() {
		for _, scope := range resource.GetScopeMetrics() {
			for _, m := range scope.GetMetrics() {
				all = append(all, "metric "+m.GetName())
			}
		}
	}
	return all
}

func TestExport(t *testing.T) {
	r := otlptest.New(t)
	environ(t, "OTEL_EXPORTER_OTLP_ENDPOINT", r.URL+"/otlp/", "OTEL_EXPORTER_OTLP_HEADERS", "api-key=se%20cret,x=y")
	p := &producer{}
	s := start(t, p)
	s.span("GET /users/{id}")
	counter, _ := s.meter.Meter("test").Int64Counter("orders")
	counter.Add(t.Context(), 3)
	if err := s.flush(t); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"span GET /users/{id}", "metric orders", "metric apm.test"}, received(r)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
	paths := map[string]string{}
	for _, request := range r.Requests() {
		h := request.Header
		paths[request.Path] = h.Get("Content-Encoding") + " " + h.Get("Api-Key") + " " + h.Get("X")
	}
	if diff := cmp.Diff(map[string]string{"/otlp/v1/traces": "gzip se cret y", "/otlp/v1/metrics": "gzip se cret y"}, paths); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if traces, metrics := s.otlp.Destinations(); traces != r.URL+"/otlp/v1/traces" || metrics != r.URL+"/otlp/v1/metrics" {
		t.Errorf("destinations %s and %s", traces, metrics)
	}
	want := exporter.Stats{Traces: exporter.SignalStats{Sent: 1}, Metrics: exporter.SignalStats{Sent: 1}}
	if got := s.otlp.Stats(); got != want {
		t.Errorf("stats %+v, want %+v", got, want)
	}
	if p.configured != 1 || p.temporality != metricdata.CumulativeTemporality {
		t.Errorf("configured %d times, temporality %v, want once and cumulative", p.configured, p.temporality)
	}
	if diff := cmp.Diff([]bool{true}, p.results()); diff != "" {
		t.Errorf("exports that the producer saw (-want +got):\n%s", diff)
	}
}

func TestEndpoints(t *testing.T) {
	for _, test := range []struct {
		name            string
		env             func(url string) []string
		traces, metrics string
	}{
		{"base", func(u string) []string { return []string{"OTEL_EXPORTER_OTLP_ENDPOINT", u} }, "/v1/traces", "/v1/metrics"},
		{"own ones as they are", func(u string) []string {
			return []string{
				"OTEL_EXPORTER_OTLP_ENDPOINT", "http://nowhere.invalid",
				"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", u + "/a/v1/traces",
				"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", u + "/b/v1/metrics",
			}
		}, "/a/v1/traces", "/b/v1/metrics"},
		{"the scheme decides", func(u string) []string {
			return []string{"OTEL_EXPORTER_OTLP_ENDPOINT", u, "OTEL_EXPORTER_OTLP_INSECURE", "false"}
		}, "/v1/traces", "/v1/metrics"},
		{"without compression", func(u string) []string {
			return []string{"OTEL_EXPORTER_OTLP_ENDPOINT", u, "OTEL_EXPORTER_OTLP_COMPRESSION", "none"}
		}, "/v1/traces plain", "/v1/metrics plain"},
		{"compression of one signal", func(u string) []string {
			return []string{
				"OTEL_EXPORTER_OTLP_ENDPOINT", u, "OTEL_EXPORTER_OTLP_COMPRESSION", "none",
				"OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "gzip",
			}
		}, "/v1/traces plain", "/v1/metrics"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := otlptest.New(t)
			environ(t, test.env(r.URL)...)
			s := start(t, &producer{})
			s.span("s")
			if err := s.flush(t); err != nil {
				t.Fatal(err)
			}
			got := map[bool]string{}
			for _, request := range r.Requests() {
				path := request.Path
				if request.Header.Get("Content-Encoding") != "gzip" {
					path += " plain"
				}
				got[request.Traces != nil] = path
			}
			if diff := cmp.Diff(map[bool]string{true: test.traces, false: test.metrics}, got); diff != "" {
				t.Errorf("paths (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMetricPreferences(t *testing.T) {
	r := otlptest.New(t)
	environ(t, "OTEL_EXPORTER_OTLP_ENDPOINT", r.URL,
		"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "Delta",
		"OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", "base2_exponential_bucket_histogram")
	p := &producer{}
	s := start(t, p)
	if _, ok := p.aggregation.(sdkmetric.AggregationBase2ExponentialHistogram); !ok || p.temporality != metricdata.DeltaTemporality {
		t.Errorf("the producer was told %v and %T, want delta and exponential", p.temporality, p.aggregation)
	}
	h, _ := s.meter.Meter("test").Float64Histogram("h")
	h.Record(t.Context(), 1)
	if err := s.flush(t); err != nil {
		t.Fatal(err)
	}
	data := r.Metrics()[0].GetScopeMetrics()[0].GetMetrics()[0].GetExponentialHistogram()
	if data.GetAggregationTemporality() != metricpb.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA {
		t.Errorf("temporality %v, want delta", data.GetAggregationTemporality())
	}
}

func TestFailedExport(t *testing.T) {
	r := otlptest.New(t)
	environ(t, "OTEL_EXPORTER_OTLP_ENDPOINT", r.URL)
	p := &producer{}
	s := start(t, p)
	for range 2 {
		r.SetStatus(http.StatusBadRequest)
		s.span("lost")
		err := s.flush(t)
		if err == nil || !strings.Contains(err.Error(), "/v1/traces") || !strings.Contains(err.Error(), "/v1/metrics") {
			t.Errorf("ForceFlush: %v, want the errors of both signals", err)
		}
		r.SetStatus(http.StatusOK)
		s.span("arrives")
		if err := s.flush(t); err != nil {
			t.Errorf("ForceFlush after the receiver got well: %v", err)
		}
	}
	if diff := cmp.Diff([]bool{false, true, false, true}, p.results()); diff != "" {
		t.Errorf("exports that the producer saw (-want +got):\n%s", diff)
	}
	counts := exporter.SignalStats{Sent: 2, Failed: 2}
	if got, want := s.otlp.Stats(), (exporter.Stats{Traces: counts, Metrics: counts}); got != want {
		t.Errorf("stats %+v, want %+v", got, want)
	}
	for _, line := range []string{
		`msg="exporter: first failed export; further ones are only counted" signal=traces destination=` + r.URL + `/v1/traces error=`,
		`msg="exporter: first failed export; further ones are only counted" signal=metrics destination=` + r.URL + `/v1/metrics error=`,
		`msg="exporter: first successful export" signal=traces`,
		`msg="exporter: first successful export" signal=metrics`,
	} {
		if n := strings.Count(s.log.String(), line); n != 1 {
			t.Errorf("%d lines with %q, want 1, in:\n%s", n, line, &s.log)
		}
	}
}

// TestFailuresAreQuiet: a receiver that is down for hours must not write a line a minute.
func TestFailuresAreQuiet(t *testing.T) {
	r := otlptest.New(t)
	r.SetStatus(http.StatusBadRequest)
	environ(t, "OTEL_EXPORTER_OTLP_ENDPOINT", r.URL, "OTEL_METRIC_EXPORT_INTERVAL", "1", "OTEL_BSP_SCHEDULE_DELAY", "1")
	before := otel.GetErrorHandler()
	defer otel.SetErrorHandler(before)
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		if !errors.Is(err, context.Canceled) { // The SDK's own, of a collection that Shutdown interrupts.
			t.Errorf("otel.Handle was given: %v", err)
		}
	}))
	s := start(t, &producer{})
	s.span("s")
	r.Wait(func() bool { return len(r.Requests()) > 5 })
	_ = s.otlp.Shutdown(t.Context()) // It fails, and says so to its caller.
}

// TestRefusedInPart: what the receiver accepted must not be sent again, so it is no failure.
func TestRefusedInPart(t *testing.T) {
	r := otlptest.New(t)
	environ(t, "OTEL_EXPORTER_OTLP_ENDPOINT", r.URL)
	p := &producer{}
	s := start(t, p)
	r.SetRejected(5)
	s.span("s")
	if err := s.flush(t); err != nil {
		t.Errorf("ForceFlush: %v", err)
	}
	counts := exporter.SignalStats{Sent: 1, Rejected: 1}
	if got, want := s.otlp.Stats(), (exporter.Stats{Traces: counts, Metrics: counts}); got != want {
		t.Errorf("stats %+v, want %+v", got, want)
	}
	if diff := cmp.Diff([]bool{true}, p.results()); diff != "" {
		t.Errorf("exports that the producer saw (-want +got):\n%s", diff)
	}
	if !strings.Contains(s.log.String(), "too old (5 spans rejected)") {
		t.Errorf("the receiver's reason is not in the log:\n%s", &s.log)
	}
}

func TestReceiverComesBack(t *testing.T) {
	r := otlptest.New(t)
	environ(t, "OTEL_EXPORTER_OTLP_ENDPOINT", r.URL)
	p := &producer{}
	s := start(t, p)
	s.span("first")
	if err := s.flush(t); err != nil {
		t.Fatal(err)
	}
	r.Refuse()
	r.Reset()
	s.span("second")
	flushed := make(chan error)
	go func() { flushed <- s.flush(t) }()
	for stats := s.otlp.Stats(); stats.Traces.Retries < 2 || stats.Metrics.Retries < 2; stats = s.otlp.Stats() {
		select {
		case err := <-flushed:
			t.Fatalf("ForceFlush gave up: %v", err)
		default:
			runtime.Gosched()
		}
	}
	r.Accept()
	if err := <-flushed; err != nil {
		t.Fatalf("ForceFlush: %v", err)
	}
	if diff := cmp.Diff([]string{"span second", "metric apm.test"}, received(r)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]bool{true, true}, p.results()); diff != "" {
		t.Errorf("exports that the producer saw (-want +got):\n%s", diff)
	}
}

func TestShutdown(t *testing.T) {
	r := otlptest.New(t)
	environ(t, "OTEL_EXPORTER_OTLP_ENDPOINT", r.URL)
	p := &producer{}
	s := start(t, p)
	s.span("s")
	for range 2 {
		if err := s.otlp.Shutdown(t.Context()); err != nil {
			t.Fatalf("Shutdown: %v", err)
		}
	}
	if diff := cmp.Diff([]string{"span s", "metric apm.test"}, received(r)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]bool{true}, p.results()); diff != "" {
		t.Errorf("exports that the producer saw (-want +got):\n%s", diff)
	}
	if got := s.otlp.MetricReader(); got != nil {
		t.Errorf("MetricReader after Shutdown is %v, want nil", got)
	}
	if err := s.flush(t); err != nil {
		t.Errorf("ForceFlush after Shutdown: %v", err)
	}
}

func TestShutdownAfterTheProviders(t *testing.T) {
	r := otlptest.New(t)
	environ(t, "OTEL_EXPORTER_OTLP_ENDPOINT", r.URL)
	s := start(t, &producer{})
	s.span("s")
	if err := errors.Join(s.tracer.Shutdown(t.Context()), s.meter.Shutdown(t.Context())); err != nil {
		t.Fatal(err)
	}
	if err := s.otlp.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if diff := cmp.Diff([]string{"span s", "metric apm.test"}, received(r)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}

func TestShutdownWhileNobodyListens(t *testing.T) {
	r := otlptest.New(t)
	environ(t, "OTEL_EXPORTER_OTLP_ENDPOINT", r.URL)
	p := &producer{}
	s := start(t, p)
	r.Refuse()
	s.span("lost")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	begin := time.Now()
	err := s.otlp.Shutdown(ctx)
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("Shutdown took %v, its context allowed 300ms", took)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("Shutdown: %v, want the reason", err)
	}
	counts := s.otlp.Stats()
	counts.Traces.Retries, counts.Metrics.Retries = 0, 0
	failed := exporter.SignalStats{Failed: 1}
	if want := (exporter.Stats{Traces: failed, Metrics: failed}); counts != want {
		t.Errorf("stats %+v, want %+v", counts, want)
	}
	if diff := cmp.Diff([]bool{false}, p.results()); diff != "" {
		t.Errorf("exports that the producer saw (-want +got):\n%s", diff)
	}
}

func TestOneSignalOnly(t *testing.T) {
	r := otlptest.New(t)
	environ(t, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "nonsense", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", r.URL+"/v1/metrics")
	otlp, err := exporter.NewOTLP(t.Context(), exporter.WithoutTraces())
	if err != nil {
		t.Fatalf("a setting of traces is read without traces: %v", err)
	}
	if p := otlp.SpanProcessor(); p != nil {
		t.Errorf("SpanProcessor is %v, want nil", p)
	}
	meter := sdkmetric.NewMeterProvider(sdkmetric.WithReader(otlp.MetricReader(&producer{})))
	if err := errors.Join(otlp.ForceFlush(t.Context()), otlp.Shutdown(t.Context())); err != nil {
		t.Error(err)
	}
	_ = meter

	environ(t, "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "nonsense")
	otlp, err = exporter.NewOTLP(t.Context(), exporter.WithoutMetrics())
	if err != nil {
		t.Fatalf("a setting of metrics is read without metrics: %v", err)
	}
	if r := otlp.MetricReader(&producer{}); r != nil {
		t.Errorf("MetricReader is %v, want nil", r)
	}
	if err := otlp.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestTimeoutOfARequest: a receiver that never answers is given up after OTEL_EXPORTER_OTLP_TIMEOUT.
func TestTimeoutOfARequest(t *testing.T) {
	held := make(chan time.Duration, 10)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		begin := time.Now()
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
		held <- time.Since(begin)
	}))
	defer server.Close()
	environ(t, "OTEL_EXPORTER_OTLP_ENDPOINT", server.URL, "OTEL_EXPORTER_OTLP_TIMEOUT", "50")
	s := start(t, &producer{})
	s.span("s")
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	flushed := make(chan error)
	go func() { flushed <- s.otlp.ForceFlush(ctx) }()
	for range 2 {
		if d := <-held; d > 4*time.Second {
			t.Errorf("the request was given up after %v, want 50ms", d)
		}
	}
	cancel() // The official exporters would try again, until the timeout of the whole export.
	if err := <-flushed; err == nil {
		t.Error("ForceFlush without an answer: no error")
	}
}

func TestShutdownClosesConnections(t *testing.T) {
	var open sync.WaitGroup
	server := httptest.NewUnstartedServer(otlptest.New(t))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed:
			open.Done()
		}
	}
	server.Start()
	defer server.Close()
	environ(t, "OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	s := start(t, &producer{})
	s.span("s")
	if err := s.otlp.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	closed := make(chan struct{})
	go func() { open.Wait(); close(closed) }()
	select {
	case <-closed:
	case <-time.After(5 * time.Second):
		t.Error("connections are open after Shutdown")
	}
}

// TestDefaultTransportIsNotUsed: a program may have instrumented it.
func TestDefaultTransportIsNotUsed(t *testing.T) {
	before := http.DefaultTransport
	defer func() { http.DefaultTransport = before }()
	http.DefaultTransport = instrumented{t}
	r := otlptest.New(t)
	environ(t, "OTEL_EXPORTER_OTLP_ENDPOINT", r.URL)
	s := start(t, &producer{})
	s.span("s")
	if err := s.flush(t); err != nil {
		t.Error(err)
	}
}

type instrumented struct{ t *testing.T }

func (i instrumented) RoundTrip(r *http.Request) (*http.Response, error) {
	i.t.Errorf("http.DefaultTransport was asked for %s", r.URL)
	return nil, errors.ErrUnsupported
}
