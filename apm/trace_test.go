package apm_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/apm/apmtest"
	"github.com/daybook-apm/daybook/internal/otlptest"
	daybookhttp "github.com/daybook-apm/daybook/middleware"
)

func TestTraces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, recorder := apmtest.New(t, apm.WithRouteThreshold("nightly", time.Hour))
		begun := time.Now()
		jobCtx, tx := apm.StartTransaction(ctx, "mail")
		_, segment := apm.StartSegment(jobCtx, "render")
		time.Sleep(time.Second)
		segment.End()
		for i := range 52 {
			_, call := apm.StartStatement(jobCtx, apm.Statement{System: "postgresql", Text: fmt.Sprintf("SELECT a FROM t WHERE b = %d", i)})
			time.Sleep(time.Millisecond)
			call.End(nil)
		}
		_, call := apm.StartRemote(jobCtx, apm.Remote{System: "smtp", Host: "mail.example.com", Port: 25, Operation: "SEND"})
		time.Sleep(time.Second)
		call.End(errors.New("mailbox 7 is full"))
		tx.Fail(errors.New("gave up"))
		tx.End()

		all := recorder.Traces()
		if len(all) != 1 || len(all[0].Entries) != 54 {
			t.Fatalf("got %+v, want one trace with 54 entries", all)
		}
		got := all[0]
		want := apm.Trace{
			Kept: "failed", Route: "mail", Start: begun, Duration: 2*time.Second + 52*time.Millisecond,
			SQL: 52 * time.Millisecond, External: time.Second, Segment: time.Second, SQLCalls: 52, ExternalCalls: 1,
			ErrorType: "*errors.errorString", Failed: true,
			Entries: []apm.TraceEntry{
				{Kind: "segment", Text: "render", End: time.Second, Duration: time.Second},
				{
					Kind: "sql", Text: "SELECT t", Offset: time.Second, End: time.Second + time.Millisecond, Duration: time.Millisecond,
					Query: "SELECT a FROM t WHERE b = ?", Repeats: 52,
				},
				{
					Kind: "external", Text: "SEND mail.example.com:25", Offset: time.Second + 52*time.Millisecond,
					End: 2*time.Second + 52*time.Millisecond, Duration: time.Second, ErrorType: "*errors.errorString",
				},
			},
			Errors: []apm.TraceError{
				{Offset: 2*time.Second + 52*time.Millisecond, Type: "*errors.errorString", Message: "mailbox ? is full", Count: 1},
				{Offset: 2*time.Second + 52*time.Millisecond, Type: "*errors.errorString", Message: "gave up", Count: 1},
			},
		}
		caller := got.Entries[1].Caller
		got.Entries = []apm.TraceEntry{got.Entries[0], got.Entries[1], got.Entries[53]}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(apm.Trace{}, "TraceID", "SpanID"),
			cmpopts.IgnoreFields(apm.TraceEntry{}, "StatementID", "Caller"), cmpopts.IgnoreFields(apm.TraceError{}, "Stack")); diff != "" {
			t.Errorf("trace (-want +got):\n%s", diff)
		}
		if !strings.Contains(caller, "/apm/trace_test.go:") {
			t.Errorf("the caller is %q, want a line of this file", caller)
		}
		if again, ok := recorder.Trace(got.TraceID); !ok || again.SpanID != got.SpanID {
			t.Error("the trace is not found by its ID")
		}
		if _, ok := recorder.Trace("x"); ok {
			t.Error("found a trace that is not there")
		}
		s := recorder.Snapshot()
		if s.Statements[0].Caller != caller || s.Statements[0].MaxRepeats != 52 {
			t.Errorf("the statement says %+v", s.Statements[0])
		}
		wantErrors := []apm.ErrorStats{
			{
				Type: "*errors.errorString", Message: "gave up", Count: 1, Total: 1, LastTraceID: got.TraceID,
				First: begun.Add(got.Duration), Last: begun.Add(got.Duration), Endpoints: []apm.ErrorEndpoint{{Route: "mail", Count: 1, Total: 1}},
			},
			{
				Type: "*errors.errorString", Message: "mailbox ? is full", Count: 1, Total: 1, LastTraceID: got.TraceID,
				First: begun.Add(got.Duration), Last: begun.Add(got.Duration), Endpoints: []apm.ErrorEndpoint{{Route: "mail", Count: 1, Total: 1}},
			},
		}
		if !strings.HasPrefix(s.Errors[0].Stack, "github.com/daybook-apm/daybook/apm_test.TestTraces") {
			t.Errorf("the stack is %q", s.Errors[0].Stack)
		}
		for _, errs := range [][]apm.ErrorStats{s.Errors, s.Endpoints[0].Errors} {
			if diff := cmp.Diff(wantErrors, errs, cmpopts.IgnoreFields(apm.ErrorStats{}, "Stack")); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		}
	})
}

func TestStackSaysWhatToDo(t *testing.T) {
	ctx, recorder := apmtest.New(t)
	_, tx := apm.StartTransaction(ctx, "job")
	if _, err := recorder.Stack(recorder.Active()[0].ID); err == nil || !strings.Contains(err.Error(), "WithGoroutineLabels") {
		t.Errorf("got %v, want an error that names the option", err)
	}
	tx.End()
	if _, err := recorder.Stack(1); err == nil || strings.Contains(err.Error(), "WithGoroutineLabels") {
		t.Errorf("got %v, want an error that says that there is none", err)
	}
}

