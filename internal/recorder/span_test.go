package recorder_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/recorder"
	"github.com/daybook-apm/daybook/internal/sqltext"
	"github.com/daybook-apm/daybook/internal/transaction"
)

var (
	database = sqltext.Open("postgresql", "shop")
	remote   = transaction.InternRemote(transaction.HTTP, "pay.example.com", 443)
)

// span is a span in plain words.
type span struct {
	Name, Kind, Parent string
	Start, End         time.Duration // Since the start of the transaction.
	Status             string
	Attributes         map[string]string
	Events             []string
}

// spansOf turns spans into plain words, in the order of their start. Stacks and places are cut off: they are checked
// for what they are about.
func spansOf(stubs tracetest.SpanStubs, start time.Time) []span {
	names := map[trace.SpanID]string{}
	for _, s := range stubs {
		names[s.SpanContext.SpanID()] = s.Name
	}
	all := []span{}
	for _, s := range stubs {
		got := span{
			Name: s.Name, Kind: s.SpanKind.String(), Parent: names[s.Parent.SpanID()],
			Start: s.StartTime.Sub(start), End: s.EndTime.Sub(start),
			Status: s.Status.Code.String(), Attributes: map[string]string{},
		}
		if got.Parent == "" && s.Parent.IsValid() {
			got.Parent = "(elsewhere)"
		}
		for _, a := range s.Attributes {
			got.Attributes[string(a.Key)] = a.Value.String()
		}
		if _, ok := got.Attributes["code.file.path"]; ok {
			delete(got.Attributes, "code.line.number")
			got.Attributes["code.file.path"] = got.Attributes["code.file.path"][strings.LastIndexByte(got.Attributes["code.file.path"], '/')+1:]
		}
		for _, e := range s.Events {
			text := fmt.Sprint(e.Name, " at ", e.Time.Sub(start))
			for _, a := range e.Attributes {
				value, _, _ := strings.Cut(a.Value.String(), "\n")
				text += fmt.Sprintf(" %s=%s", a.Key, value)
			}
			got.Events = append(got.Events, text)
		}
		all = append(all, got)
	}
	slices.SortStableFunc(all, func(a, b span) int { return int(a.Start - b.Start) })
	return all
}

func TestKeptTraceIsWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		parent := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, Remote: true})
		tx := &transaction.Transaction{}
		tx.Begin(trace.ContextWithRemoteSpanContext(s.ctx, parent), s.agent,
			transaction.Request{Method: "POST", Secure: true, Route: "/pay/{id}"})
		time.Sleep(10 * time.Millisecond)

		query := transaction.StartStatement(tx, database.Statement("SELECT a FROM orders WHERE id = 7"))
		time.Sleep(20 * time.Millisecond)
		query.End(transaction.Result{})
		query.StartFetch()
		time.Sleep(5 * time.Millisecond)
		query.StopFetch(3, "")
		query.Close()

		part := transaction.StartSegment(tx, "render")
		time.Sleep(time.Millisecond)
		part.End()

		call := transaction.StartRemote(tx, remote, "POST")
		propagated := call.SpanContext()
		time.Sleep(30 * time.Millisecond)
		call.Explain(errors.New(`Post "https://pay.example.com/?card=1234": EOF`))
		call.End(transaction.Result{ErrorType: "eof"})

		tx.RecordWith("*errors.errorString", errors.New("order 7 is stale"))
		time.Sleep(4 * time.Millisecond)
		open := transaction.StartStatement(tx, database.Statement("DELETE FROM orders"))
		time.Sleep(time.Millisecond)
		tx.FailWith("quota", errors.New("user 5 has no quota"))
		tx.SetStatus(429)
		tx.SetSizes(100, 20)
		tx.End()
		open.End(transaction.Result{})

		got := s.flush()
		want := []span{
			{
				Name: "POST /pay/{id}", Kind: "server", Parent: "(elsewhere)", End: 71 * time.Millisecond, Status: "Error",
				Attributes: map[string]string{
					"apm.kept": "failed", "http.request.method": "POST", "http.route": "/pay/{id}", "url.scheme": "https",
					"http.response.status_code": "429", "error.type": "quota",
					"http.request.body.size": "100", "http.response.body.size": "20",
				},
				Events: []string{
					"exception at 66ms exception.type=*errors.errorString exception.message=order ? is stale " +
						"exception.stacktrace=github.com/daybook-apm/daybook/internal/recorder_test.TestKeptTraceIsWhole.func1",
					"exception at 71ms exception.type=quota exception.message=user ? has no quota " +
						"exception.stacktrace=github.com/daybook-apm/daybook/internal/recorder_test.TestKeptTraceIsWhole.func1",
				},
			},
			{
				Name: "SELECT orders", Kind: "client", Parent: "POST /pay/{id}", Status: "Unset",
				Start: 10 * time.Millisecond, End: 35 * time.Millisecond,
				Attributes: map[string]string{
					"db.system.name": "postgresql", "db.namespace": "shop", "db.operation.name": "SELECT",
					"db.query.summary": "SELECT orders", "db.query.text": "SELECT a FROM orders WHERE id = ?",
					"db.response.returned_rows": "3", "code.file.path": "span_test.go",
				},
			},
			{
				Name: "render", Kind: "internal", Parent: "POST /pay/{id}", Status: "Unset",
				Start: 35 * time.Millisecond, End: 36 * time.Millisecond,
				Attributes: map[string]string{"apm.segment.name": "render"},
			},
			{
				Name: "POST", Kind: "client", Parent: "POST /pay/{id}", Status: "Error",
				Start: 36 * time.Millisecond, End: 66 * time.Millisecond,
				Attributes: map[string]string{
					"http.request.method": "POST", "server.address": "pay.example.com", "server.port": "443", "error.type": "eof",
				},
				Events: []string{`exception at 66ms exception.type=eof exception.message=Post "?": EOF`},
			},
			{
				Name: "DELETE orders", Kind: "client", Parent: "POST /pay/{id}", Status: "Unset",
				Start: 70 * time.Millisecond, End: 71 * time.Millisecond,
				Attributes: map[string]string{
					"db.system.name": "postgresql", "db.namespace": "shop", "db.operation.name": "DELETE",
					"db.query.summary": "DELETE orders", "db.query.text": "DELETE FROM orders", "code.file.path": "span_test.go",
				},
			},
		}
		if diff := cmp.Diff(want, spansOf(got, tx.Start())); diff != "" {
			t.Errorf("spans (-want +got):\n%s", diff)
		}
		ids := map[string]trace.SpanID{}
		for _, s := range got {
			ids[s.Name] = s.SpanContext.SpanID()
			if s.SpanContext.TraceID() != parent.TraceID() || !s.SpanContext.IsSampled() {
				t.Errorf("%s: trace %s, flags %s", s.Name, s.SpanContext.TraceID(), s.SpanContext.TraceFlags())
			}
		}
		if ids["POST /pay/{id}"] != tx.SpanContext().SpanID() || ids["POST"] != propagated.SpanID() {
			t.Errorf("spans have the IDs %v, want %s and %s, which were given out", ids, tx.SpanContext().SpanID(), propagated.SpanID())
		}
	})
}

func TestRootWithoutParent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		s.fail("/a")
		kept := s.recorder.Traces()[0]
		spans := s.flush()
		if len(spans) != 1 || spans[0].Parent.IsValid() ||
			spans[0].SpanContext.TraceID() != kept.TraceID || spans[0].SpanContext.SpanID() != kept.SpanID {
			t.Errorf("got %+v, want one root with the IDs %s and %s", spans, kept.TraceID, kept.SpanID)
		}
	})
}

func TestTransactionInATransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		outer := s.begin("/outer")
		inner := &transaction.Transaction{}
		inner.Begin(outer, s.agent, transaction.Request{Kind: transaction.Job, Route: "inner"})
		inner.End()
		outer.End()
		parents := map[string]string{}
		for _, span := range spansOf(s.flush(), outer.Start()) {
			parents[span.Name] = span.Parent
		}
		if diff := cmp.Diff(map[string]string{"GET /outer": "", "inner": "GET /outer"}, parents); diff != "" {
			t.Errorf("parents of spans (-want +got):\n%s", diff)
		}
	})
}

// What has been traced live, or what the program traces itself, is not exported again.
func TestSampledIsKeptInMemoryOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		s.agent.Sampler = transaction.NewSampler(1, false)
		s.fail("/a")
		if n, spans := len(s.recorder.Traces()), s.flush(); n != 1 || len(spans) != 0 {
			t.Errorf("%d kept and %d spans, want 1 and 0", n, len(spans))
		}
	})
}

func TestStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		s.serve("/a")
		s.flush()
		s.spans.Reset()
		tx := s.begin("/a")
		done := transaction.StartStatement(tx, database.Statement("SELECT b FROM orders"))
		time.Sleep(time.Second)
		done.End(transaction.Result{Rows: 1})
		open := transaction.StartRemote(tx, remote, "POST")
		time.Sleep(8 * time.Second)

		kept := s.recorder.Traces()[0]
		if kept.Reason != recorder.Stuck || !kept.Running || len(kept.Entries) != 2 {
			t.Fatalf("kept %+v, want the running transaction", kept)
		}
		first := s.flush()
		want := []span{
			{
				Name: "GET /a", Kind: "internal", Parent: "(elsewhere)", End: kept.Duration, Status: "Unset",
				Attributes: map[string]string{
					"apm.kept": "stuck", "http.request.method": "GET", "http.route": "/a", "url.scheme": "https",
				},
				Events: []string{"POST at 1s http.request.method=POST server.address=pay.example.com server.port=443"},
			},
			{
				Name: "SELECT orders", Kind: "client", Parent: "(elsewhere)", End: time.Second, Status: "Unset",
				Attributes: map[string]string{
					"db.system.name": "postgresql", "db.namespace": "shop", "db.operation.name": "SELECT",
					"db.query.summary": "SELECT orders", "db.query.text": "SELECT b FROM orders",
					"db.response.returned_rows": "1", "code.file.path": "span_test.go",
				},
			},
		}
		if diff := cmp.Diff(want, spansOf(first, tx.Start())); diff != "" {
			t.Errorf("while it runs (-want +got):\n%s", diff)
		}
		time.Sleep(time.Minute)
		if n := len(s.flush()); n != len(first) {
			t.Errorf("%d more spans, want none before the end", n-len(first))
		}
		open.End(transaction.Result{Status: 200})
		tx.SetStatus(200)
		tx.End()

		all := s.flush()
		if len(all) != 4 {
			t.Fatalf("%d spans, want 4: %+v", len(all), spansOf(all, tx.Start()))
		}
		for _, span := range all {
			if span.SpanContext.SpanID() != tx.SpanContext().SpanID() && span.Parent.SpanID() != tx.SpanContext().SpanID() {
				t.Errorf("%s is no child of the transaction", span.Name)
			}
		}
		last := s.recorder.Traces()
		if len(last) != 2 || last[0].Reason != recorder.Slow || last[0].Running || last[0].Duration != tx.Duration() {
			t.Errorf("kept %+v, want the transaction in its place", last[0])
		}
	})
}

// Half of what was stuck has been exported: the other half follows, whatever the budget says. And
// a statement whose rows may still be read is not exported before the end.
func TestStuckIsCompleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		tx := s.begin("/a")
		time.Sleep(7500 * time.Millisecond)
		rows := transaction.StartStatement(tx, database.Statement("SELECT b FROM orders"))
		rows.End(transaction.Result{})
		time.Sleep(time.Second)
		rows.StartFetch()
		time.Sleep(time.Second)
		rows.StopFetch(5, "")
		rows.Close()
		for range 1000 {
			s.fail("/flood")
		}
		for i := range 1000 {
			s.fail(fmt.Sprint("/", i))
		}
		tx.End()
		var got []span
		for _, span := range spansOf(s.flush(), tx.Start()) {
			if span.Name == "GET /a" || span.Name == "SELECT orders" {
				got = append(got, span)
			}
		}
		if len(got) != 3 || got[2].Attributes["db.response.returned_rows"] != "5" || got[2].End != tx.Duration() {
			t.Errorf("got %+v, want what was stuck, the transaction, and the statement with all its rows", got)
		}
	})
}

func TestNotStuck(t *testing.T) {
	for _, test := range []struct {
		name  string
		route string
		begin func(*transaction.Transaction)
	}{
		{"stream", "/a", (*transaction.Transaction).Stream},
		{"ignored", "/a", (*transaction.Transaction).Ignore},
		{"expected to take long", "/report", func(*transaction.Transaction) {}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newService(t)
				tx := s.begin(test.route)
				test.begin(tx)
				time.Sleep(15 * time.Second)
				if kept := s.recorder.Traces(); len(kept) != 0 {
					t.Errorf("kept %+v", kept[0])
				}
				tx.End()
			})
		})
	}
}

type panicking struct{ sdktrace.SpanProcessor }

func (panicking) OnStart(context.Context, sdktrace.ReadWriteSpan) { panic("no") }

// A processor of the program's own that panics must not end the recorder.
func TestProcessorPanics(t *testing.T) {
	active := &transaction.Registry{}
	r := recorder.New(recorder.Config{
		MaxEndpoints: 10, Active: active,
		Tracer: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(panicking{})).Tracer("test"),
	})
	s := newService(t)
	s.agent.Recorder = r
	s.fail("/a")
	s.fail("/a")
	if err := r.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n := len(r.Traces()); n != 2 {
		t.Errorf("%d kept, want 2", n)
	}
}
