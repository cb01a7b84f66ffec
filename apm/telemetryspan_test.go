package apm_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/apm/apmtest"
	"github.com/daybook-apm/daybook/httpclient"
	daybookhttp "github.com/daybook-apm/daybook/middleware"
	"github.com/daybook-apm/daybook/sqltrace"
)

// emitted is all that was emitted under one name of the page.
type emitted struct {
	kinds map[string]bool
	count int
	with  map[string]int // How many had the attribute.
}

type emissions map[string]*emitted

func (e emissions) add(name string, kind trace.SpanKind, attributes []attribute.KeyValue) {
	if e[name] == nil {
		e[name] = &emitted{map[string]bool{}, 0, map[string]int{}}
	}
	e[name].kinds[kind.String()] = true
	e[name].count++
	for _, a := range attributes {
		e[name].with[string(a.Key)]++
	}
}

// compare holds a table of the page against what was emitted. Each attribute must have been seen, and those without parentheses
// each time.
func (e emissions) compare(t *testing.T, page, heading string) {
	t.Helper()
	documented, optional := readTable(page, heading)
	got, gotOptional := map[string]described{}, map[string][]string{}
	for name, all := range e {
		got[name] = described{strings.Join(slices.Sorted(maps.Keys(all.kinds)), ", "), slices.Sorted(maps.Keys(all.with))}
		for _, a := range got[name].Attributes {
			if all.with[a] < all.count {
				gotOptional[name] = append(gotOptional[name], a)
			}
		}
	}
	if diff := cmp.Diff(documented, got); diff != "" {
		t.Errorf("%s of docs/telemetry.md and the code differ (-page +emitted):\n%s", heading, diff)
	}
	for name, list := range gotOptional {
		for _, a := range list {
			if !slices.Contains(optional[name], a) {
				t.Errorf("%s: %s does not always have %s, which the page says", heading, name, a)
			}
		}
	}
}

// TestTelemetryPageSpans compares what docs/telemetry.md says of spans and events with what services emit that do everything,
// sampled and not.
func TestTelemetryPageSpans(t *testing.T) {
	live, kept, events := emissions{}, emissions{}, emissions{}
	synctest.Test(t, func(t *testing.T) {
		for _, s := range busySpans(t, apm.WithSampleRatio(1)) {
			live.add(liveName(s), s.SpanKind, s.Attributes)
			if len(s.Events) > 0 {
				t.Errorf("live span %s has events: %v", s.Name, s.Events)
			}
		}
		for _, s := range busySpans(t, apm.WithSampleRatio(0), apm.WithGoroutineLabels()) {
			kept.add(keptName(s), s.SpanKind, s.Attributes)
			for _, event := range s.Events {
				switch event.Name {
				case "exception":
					events.add(event.Name, s.SpanKind, event.Attributes)
				case "SELECT stuck":
					events.add("SELECT users", s.SpanKind, event.Attributes)
				default:
					t.Errorf("unexpected event %s", event.Name)
				}
			}
		}
	})
	page := telemetryPage(t)
	live.compare(t, page, "Spans")
	kept.compare(t, page, "Kept transactions")
	events.compare(t, page, "Events")

	ofMetrics, _ := readTable(page, "Attributes")
	ofSpans := map[string]bool{}
	for _, all := range []emissions{live, kept, events} {
		for _, e := range all {
			for a := range e.with {
				if _, listed := ofMetrics[a]; !listed {
					ofSpans[a] = true
				}
			}
		}
	}
	listed, _ := readTable(page, "Span attributes")
	if diff := cmp.Diff(slices.Sorted(maps.Keys(listed)), slices.Sorted(maps.Keys(ofSpans))); diff != "" {
		t.Errorf("span attributes of docs/telemetry.md and of the code differ (-page +emitted):\n%s", diff)
	}
}

// liveName is the name under which the page has a live span.
func liveName(s tracetest.SpanStub) string {
	switch s.InstrumentationScope.Name {
	case "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp":
		if s.SpanKind == trace.SpanKindServer {
			return "GET /users/{id}"
		}
		return "POST"
	case "github.com/daybook-apm/daybook/sqltrace":
		if slices.Contains([]string{"BEGIN", "COMMIT", "ROLLBACK"}, s.Name) {
			return "BEGIN"
		}
		return "SELECT users"
	case "github.com/daybook-apm/daybook":
		switch {
		case has(s, "apm.segment.name"):
			return "render"
		case has(s, "db.system.name"):
			return "SELECT users"
		case has(s, "server.address"):
			return "redis GET"
		}
		return "clean-up"
	}
	return s.InstrumentationScope.Name
}