func TestShutdownSaysWhatRuns(t *testing.T) {
	var log bytes.Buffer
	agent, err := apm.Start(t.Context(), apm.WithoutGlobals(), apm.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	if err != nil {
		t.Fatal(err)
	}
	ctx := apm.NewContext(t.Context(), agent)
	for i := range 12 {
		apm.StartTransaction(ctx, fmt.Sprint("job", i))
	}
	if err := agent.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if text := log.String(); !strings.Contains(text, "running=12") || strings.Count(text, "elapsed=") != 10 {
		t.Errorf("the log says\n%s", text)
	}
}

// What is kept arrives at a receiver as one whole tree, in the trace that was propagated; what was sampled arrives once.
func TestKeptTraceArrives(t *testing.T) {
	for name, ratio := range map[string]float64{"kept": 0, "sampled": 1} {
		t.Run(name, func(t *testing.T) {
			receiver := otlptest.New(t)
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.URL)
			t.Setenv("OTEL_METRICS_EXPORTER", "none")
			agent, err := apm.Start(t.Context(), apm.WithoutGlobals(), apm.WithSampleRatio(ratio),
				apm.WithLogger(slog.New(slog.DiscardHandler)))
			if err != nil {
				t.Fatal(err)
			}
			h := daybookhttp.New()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				daybookhttp.SetRoute(r.Context(), "/orders/{id}")
				_, call := apm.StartStatement(r.Context(), apm.Statement{System: "sqlite", Namespace: "shop", Text: "SELECT a FROM orders"})
				call.End(nil)
				_, segment := apm.StartSegment(r.Context(), "render")
				segment.End()
				_, remote := apm.StartRemote(r.Context(), apm.Remote{System: "redis", Host: "cache", Port: 6379, Operation: "GET"})
				remote.End(errors.New("moved to 10.0.0.7"))
				w.WriteHeader(http.StatusInternalServerError)
			}))
			r := httptest.NewRequestWithContext(apm.NewContext(t.Context(), agent), "GET", "/orders/7", nil)
			h.ServeHTTP(httptest.NewRecorder(), r)
			id := agent.Traces()[0].TraceID
			if err := agent.Shutdown(context.WithoutCancel(t.Context())); err != nil {
				t.Fatal(err)
			}
			spans := receiver.Spans()
			roots := 0
			byID := map[string]*tracepb.Span{}
			for _, s := range spans {
				if byID[string(s.SpanId)] != nil {
					t.Errorf("span %s twice", s.Name)
				}
				byID[string(s.SpanId)] = s
			}
			names := map[string]string{}
			for _, s := range spans {
				if got := fmt.Sprintf("%x", s.TraceId); got != id {
					t.Errorf("%s is in trace %s, want %s", s.Name, got, id)
				}
				parent := byID[string(s.ParentSpanId)]
				if len(s.ParentSpanId) == 0 {
					roots++
					names[s.Name] = fmt.Sprint("the root, ", s.Kind, ", ", s.Status.GetCode(), ", ", s.Attributes[0])
					continue
				}
				if parent == nil {
					t.Errorf("the parent of %s did not arrive", s.Name)
					continue
				}
				names[s.Name] = fmt.Sprint("below ", parent.Name, ", ", s.Kind, ", ", s.Status.GetCode())
				if s.StartTimeUnixNano < parent.StartTimeUnixNano || s.EndTimeUnixNano > parent.EndTimeUnixNano {
					t.Errorf("%s is not inside its parent", s.Name)
				}
			}
			if roots != 1 {
				t.Errorf("%d roots, want 1", roots)
			}
			if ratio > 0 {
				return // Which live spans there are is not for this test.
			}
			want := map[string]string{
				"GET /orders/{id}": `the root, SPAN_KIND_SERVER, STATUS_CODE_ERROR, key:"apm.kept" value:{string_value:"failed"}`,
				"SELECT orders":    "below GET /orders/{id}, SPAN_KIND_CLIENT, STATUS_CODE_UNSET",
				"render":           "below GET /orders/{id}, SPAN_KIND_INTERNAL, STATUS_CODE_UNSET",
				"redis GET":        "below GET /orders/{id}, SPAN_KIND_CLIENT, STATUS_CODE_ERROR",
			}
			// The text form of protobuf puts in a space now and then, on purpose.
			for name, got := range names {
				names[name] = strings.ReplaceAll(got, "  ", " ")
			}
			if diff := cmp.Diff(want, names); diff != "" {
				t.Errorf("spans (-want +got):\n%s", diff)
			}
		})
	}
}

// liveSpans leaves out the traces that were kept afterwards.
func liveSpans(spans tracetest.SpanStubs) (live tracetest.SpanStubs) {
	kept := map[trace.TraceID]bool{}
	for _, s := range spans {
		for _, a := range s.Attributes {
			if a.Key == "apm.kept" {
				kept[s.SpanContext.TraceID()] = true
			}
		}
	}
	for _, s := range spans {
		if !kept[s.SpanContext.TraceID()] {
			live = append(live, s)
		}
	}
	return live
}
