package apm_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/apm/apmtest"
	"github.com/daybook-apm/daybook/httpclient"
	daybookhttp "github.com/daybook-apm/daybook/middleware"
)

// tree writes spans as an indented tree of kind and name.
func tree(spans tracetest.SpanStubs) string {
	var b strings.Builder
	known := map[trace.SpanID]bool{}
	for _, s := range spans {
		if known[s.SpanContext.SpanID()] {
			return "two spans have the same ID" // No tree.
		}
		known[s.SpanContext.SpanID()] = true
	}
	var write func(parent trace.SpanID, indent string)
	write = func(parent trace.SpanID, indent string) {
		for _, s := range spans {
			p := s.Parent.SpanID()
			if p == parent || !parent.IsValid() && !known[p] {
				b.WriteString(indent + s.SpanKind.String() + " " + s.Name + "\n")
				write(s.SpanContext.SpanID(), indent+"  ")
			}
		}
	}
	write(trace.SpanID{}, "")
	return b.String()
}

// TestSampled compares the span trees of sampled requests.
func TestSampled(t *testing.T) {
	for endpoint, want := range map[string]string{
		"GET /photos/{id}": "server GET /photos/{id}\n  client SELECT\n",
		"POST /signin":     "server POST /signin\n  client GET\n",
		"GET /panic":       "server GET /panic\n  client SELECT\n",
		"GET /abort":       "server GET /abort\n",
		"POST /likes":      "server POST /likes\n  client BEGIN\n  client INSERT wait\n  client COMMIT\n",
	} {
		t.Run(endpoint, func(t *testing.T) {
			ctx, recorder := apmtest.New(t, apm.WithSampleRatio(1))
			s := newService(t)
			s.serve(ctx, paths[endpoint][0], paths[endpoint][1])
			if diff := cmp.Diff(want, tree(recorder.Spans())); diff != "" {
				t.Errorf("spans (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSampledByHand compares the spans of what a program or an adapter times by hand: they nest as their contexts do.
func TestSampledByHand(t *testing.T) {
	ctx, recorder := apmtest.New(t, apm.WithSampleRatio(1))
	ctx, job := apm.StartTransaction(ctx, "clean-up")
	inner, segment := apm.StartSegment(ctx, "find old files")
	_, statement := apm.StartStatement(inner, apm.Statement{System: "postgresql", Namespace: "shop", Text: "SELECT a FROM files WHERE b = 'secret'"})
	statement.End(nil)
	_, remote := apm.StartRemote(inner, apm.Remote{System: "redis", Host: "cache", Port: 6379, Operation: "GET"})
	remote.End(errors.New("secret"))
	_, canceled := apm.StartRemote(inner, apm.Remote{System: "smtp", Host: "mail"})
	canceled.End(fmt.Errorf("send: %w", context.Canceled))
	_, slow := apm.StartRemote(inner, apm.Remote{System: "http", Host: "mail", Operation: "POST"})
	slow.End(context.DeadlineExceeded)
	segment.End()
	segment.End()
	job.End()
	_, late := apm.StartSegment(ctx, "late")
	late.End()

	spans := recorder.Spans()
	want := "internal clean-up\n  internal find old files\n    client SELECT files\n    client redis GET\n    client smtp\n    client POST\n"
	if diff := cmp.Diff(want, tree(spans)); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
	keys := []string{"apm.segment.name", "db.system.name", "db.namespace", "db.query.text", "http.request.method", "server.address", "server.port", "error.type"}
	got := map[string]string{}
	for _, s := range spans {
		got[s.Name] = s.Status.Code.String() + " " + attributesOf(s, keys...)
		if s.InstrumentationScope.SchemaURL == "" {
			t.Errorf("%s: no schema URL", s.Name)
		}
	}
	if diff := cmp.Diff(map[string]string{
		"clean-up":       "Unset ",
		"find old files": "Unset apm.segment.name=find old files",
		"SELECT files":   "Unset db.system.name=postgresql db.namespace=shop db.query.text=SELECT a FROM files WHERE b = ?",
		"redis GET":      "Error server.address=cache server.port=6379 error.type=*errors.errorString",
		"POST":           "Error http.request.method=POST server.address=mail error.type=timeout",
		"smtp":           "Unset server.address=mail error.type=canceled",
	}, got); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
}

// TestOwnSpansInSampled has spans of the program's own inside of each other, in a request and in a job: each is a span of its own.
func TestOwnSpansInSampled(t *testing.T) {
	ctx, recorder := apmtest.New(t, apm.WithSampleRatio(1))
	tracer := func(ctx context.Context) trace.Tracer {
		return trace.SpanFromContext(ctx).TracerProvider().Tracer("program")
	}
	own := func(ctx context.Context) {
		for _, name := range []string{"outer", "middle", "inner"} {
			var span trace.Span
			ctx, span = tracer(ctx).Start(ctx, name)
			defer span.End()
		}
	}
	h := daybookhttp.New()(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { own(r.Context()) }))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/", nil))
	jobCtx, job := apm.StartTransaction(ctx, "job")
	own(jobCtx)
	job.End()

	const below = "  internal outer\n    internal middle\n      internal inner\n"
	if diff := cmp.Diff("server GET\n"+below+"internal job\n"+below, tree(recorder.Spans())); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
}

// TestUnsampledByHand: what is not sampled gets the context that it came with.
func TestUnsampledByHand(t *testing.T) {
	ctx, _ := apmtest.New(t, apm.WithSampleRatio(0))
	ctx, job := apm.StartTransaction(ctx, "clean-up")
	inner, segment := apm.StartSegment(ctx, "part")
	again, call := apm.StartRemote(ctx, apm.Remote{System: "redis", Host: "cache"})
	if inner != ctx || again != ctx {
		t.Error("the context is another one")
	}
	call.End(nil)
	segment.End()
	job.End()
}

// TestSampledServerSpan looks at what otelhttp lacks.
func TestSampledServerSpan(t *testing.T) {
	ctx, recorder := apmtest.New(t, apm.WithSampleRatio(1))
	var inside trace.SpanContext
	mux := http.NewServeMux()
	mux.HandleFunc("POST /files/{name}", func(w http.ResponseWriter, r *http.Request) {
		inside = trace.SpanContextFromContext(r.Context())
		io.Copy(w, strings.NewReader("twelve bytes"))
	})
	mux.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic("secret") })
	server := httptest.NewUnstartedServer(daybookhttp.New()(mux))
	handler := server.Config.Handler
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, r.WithContext(joinContexts{r.Context(), ctx}))
	})
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // The panic is meant.
	server.Start()
	defer server.Close()
	// A kept connection would make the client repeat the request that panics.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

	get := func(method, path string) {
		r, _ := http.NewRequest(method, server.URL+path, strings.NewReader("in"))
		resp, err := client.Do(r)
		if err != nil {
			return // The panic closes the connection.
		}
		io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	get("POST", "/files/a?token=secret")
	get("GET", "/panic")
	spans := recorder.Spans()
	if len(spans) != 2 {
		t.Fatalf("%d spans, want 2", len(spans))
	}
	if spans[0].SpanContext.SpanID() != inside.SpanID() {
		t.Errorf("the handler saw span %s, exported is %s", inside.SpanID(), spans[0].SpanContext.SpanID())
	}
	if got := attributesOf(spans[0], "http.route", "http.response.status_code", "http.response.body.size", "http.request.body.size", "error.type", "url.query"); got !=
		"http.route=/files/{name} http.response.status_code=200 http.response.body.size=12 http.request.body.size=2" {
		t.Errorf("attributes: %s", got)
	}
	if spans[0].Status.Code != codes.Unset {
		t.Errorf("status %v", spans[0].Status)
	}
	if got := attributesOf(spans[1], "http.route", "http.response.status_code", "error.type"); got !=
		"http.route=/panic http.response.status_code=500 error.type=panic" || spans[1].Status.Code != codes.Error {
		t.Errorf("after the panic: %s, status %v", got, spans[1].Status)
	}
}

// joinContexts is a context with the values of two.
type joinContexts struct {
	context.Context
	values context.Context
}

func (j joinContexts) Value(key any) any {
	if v := j.Context.Value(key); v != nil {
		return v
	}
	return j.values.Value(key)
}

func attributesOf(s tracetest.SpanStub, keys ...string) string {
	var words []string
	for _, key := range keys {
		for _, kv := range s.Attributes {
			if string(kv.Key) == key {
				words = append(words, key+"="+kv.Value.String())
			}
		}
	}
	return strings.Join(words, " ")
}

// TestSampledClientSpan looks at what otelhttp tells too much of.
func TestSampledClientSpan(t *testing.T) {
	ctx, recorder := apmtest.New(t, apm.WithSampleRatio(1))
	ctx, tx := apm.StartTransaction(ctx, "job")
	var header http.Header
	base := roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Host == "down.example" {
			return nil, errors.New("secret")
		}
		header = r.Header
		return &http.Response{StatusCode: 503, Body: io.NopCloser(strings.NewReader("x")), Header: http.Header{}, Request: r}, nil
	})
	client := &http.Client{Transport: httpclient.NewTransport(base)}
	for _, url := range []string{"http://me:pass@up.example:8080/a/b?token=secret#frag", "http://down.example/"} {
		r, _ := http.NewRequestWithContext(ctx, "GET", url, nil)
		if resp, err := client.Do(r); err == nil {
			resp.Body.Close()
		}
	}
	tx.End()
	spans := recorder.Spans()
	if want := "internal job\n  client GET\n  client GET\n"; tree(spans) != want {
		t.Fatalf("spans:\n%swant:\n%s", tree(spans), want)
	}
	if got := attributesOf(spans[0], "url.full", "server.address", "server.port", "http.response.status_code", "error.type"); got !=
		"url.full=http://up.example:8080/a/b server.address=up.example server.port=8080 http.response.status_code=503 error.type=503" {
		t.Errorf("attributes: %s", got)
	}
	if want := spans[0].SpanContext.SpanID().String(); !strings.Contains(header.Get("traceparent"), want+"-01") {
		t.Errorf("traceparent %q does not name the client span %s", header.Get("traceparent"), want)
	}
	if s := spans[1]; s.Status.Code != codes.Error || strings.Contains(s.Status.Description, "secret") ||
		attributesOf(s, "error.type") != "error.type=*errors.errorString" {
		t.Errorf("failed call: %v %s", s.Status, attributesOf(s, "error.type"))
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestDecision follows a remote parent's decision, either way, and passes it on.
func TestDecision(t *testing.T) {
	const id = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"
	for _, c := range []struct {
		name, sampler, arg, traceparent string
		sampled                         bool
	}{
		{"default, no parent", "always_off", "", "", false},
		{"always_on, no parent", "always_on", "", "", true},
		{"always_off, sampled parent", "always_off", "", "00-" + id + "-01", false},
		{"parentbased_always_off, sampled parent", "parentbased_always_off", "", "00-" + id + "-01", true},
		{"parentbased_always_on, unsampled parent", "parentbased_always_on", "", "00-" + id + "-00", false},
		{"parentbased_traceidratio 0, sampled parent", "parentbased_traceidratio", "0", "00-" + id + "-01", true},
		{"parentbased_traceidratio 1, no parent", "parentbased_traceidratio", "1", "", true},
		{"traceidratio 1, unsampled parent", "traceidratio", "1", "00-" + id + "-00", true},
		{"traceidratio 0, sampled parent", "traceidratio", "0", "00-" + id + "-01", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("OTEL_TRACES_SAMPLER", c.sampler)
			t.Setenv("OTEL_TRACES_SAMPLER_ARG", c.arg)
			ctx, recorder := apmtest.New(t)
			var got trace.SpanContext
			handler := daybookhttp.New()(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				got = trace.SpanContextFromContext(r.Context())
			}))
			r := httptest.NewRequestWithContext(ctx, "GET", "/", nil)
			if c.traceparent != "" {
				r.Header.Set("traceparent", c.traceparent)
			}
			handler.ServeHTTP(httptest.NewRecorder(), r)
			if live := liveSpans(recorder.Spans()); got.IsSampled() != c.sampled || (len(live) == 1) != c.sampled {
				t.Errorf("sampled %t and %d live spans, want %t", got.IsSampled(), len(live), c.sampled)
			}
			if c.traceparent != "" && got.TraceID().String() != id[:32] {
				t.Errorf("trace ID %s, want that of the parent", got.TraceID())
			}
			if c.sampled && c.traceparent != "" && recorder.Spans()[0].Parent.SpanID().String() != id[33:] {
				t.Errorf("parent %s, want %s", recorder.Spans()[0].Parent.SpanID(), id[33:])
			}
		})
	}
}

