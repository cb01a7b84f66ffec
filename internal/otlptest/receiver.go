package otlptest

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	colmetricpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	metricpb "go.opentelemetry.io/proto/otlp/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Request is one request as it arrived, also when it was answered with a failure.
type Request struct {
	Path   string
	Header http.Header
	// Status is what the receiver answered.
	Status int
	// Traces or Metrics is the decoded body, by the content of the path.
	Traces  *coltracepb.ExportTraceServiceRequest
	Metrics *colmetricpb.ExportMetricsServiceRequest
}

// Receiver is an OTLP/HTTP receiver on a loopback port. Paths that end in /v1/traces and /v1/metrics are known, others
// are answered 404. A body that is no OTLP fails the test. It may be used from any goroutine.
type Receiver struct {
	// URL is what OTEL_EXPORTER_OTLP_ENDPOINT should be.
	URL string

	t      testing.TB
	mu     sync.Mutex
	server *httptest.Server // nil while connections are refused
	// addr is kept to come back at.
	addr     string
	status   int
	rejected int64
	requests []Request
	changed  chan struct{} // closed and replaced at each request
}

// New starts a receiver that accepts everything. It is stopped when the test ends.
func New(t testing.TB) *Receiver {
	t.Helper()
	r := &Receiver{t: t, status: http.StatusOK, changed: make(chan struct{})}
	r.listen("127.0.0.1:0")
	r.URL = r.server.URL
	t.Cleanup(r.Refuse)
	return r
}

func (r *Receiver) listen(addr string) {
	r.t.Helper()
	l, err := new(net.ListenConfig).Listen(r.t.Context(), "tcp", addr)
	if err != nil {
		r.t.Fatalf("otlptest: %v", err)
	}
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: r}}
	server.Start()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.server, r.addr = server, l.Addr().String()
}

// Refuse closes the port and all connections, as if the receiver had been stopped. It waits for requests under way.
func (r *Receiver) Refuse() {
	r.mu.Lock()
	server := r.server
	r.server = nil
	r.mu.Unlock()
	if server != nil {
		server.CloseClientConnections()
		server.Close()
	}
}

// Accept undoes Refuse, on the same port.
func (r *Receiver) Accept() {
	r.t.Helper()
	r.listen(r.addr)
}

// SetStatus makes the receiver answer every further request with status. 200 is the state at first.
func (r *Receiver) SetStatus(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// SetRejected makes the receiver answer 200, but say that it refused n spans or data points. 0 is the state at first.
func (r *Receiver) SetRejected(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rejected = n
}

// Requests returns all requests since the start or the last Reset, in the order of arrival.
func (r *Receiver) Requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests)
}

// Reset forgets the requests.
func (r *Receiver) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = nil
}

// Metrics returns what requests answered with 200 brought, one element a resource.
func (r *Receiver) Metrics() []*metricpb.ResourceMetrics {
	var all []*metricpb.ResourceMetrics
	for _, request := range r.Requests() {
		if request.Status == http.StatusOK {
			all = append(all, request.Metrics.GetResourceMetrics()...)
		}
	}
	return all
}

// Traces returns what requests answered with 200 brought, one element a resource.
func (r *Receiver) Traces() []*tracepb.ResourceSpans {
	var all []*tracepb.ResourceSpans
	for _, request := range r.Requests() {
		if request.Status == http.StatusOK {
			all = append(all, request.Traces.GetResourceSpans()...)
		}
	}
	return all
}

// Spans returns the spans of Traces.
func (r *Receiver) Spans() []*tracepb.Span {
	var all []*tracepb.Span
	for _, resource := range r.Traces() {
		for _, scope := range resource.GetScopeSpans() {
			all = append(all, scope.GetSpans()...)
		}
	}
	return all
}

// Wait returns when done returns true, which is asked at first and after each request. It fails the test after 10 s.
func (r *Receiver) Wait(done func() bool) {
	r.t.Helper()
	limit := time.After(10 * time.Second)
	for {
		r.mu.Lock()
		changed := r.changed
		r.mu.Unlock()
		if done() {
			return
		}
		select {
		case <-changed:
		case <-limit:
			r.t.Fatalf("otlptest: waited 10 s in vain; %d requests have arrived", len(r.Requests()))
		}
	}
}

// ServeHTTP receives one request. It is exported so that a test can put the receiver behind a server of its own, such
// as one with TLS.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	request, response, err := r.receive(req)
	if err != nil {
		if req.Context().Err() == nil { // Not the sender that went away.
			r.t.Errorf("otlptest: %s %s: %v", req.Method, req.URL.Path, err)
		}
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if request.Status != http.StatusOK {
		http.Error(w, http.StatusText(request.Status), request.Status)
	} else {
		w.Header().Set("Content-Type", "application/x-protobuf")
		_, _ = w.Write(response) // A client that is gone is the test's business.
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, request)
	close(r.changed)
	r.changed = make(chan struct{})
}

// receive decodes a request and decides the answer.
func (r *Receiver) receive(req *http.Request) (Request, []byte, error) {
	r.mu.Lock()
	request := Request{Path: req.URL.Path, Header: req.Header.Clone(), Status: r.status}
	rejected := r.rejected
	r.mu.Unlock()

	if req.Method != http.MethodPost || req.Header.Get("Content-Type") != "application/x-protobuf" {
		return request, nil, fmt.Errorf("method or content type %q is not that of OTLP/HTTP", req.Header.Get("Content-Type"))
	}
	body := io.Reader(req.Body)
	switch encoding := req.Header.Get("Content-Encoding"); encoding {
	case "":
	case "gzip":
		unzipped, err := gzip.NewReader(req.Body)
		if err != nil {
			return request, nil, err
		}
		body = unzipped
	default:
		return request, nil, errors.New("unknown encoding " + encoding)
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return request, nil, err
	}

	var response proto.Message
	switch {
	case strings.HasSuffix(req.URL.Path, "/v1/traces"):
		request.Traces = &coltracepb.ExportTraceServiceRequest{}
		err = proto.Unmarshal(data, request.Traces)
		answer := &coltracepb.ExportTraceServiceResponse{}
		if rejected > 0 {
			answer.PartialSuccess = &coltracepb.ExportTracePartialSuccess{RejectedSpans: rejected, ErrorMessage: "too old"}
		}
		response = answer
	case strings.HasSuffix(req.URL.Path, "/v1/metrics"):
		request.Metrics = &colmetricpb.ExportMetricsServiceRequest{}
		err = proto.Unmarshal(data, request.Metrics)
		answer := &colmetricpb.ExportMetricsServiceResponse{}
		if rejected > 0 {
			answer.PartialSuccess = &colmetricpb.ExportMetricsPartialSuccess{RejectedDataPoints: rejected, ErrorMessage: "too old"}
		}
		response = answer
	default:
		request.Status = http.StatusNotFound
		return request, nil, nil
	}
	if err != nil {
		return request, nil, err
	}
	answer, err := proto.Marshal(response)
	return request, answer, err
}
