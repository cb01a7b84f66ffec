package apm

import (
	"strconv"
	"time"

	"github.com/daybook-apm/daybook/internal/failure"
	"github.com/daybook-apm/daybook/internal/recorder"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// Trace is a transaction that was kept whole, because it was slow, failed, was running for eight seconds, or was the first of its
// endpoint in a minute. It is plain data: nothing in it changes.
type Trace struct {
	// TraceID, SpanID and ParentSpanID are the identity under which it is in log lines, in other services, and in the
	// traces that are exported. ParentSpanID is empty if nothing caused it.
	TraceID, SpanID, ParentSpanID string
	// Kept is failed, slow, stuck or first.
	Kept string
	// Sampled says that it was traced live as well.
	Sampled bool
	// Running says that it had not ended when it was copied. It is replaced when it ends.
	Running bool

	Method, Route string
	Start         time.Time
	Duration      time.Duration

	// SQL, Fetch, External, Segment and App are exclusive times. They add up to Duration.
	SQL, Fetch, External, Segment, App time.Duration
	SQLCalls, ExternalCalls            uint64

	Status           int    // http.response.status_code; 0: none was sent.
	ErrorType        string // error.type; empty: no failure.
	Failed, Canceled bool

	// Entries are its statements, calls and segments in the order of their begin, 64 at most. What is beyond is in
	// SQLCalls and ExternalCalls, and in the account of the endpoint.
	Entries []TraceEntry
	Errors  []TraceError
	// Stack is the stack of its goroutine while it was stuck, if goroutines carry labels.
	Stack string
}

// TraceEntry is one statement, call or segment of a [Trace].
type TraceEntry struct {
	// Kind is sql, external or segment.
	Kind string
	// Offset and End count from the start of the transaction. Duration is the time in flight: of a statement its
	// execution, of a call the time inside RoundTrip and in reading the body. Fetch is the time spent reading rows.
	Offset, End, Duration, Fetch time.Duration
	// Text is the statement's summary, the call's operation and host, or the segment's name.
	Text string
	// StatementID, Query and Caller are the statement's, as in [StatementStats].
	StatementID, Query, Caller string
	Rows                       int64
	Status                     int    // http.response.status_code of a call.
	ErrorType                  string // error.type; empty: no failure.
	// Repeats is how often the statement ran in this transaction, whether or not there is an entry of each run.
	Repeats uint64
	// Open says that it had not ended.
	Open bool
}

// TraceError is an error of a [Trace] that could be described, or some that look the same.
type TraceError struct {
	Offset  time.Duration // Of the first one, from the start.
	Type    string        // error.type.
	Message string        // As in [ErrorStats].
	Count   uint64
	Stack   string
}

// Traces returns the transactions that were kept last, at most 400, the latest first. Kept are those that were slow (see
// [WithSlowThreshold]) or failed, and the first of each endpoint in a minute: ten a second, of which one a second for first ones,
// and sixty in a burst. No endpoint takes all of that for itself. [Snapshot.Suppressed] counts the rest.
//
// Unless they were sampled, kept transactions are exported when they have ended, with apm.kept on the span of the transaction.
func (a *Agent) Traces() []Trace {
	if a.recorder == nil {
		return nil
	}
	kept := a.recorder.Traces()
	list := make([]Trace, len(kept))
	for i, t := range kept {
		list[i] = newTrace(t)
	}
	return list
}

// Trace returns the kept transaction with the given trace ID or span ID, the latest if there are several. ok is false if
// there is none any more.
func (a *Agent) Trace(id string) (t Trace, ok bool) {
	if a.recorder == nil {
		return Trace{}, false
	}
	for _, kept := range a.recorder.Traces() {
		if kept.TraceID.String() == id || kept.SpanID.String() == id {
			return newTrace(kept), true
		}
	}
	return Trace{}, false
}

func newTrace(t *recorder.Trace) Trace {
	c := Trace{
		TraceID: t.TraceID.String(), SpanID: t.SpanID.String(),
		Kept: string(t.Reason), Sampled: t.Sampled, Running: t.Running,
		Method: t.Endpoint.Method, Route: t.Endpoint.Route, Start: t.Start, Duration: t.Duration,
		SQL:           t.Spent[transaction.SQL],
		Fetch:         t.Spent[transaction.Fetch],
		External:      t.Spent[transaction.External],
		Segment:       t.Spent[transaction.Segment],
		App:           t.Spent[transaction.App],
		SQLCalls:      uint64(t.Calls[transaction.SQL]),
		ExternalCalls: uint64(t.Calls[transaction.External]),
		Status:        t.Outcome.Status, ErrorType: t.Outcome.ErrorType,
		Failed: t.Outcome.Failed, Canceled: t.Outcome.Canceled,
		Stack: string(t.Stack),
	}
	if t.Parent.IsValid() {
		c.ParentSpanID = t.Parent.SpanID().String()
	}
	for i := range t.Entries {
		if e := newTraceEntry(t, &t.Entries[i]); e.Kind != "" {
			c.Entries = append(c.Entries, e)
		}
	}
	for i := range t.Failures {
		c.Errors = append(c.Errors, newTraceError(&t.Failures[i]))
	}
	return c
}

func newTraceEntry(t *recorder.Trace, e *transaction.Entry) TraceEntry {
	c := TraceEntry{
		Offset: e.Start, End: e.End, Duration: e.Duration, Fetch: e.Fetch,
		Rows: e.Rows, Status: e.Status, ErrorType: e.ErrorType, Open: e.Open,
	}
	if e.Open {
		c.Duration = e.End - e.Start
	}
	switch {
	case e.Statement != nil:
		c.Kind, c.Text = transaction.SQL.String(), e.Statement.Summary
		c.StatementID, c.Query, c.Caller = e.Statement.ID, e.Statement.Text, e.Statement.Caller()
		c.Repeats = t.Repeats(e.Statement)
	case e.Remote != nil:
		c.Kind, c.Text = transaction.External.String(), e.Operation+" "+e.Remote.Host
		if e.Remote.Port > 0 {
			c.Text += ":" + strconv.Itoa(e.Remote.Port)
		}
	case e.Segment != "":
		c.Kind, c.Text = transaction.Segment.String(), e.Segment
	}
	return c
}

func newTraceError(f *failure.Failure) TraceError {
	return TraceError{Offset: f.At, Type: f.Type, Message: f.Message, Count: uint64(f.Count), Stack: f.Stack.String()}
}