// TestNothingTwice nests ours with otelhttp in each order: each request and call is one span and is counted once.
func TestNothingTwice(t *testing.T) {
	ours, theirs := daybookhttp.New(), func(h http.Handler) http.Handler { return otelhttp.NewHandler(h, "theirs") }
	for _, c := range []struct {
		name   string
		server func(http.Handler) http.Handler
		client func(http.RoundTripper) http.RoundTripper
	}{
		{"ours outside", func(h http.Handler) http.Handler { return ours(theirs(h)) }, func(b http.RoundTripper) http.RoundTripper {
			return httpclient.NewTransport(otelhttp.NewTransport(b))
		}},
		{"theirs outside", func(h http.Handler) http.Handler { return theirs(ours(h)) }, func(b http.RoundTripper) http.RoundTripper {
			return otelhttp.NewTransport(httpclient.NewTransport(b))
		}},
		{"ours twice", func(h http.Handler) http.Handler { return ours(ours(h)) }, func(b http.RoundTripper) http.RoundTripper {
			return httpclient.NewTransport(httpclient.NewTransport(b))
		}},
	} {
		for _, ratio := range []float64{0, 1} {
			t.Run(c.name, func(t *testing.T) {
				exporter := tracetest.NewInMemoryExporter()
				agent, err := apm.Start(t.Context(), quiet(), apm.WithSampleRatio(ratio),
					apm.WithSpanProcessor(sdktrace.NewSimpleSpanProcessor(exporter)))
				if err != nil {
					t.Fatal(err)
				}
				defer agent.Shutdown(t.Context())
				client := &http.Client{Transport: c.client(sleepTransport{})}
				mux := http.NewServeMux()
				mux.HandleFunc("GET /x/{id}", func(_ http.ResponseWriter, r *http.Request) {
					out, _ := http.NewRequestWithContext(r.Context(), "GET", "http://idp.example/1us", nil)
					if resp, err := client.Do(out); err == nil {
						io.ReadAll(resp.Body)
						resp.Body.Close()
					}
				})
				c.server(mux).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/x/1", nil))
				s := agent.Snapshot(0)
				if len(s.Endpoints) != 1 || s.Endpoints[0].Calls != 1 || s.Endpoints[0].ExternalCalls != 1 {
					t.Errorf("endpoints %+v", s.Endpoints)
				}
				// A kept transaction is exported beside the request, its own span last.
				if err := agent.ForceFlush(t.Context()); err != nil {
					t.Error(err)
				}
				spans := liveSpans(exporter.GetSpans())
				if ratio == 0 {
					if len(spans) != 0 {
						t.Errorf("spans of an unsampled request:\n%s", tree(spans))
					}
					return
				}
				if len(spans) != 2 || spans[0].SpanKind != trace.SpanKindClient || spans[1].SpanKind != trace.SpanKindServer {
					t.Fatalf("spans:\n%s", tree(spans))
				}
				if spans[0].Parent.SpanID() != spans[1].SpanContext.SpanID() {
					t.Errorf("the call is no child of the request:\n%s", tree(spans))
				}
			})
		}
	}
}
