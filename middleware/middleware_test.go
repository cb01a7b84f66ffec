package middleware_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/transaction"
	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
	"github.com/daybook-apm/daybook/middleware"
)

// passes reports whether a handler that is wrapped by wrap gets the very request and writer that the server has.
func passes(ctx context.Context, wrap func(http.Handler) http.Handler) (passed bool) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx)
	wrap(http.HandlerFunc(func(w1 http.ResponseWriter, r1 *http.Request) {
		passed = w1 == http.ResponseWriter(w) && r1 == r
	})).ServeHTTP(w, r)
	return passed
}

func TestPassThrough(t *testing.T) {
	ctx, ledger := transactiontest.New(t)
	no := func(*http.Request) bool { return false }
	yes := func(*http.Request) bool { return true }
	stopped, _ := transactiontest.New(t)
	transaction.AgentFrom(stopped).Stop()
	for _, c := range []struct {
		name    string
		ctx     context.Context
		options []middleware.Option
		want    bool
	}{
		{"agent", ctx, nil, false},
		{"no agent", t.Context(), nil, true},
		{"agent stopped", stopped, nil, true},
		{"filter accepts", ctx, []middleware.Option{middleware.WithFilter(yes)}, false},
		{"filter", ctx, []middleware.Option{middleware.WithFilter(no)}, true},
		{"one of two filters", ctx, []middleware.Option{middleware.WithFilter(no), middleware.WithFilter(yes)}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := len(ledger.Transactions())
			if got := passes(c.ctx, middleware.New(c.options...)); got != c.want {
				t.Errorf("passed through: %v, want %v", got, c.want)
			}
			if posted := len(ledger.Transactions()) > before; posted == c.want {
				t.Errorf("posted: %v", posted)
			}
		})
	}
}

// The agent is looked up for each request: wrapping may come before apm.Start.
func TestAgentStartsLater(t *testing.T) {
	h := middleware.New()(work)
	call(t.Context(), httptest.NewRecorder(), h)
	ctx, ledger := transactiontest.New(t)
	agent := transaction.AgentFrom(ctx)
	if !agent.Activate() {
		t.Fatal("there is another agent")
	}
	call(t.Context(), httptest.NewRecorder(), h)
	agent.Stop()
	call(t.Context(), httptest.NewRecorder(), h)
	ledger.One()
}

func TestNestedCountsOnce(t *testing.T) {
	ctx, ledger := transactiontest.New(t)
	wrap := middleware.New()
	call(ctx, httptest.NewRecorder(), wrap(middleware.New()(wrap(muxOf("/{$}", wrap(work))))))
	if got := ledger.One(); got.Endpoint.Route != "/{$}" || got.Outcome.Status != http.StatusCreated {
		t.Errorf("got %+v", got)
	}
}

// A handler that calls its own mux in process: one request, one transaction.
func TestRequestInsideARequest(t *testing.T) {
	ctx, ledger := transactiontest.New(t)
	mux := http.NewServeMux()
	h := middleware.New()(mux)
	mux.HandleFunc("/part", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		for range 2 {
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/part", nil).WithContext(r.Context()))
		}
	})
	var late context.Context
	mux.HandleFunc("/late", func(_ http.ResponseWriter, r *http.Request) { late = r.Context() })
	call(ctx, httptest.NewRecorder(), h)
	got := ledger.One()
	if got.Endpoint.Route != "/{$}" || got.Outcome.Status != http.StatusOK || got.Outcome.Failed {
		t.Errorf("got %+v, want that of the outer request", got)
	}
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/late", nil).WithContext(ctx))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/part", nil).WithContext(late))
	if n := len(ledger.Transactions()); n != 3 {
		t.Errorf("%d transactions, want 3: what comes after the end is a request of its own", n)
	}
}

func TestRequestIsDescribed(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		ctx, ledger := transactiontest.New(t)
		s := newServer(t, ctx, http2, middleware.New(), muxOf("/", work))
		s.do("PROPFIND", "/", nil, nil)
		s.Close()
		got := ledger.One()
		if want := (transaction.Endpoint{Method: "_OTHER", Route: "/"}); got.Endpoint != want || got.Kind != transaction.Server {
			t.Errorf("endpoint %+v, kind %v, want %+v", got.Endpoint, got.Kind, want)
		}
		if want := map[bool]string{false: "http", true: "https"}[http2]; got.Scheme != want {
			t.Errorf("scheme %q, want %q", got.Scheme, want)
		}
	}
}

// The handler's context is the caller's: its values, its end, and the identity of the transaction.
func TestContext(t *testing.T) {
	type key struct{}
	ctx, ledger := transactiontest.New(t)
	ctx, cancel := context.WithCancel(context.WithValue(ctx, key{}, "value"))
	var identity trace.SpanContext
	call(ctx, httptest.NewRecorder(), middleware.New()(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if got := r.Context().Value(key{}); got != "value" {
			t.Errorf("value %v", got)
		}
		identity = trace.SpanContextFromContext(r.Context())
		child, stop := context.WithCancel(r.Context())
		defer stop()
		cancel()
		<-child.Done()
	})))
	if got := ledger.One().SpanContext; !got.IsValid() || !got.Equal(identity) {
		t.Errorf("span context %v in the ledger, %v in the context", got, identity)
	}
}