func has(s tracetest.SpanStub, key attribute.Key) bool {
	return slices.ContainsFunc(s.Attributes, func(a attribute.KeyValue) bool { return a.Key == key })
}

// keptName is the name under which the page has a kept span.
func keptName(s tracetest.SpanStub) string {
	switch {
	case has(s, "apm.kept") && has(s, "http.request.method") && s.SpanKind == trace.SpanKindInternal:
		return "GET /stuck"
	case has(s, "apm.kept") && has(s, "http.request.method"):
		return "GET /users/{id}"
	case has(s, "apm.kept"):
		return "clean-up"
	case has(s, "db.system.name"):
		return "SELECT users"
	case has(s, "apm.segment.name"):
		return "render"
	}
	return "POST"
}

// busySpans runs a service in which there is a span with each attribute, and one without each that is optional.
func busySpans(t *testing.T, opts ...apm.Option) tracetest.SpanStubs {
	t.Helper()
	ctx, recorder := apmtest.New(t, opts...)
	named, unnamed := sqltrace.OpenDB(sleepDriver{}, sqltrace.WithDBName("shop")), sqltrace.OpenDB(sleepDriver{}, sqltrace.WithoutQueryText())
	defer named.Close()
	defer unnamed.Close()
	client := &http.Client{Transport: httpclient.NewTransport(sleepTransport{})}
	call := func(ctx context.Context, method, url string) {
		r, _ := http.NewRequestWithContext(ctx, method, url, nil)
		if resp, err := client.Do(r); err == nil {
			io.ReadAll(resp.Body)
			resp.Body.Close()
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/all/{id}", func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		io.ReadAll(r.Body)
		(&service{db: named}).query(ctx, "SELECT a FROM users")
		soon, cancel := context.WithTimeout(ctx, time.Microsecond)
		named.ExecContext(soon, "UPDATE wait=1ms")
		cancel()
		soon, cancel = context.WithTimeout(ctx, time.Microsecond)
		named.BeginTx(soon, nil)
		cancel()
		unnamed.ExecContext(ctx, "(")
		tx, _ := unnamed.BeginTx(ctx, nil)
		tx.Rollback()
		call(ctx, "POST", "http://up.example/1ms")
		call(ctx, "BREW", "https://down.example:8443/never")
		call(ctx, "GET", "unix:///1ms")
		_, segment := apm.StartSegment(ctx, "render")
		segment.End()
		_, statement := apm.StartStatement(ctx, apm.Statement{System: "postgresql", Namespace: "shop", Text: "SELECT a FROM users"})
		statement.End(nil)
		_, remote := apm.StartRemote(ctx, apm.Remote{System: "redis", Host: "cache", Port: 6379, Operation: "GET"})
		remote.End(nil)
		_, remote = apm.StartRemote(ctx, apm.Remote{System: "http", Host: "up.example", Operation: "GET"})
		remote.End(io.ErrUnexpectedEOF)
		io.WriteString(w, "all")
	})
	mux.HandleFunc("GET /fails", func(w http.ResponseWriter, r *http.Request) {
		apm.RecordError(r.Context(), errors.New("no tea"))
		w.WriteHeader(http.StatusInternalServerError)
	})
	mux.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic("no tea") })
	mux.HandleFunc("GET /abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("GET /stuck", func(_ http.ResponseWriter, r *http.Request) {
		(&service{db: named}).query(r.Context(), "SELECT wait=10s FROM stuck")
		(&service{db: unnamed}).query(r.Context(), "SELECT wait=1s FROM stuck")
	})
	s := &service{handler: daybookhttp.New()(mux)}
	for _, endpoint := range []string{"GET /fails", "GET /panic", "GET /abort", "GET /nowhere", "GET /stuck"} {
		method, path, _ := strings.Cut(endpoint, " ")
		s.serve(ctx, method, path)
	}
	r := httptest.NewRequestWithContext(ctx, "BREW", "http://shop.example:8080/all/7?token=secret", strings.NewReader("in"))
	r.Header.Set("User-Agent", "Mosaic/0.9")
	s.handler.ServeHTTP(httptest.NewRecorder(), r)
	r = httptest.NewRequestWithContext(ctx, "GET", "/nowhere", nil)
	r.RemoteAddr = "@" // A socket of the host.
	s.handler.ServeHTTP(httptest.NewRecorder(), r)

	for kind, name := range map[apm.Kind]string{apm.KindJob: "clean-up", apm.KindConsumer: "orders", apm.KindServer: "grpc"} {
		_, tx := apm.StartTransaction(ctx, name, apm.WithKind(kind))
		if kind == apm.KindJob {
			tx.Fail(errors.New("no tea"))
		}
		tx.End()
	}
	time.Sleep(time.Second)
	return recorder.Spans()
}
