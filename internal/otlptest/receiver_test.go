package otlptest_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	colmetricpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	metricpb "go.opentelemetry.io/proto/otlp/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/daybook-apm/daybook/internal/otlptest"
)

func post(t *testing.T, url, encoding string, body []byte) (int, []byte, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-protobuf")
	if encoding != "" {
		r.Header.Set("Content-Encoding", encoding)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

func marshal(t *testing.T, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func zip(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func TestReceiver(t *testing.T) {
	r := otlptest.New(t)
	spans := marshal(t, &coltracepb.ExportTraceServiceRequest{ResourceSpans: []*tracepb.ResourceSpans{{
		ScopeSpans: []*tracepb.ScopeSpans{{Spans: []*tracepb.Span{{Name: "a"}, {Name: "b"}}}},
	}}})
	sums := marshal(t, &colmetricpb.ExportMetricsServiceRequest{ResourceMetrics: []*metricpb.ResourceMetrics{{SchemaUrl: "m"}}})

	statuses := []int{}
	send := func(path, encoding string, body []byte) []byte {
		status, answer, err := post(t, r.URL+path, encoding, body)
		if err != nil {
			t.Fatal(err)
		}
		statuses = append(statuses, status)
		return answer
	}
	send("/v1/traces", "", spans)
	send("/base/v1/metrics", "gzip", zip(sums))
	r.SetStatus(http.StatusServiceUnavailable)
	send("/v1/traces", "", spans)
	r.SetStatus(http.StatusOK)
	r.SetRejected(3)
	answer := send("/v1/metrics", "", sums)
	send("/elsewhere", "", nil)
	if diff := cmp.Diff([]int{200, 200, 503, 200, 404}, statuses); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}

	var names []string
	for _, s := range r.Spans() {
		names = append(names, s.GetName())
	}
	if diff := cmp.Diff([]string{"a", "b"}, names); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
	if got := r.Metrics(); len(got) != 2 || got[0].GetSchemaUrl() != "m" {
		t.Errorf("metrics %v, want two", got)
	}
	var response colmetricpb.ExportMetricsServiceResponse
	if err := proto.Unmarshal(answer, &response); err != nil || response.GetPartialSuccess().GetRejectedDataPoints() != 3 {
		t.Errorf("answer %v, %v, want three rejected", &response, err)
	}
	if got := len(r.Requests()); got != 5 {
		t.Errorf("%d requests, want 5", got)
	}
	r.Reset()
	if got := len(r.Requests()); got != 0 {
		t.Errorf("%d requests after Reset, want 0", got)
	}
}

func TestRefuse(t *testing.T) {
	r := otlptest.New(t)
	r.Refuse()
	if _, _, err := post(t, r.URL+"/v1/traces", "", nil); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("error %v, want connection refused", err)
	}
	r.Accept()
	sent := make(chan error, 1)
	go func() {
		response, err := http.Post(r.URL+"/v1/traces", "application/x-protobuf", nil)
		if err == nil {
			err = response.Body.Close()
		}
		sent <- err
	}()
	r.Wait(func() bool { return len(r.Requests()) == 1 })
	if err := <-sent; err != nil {
		t.Errorf("after Accept: %v", err)
	}
}