const (
	traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
	remoteTrace = "0af7651916cd43dd8448eb211c80319c"
	remoteSpan  = "b7ad6b7169203331"
)

func TestTraceContext(t *testing.T) {
	for _, c := range []struct {
		name    string
		options []middleware.Option
		follows bool
	}{
		{"followed", nil, true},
		{"public", []middleware.Option{middleware.WithPublicEndpoint()}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, ledger := transactiontest.New(t)
			r := httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx)
			r.Header.Set("Traceparent", traceparent)
			r.Header.Set("Tracestate", "vendor=1")
			r.Header.Set("Baggage", "user=alice")
			var member string
			middleware.New(c.options...)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				member = baggage.FromContext(r.Context()).Member("user").Value()
			})).ServeHTTP(httptest.NewRecorder(), r)
			got := ledger.One()
			if follows := got.SpanContext.TraceID().String() == remoteTrace; follows != c.follows {
				t.Errorf("trace %v", got.SpanContext.TraceID())
			}
			if follows := got.Parent.SpanID().String() == remoteSpan && got.Parent.TraceState().Get("vendor") == "1"; follows != c.follows {
				t.Errorf("parent %+v", got.Parent)
			}
			if follows := member == "alice"; follows != c.follows {
				t.Errorf("baggage %q", member)
			}
		})
	}
}

func TestUser(t *testing.T) {
	byPath := middleware.WithUser(func(r *http.Request) string { return r.PathValue("user") })
	for _, c := range []struct {
		name    string
		path    string
		handler http.HandlerFunc
		want    uint64
	}{
		{"path value", "/users/alice", func(http.ResponseWriter, *http.Request) {}, transaction.HashUser("alice")},
		{"nobody", "/", func(http.ResponseWriter, *http.Request) {}, 0},
		{"set by the handler", "/users/alice", func(_ http.ResponseWriter, r *http.Request) {
			transaction.From(r.Context()).SetUser(transaction.HashUser("bob"))
		}, transaction.HashUser("bob")},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, ledger := transactiontest.New(t)
			r := httptest.NewRequest(http.MethodGet, c.path, nil).WithContext(ctx)
			middleware.New(byPath)(muxOf("/users/{user}", c.handler)).ServeHTTP(httptest.NewRecorder(), r)
			if got := ledger.One().User; got != c.want {
				t.Errorf("user %d, want %d", got, c.want)
			}
		})
	}
}

// A callback that panics is the program's mistake, and no reason to lose a request.
func TestCallbackPanics(t *testing.T) {
	for _, c := range []struct {
		name   string
		option middleware.Option
	}{
		{"WithFilter", middleware.WithFilter(func(*http.Request) bool { panic("oops") })},
		{"WithUser", middleware.WithUser(func(*http.Request) string { panic("oops") })},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, ledger := transactiontest.New(t)
			h := middleware.New(c.option)(work)
			call(ctx, httptest.NewRecorder(), h) // Nobody to complain to.
			var log bytes.Buffer
			transaction.AgentFrom(ctx).Logger = slog.New(slog.NewTextHandler(&log, nil))
			h = middleware.New(c.option)(work)
			for range 3 {
				if p := call(ctx, httptest.NewRecorder(), h); p != nil {
					t.Errorf("panic %v", p)
				}
			}
			for _, got := range ledger.Transactions() {
				if got.Outcome.Status != http.StatusCreated || got.Outcome.Failed || got.User != 0 {
					t.Errorf("got %+v", got)
				}
			}
			if n := len(ledger.Transactions()); n != 4 {
				t.Errorf("%d transactions, want 4", n)
			}
			if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, c.name) || !strings.Contains(got, "oops") {
				t.Errorf("log:\n%s", got)
			}
		})
	}
}

// Headers come from strangers: whatever they hold, the request is served and counted once.
func FuzzPropagation(f *testing.F) {
	f.Add(traceparent, "vendor=1", "user=alice")
	f.Add("", "", "")
	f.Add("00-00000000000000000000000000000000-0000000000000000-01", "=,,=", "%zz;=;,")
	f.Add("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", strings.Repeat("a=b,", 600), "a=b;"+strings.Repeat("x", 9000))
	f.Fuzz(func(t *testing.T, parent, state, bag string) {
		ctx, ledger := transactiontest.New(t)
		r := httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx)
		r.Header = http.Header{"Traceparent": {parent}, "Tracestate": {state, state}, "Baggage": {bag, bag}}
		w := httptest.NewRecorder()
		if p := call(r.Context(), w, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			middleware.New()(work).ServeHTTP(w, r)
		})); p != nil {
			t.Fatalf("panic %v", p)
		}
		got := ledger.One()
		if got.Outcome.Status != http.StatusCreated || w.Code != http.StatusCreated {
			t.Errorf("status %d in the ledger, %d at the client", got.Outcome.Status, w.Code)
		}
		if !got.SpanContext.IsValid() {
			t.Errorf("span context %+v", got.SpanContext)
		}
		if body, _ := io.ReadAll(w.Body); string(body) != "created" {
			t.Errorf("body %q", body)
		}
	})
}
