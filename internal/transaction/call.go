package transaction

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/failure"
	"github.com/daybook-apm/daybook/internal/sqltext"
	"github.com/daybook-apm/daybook/internal/stack"
)

// Call is one statement or one call to a remote, from begin to end. It is a small value: rows and bodies embed it. What is
// known of the call is in its entry, in the transaction. The zero Call does nothing. Its methods are called by one goroutine at a time.
//
// A statement goes [StartStatement], End; then StartFetch and StopFetch around each reading of a row, and Close.
// A remote goes [StartRemote]; Pause when RoundTrip has returned; Resume and Pause around each reading of the body; End.
type Call struct {
	agent       *Agent       // nil: pass-through.
	transaction *Transaction // nil: posted to Without.
	statement   *sqltext.Statement
	loose       *loose           // Of a call whose entry is in no transaction.
	cause       *failure.Failure // What [Call.Explain] was told; nil: nothing.
	late        *late            // Rows that were read when the transaction had ended, or without one.
	spanID      trace.SpanID     // Of a call to a remote.
	began       time.Duration    // When it went into flight last.
	index       int16            // The entry in the transaction; -1: none.
	phase       Phase
	running     bool // In flight now.
	open        bool // Has not ended.
	failed      bool
}

// loose is an entry outside of a transaction: there is none, it has all the entries that it may have, or it had ended
// when the call began.
type loose struct {
	Entry
	epoch time.Time // What the offsets count from, without a transaction.
}

// late is what comes after the end of the transaction.
type late struct {
	StatementTotal
	errorType string
}

// Result is how a call ended.
type Result struct {
	ErrorType string // error.type; empty: no failure.
	Status    int    // http.response.status_code; 0: none.
	Rows      int64  // Rows affected.
}

// StartStatement begins a call of st.
func StartStatement(ctx context.Context, st *sqltext.Statement) Call {
	if !st.HasCaller() {
		st.SetCaller(stack.Caller())
	}
	c := Call{statement: st, phase: SQL, index: -1}
	c.start(ctx, nil, "")
	return c
}

// StartRemote begins a call to r. Operation is the HTTP method, or an adapter's own term.
func StartRemote(ctx context.Context, r *Remote, operation string) Call {
	c := Call{phase: External, spanID: newSpanID(), index: -1}
	c.start(ctx, r, operation)
	return c
}

func (c *Call) start(ctx context.Context, r *Remote, operation string) {
	t := From(ctx)
	c.transaction = t
	if t == nil {
		if c.agent = AgentFrom(ctx); c.agent == nil {
			return
		}
		c.agent.stray()
		c.loose = &loose{epoch: time.Now()}
		c.fill(&c.loose.Entry, r, operation)
		return
	}
	c.agent = t.agent
	t.mu.Lock()
	defer t.mu.Unlock()
	c.began = t.now()
	var e *Entry
	if !t.ended {
		t.charge(c.began)
		t.clock.begin(c.phase)
		t.calls[c.phase]++
		e, c.index = t.children().next()
	}
	if e == nil {
		c.loose = &loose{}
		e = &c.loose.Entry
	}
	c.fill(e, r, operation)
}

func (c *Call) fill(e *Entry, r *Remote, operation string) {
	c.running, c.open = true, true
	*e = Entry{Start: c.began, Statement: c.statement, Remote: r, Operation: operation, SpanID: c.spanID, Open: true}
}

// Agent returns the agent that records the call, or nil.
func (c *Call) Agent() *Agent { return c.agent }

// Transaction returns the transaction that the call belongs to, or nil.
func (c *Call) Transaction() *Transaction { return c.transaction }

// SpanContext returns the identity of the call's own span; invalid without a transaction.
func (c *Call) SpanContext() trace.SpanContext {
	if c.transaction == nil {
		return trace.SpanContext{}
	}
	return c.transaction.spanContext(c.spanID)
}

// Resume puts the call into flight again.
func (c *Call) Resume() { c.enter(c.phase) }

// Pause takes the call out of flight: the time that follows is the caller's.
func (c *Call) Pause() {
	if c.agent == nil || !c.running || !c.open {
		return
	}
	if t := c.lock(); t != nil {
		defer t.mu.Unlock()
	}
	e := c.entry()
	e.End = c.leave(c.phase)
	e.Duration += e.End - c.began
}

// End ends the call and posts it. Only the first call does anything.
func (c *Call) End(r Result) {
	if c.agent == nil || !c.open {
		return
	}
	t := c.lock()
	e := c.entry()
	if c.running {
		e.End = c.leave(c.phase)
		e.Duration += e.End - c.began
	} else {
		e.End = c.now()
	}
	c.open, c.failed = false, r.ErrorType != ""
	e.Open = false
	e.ErrorType, e.Status, e.Rows = r.ErrorType, r.Status, r.Rows
	if t == nil {
		c.post(*e)
		return
	}
	if n := t.notes; n != nil && n.retried == c.statement {
		n.retried = nil // What was tried again has come to its end.
	}
	if t.ended {
		own := *e
		t.mu.Unlock()
		c.post(own)
		return
	}
	if c.statement != nil {
		t.sheet.statement(c.statement).add(e.statementTotal())
	} else {
		t.sheet.remote(e.Remote, e.ErrorType).add(e.remoteTotal())
	}
	if c.failed {
		t.countError(e.ErrorType, c.failure(e.ErrorType, e.End))
	}
	t.mu.Unlock()
	if c.loose != nil {
		c.agent.postCall(t, &c.loose.Entry)
	}
}

// Abandon takes the call back: it was none. Its time stays what it was. This is what driver.ErrSkip asks for.
func (c *Call) Abandon() {
	if c.agent == nil || !c.open {
		return
	}
	c.open = false
	t := c.lock()
	if t == nil {
		return
	}
	defer t.mu.Unlock()
	if c.running {
		c.leave(c.phase)
	}
	if t.ended {
		return
	}
	t.calls[c.phase]--
	switch last := len(t.sheet.entries) - 1; int(c.index) {
	case -1:
	case last:
		t.sheet.entries = t.sheet.entries[:last]
	default:
		t.sheet.entries[c.index] = Entry{}
	}
}

// Retry is Abandon for an attempt that the caller's library is going to make again by itself. If it has done so limit times in
// a row for the statement, this attempt is the last one: Retry then does nothing and returns false, and the call goes on.
// Attempts are counted by transaction; without one they are all taken back.
func (c *Call) Retry(limit int) bool {
	if t := c.lock(); t != nil {
		n := t.noted()
		if n.retried != c.statement {
			n.retried, n.retries = c.statement, 0
		}
		last := n.retries == limit
		n.retries++
		t.mu.Unlock()
		if last {
			return false
		}
	}
	c.Abandon()
	return true
}

// StartFetch begins the reading of a row.
func (c *Call) StartFetch() { c.enter(Fetch) }

// StopFetch ends the reading, which yielded so many rows. A statement whose rows cannot be read has failed after all:
// errorType is then its error.type, else empty. Only the first failure of a call counts.
func (c *Call) StopFetch(rows int64, errorType string) {
	if c.agent == nil || !c.running {
		return
	}
	t := c.lock()
	if t != nil {
		defer t.mu.Unlock()
	}
	now := c.leave(Fetch)
	fails := errorType != "" && !c.failed
	c.failed = c.failed || fails
	var total *StatementTotal
	if t == nil || t.ended {
		if c.late == nil {
			c.late = &late{StatementTotal: StatementTotal{Statement: c.statement}}
		}
		total = &c.late.StatementTotal
	} else {
		total = t.sheet.statement(c.statement)
	}
	total.Fetch += now - c.began
	total.Rows += rows
	if fails {
		total.Errors++
	}
	if c.late != nil {
		if fails {
			c.late.errorType = errorType
		}
		return
	}
	e := c.entry()
	e.Fetch += now - c.began
	e.Rows += rows
	e.End = now
	if fails {
		e.ErrorType = errorType
		t.countError(errorType, c.failure(errorType, now))
	}
}

// Close says that no more rows will be read.
func (c *Call) Close() {
	l := c.late
	if l == nil {
		return
	}
	c.late = nil
	if l.errorType != "" && l.errorType != CanceledError {
		c.agent.postError(c.transaction, l.errorType, c.failure(l.errorType, c.began))
	}
	c.agent.postStatement(c.transaction, &l.StatementTotal)
}

// lock locks the transaction, if there is one.
func (c *Call) lock() *Transaction {
	if c.transaction != nil {
		c.transaction.mu.Lock()
	}
	return c.transaction
}

// entry returns the entry of a call that has not ended, or whose transaction has not. The caller holds the transaction's mutex.
func (c *Call) entry() *Entry {
	switch t := c.transaction; {
	case c.loose != nil:
		return &c.loose.Entry
	case t.ended:
		return &t.notes.orphans[c.index]
	default:
		return &t.sheet.entries[c.index]
	}
}

// now is the offset from the transaction's start, or without one from the call's.
func (c *Call) now() time.Duration {
	if c.transaction != nil {
		return c.transaction.now()
	}
	return time.Since(c.loose.epoch)
}

// enter puts the call into flight.
func (c *Call) enter(p Phase) {
	if c.agent == nil || c.running {
		return
	}
	t := c.lock()
	c.began = c.now()
	c.running = true
	if t == nil {
		return
	}
	if !t.ended {
		t.charge(c.began)
		t.clock.begin(p)
	}
	t.mu.Unlock()
}

// leave takes the call out of flight and returns the offset. The caller holds the transaction's mutex.
func (c *Call) leave(p Phase) time.Duration {
	now := c.now()
	c.running = false
	if t := c.transaction; t != nil && !t.ended {
		t.charge(now)
		t.clock.end(p)
	}
	return now
}

// post posts a call that ended after its transaction, or had none.
func (c *Call) post(e Entry) {
	if e.ErrorType != "" && e.ErrorType != CanceledError {
		c.agent.postError(c.transaction, e.ErrorType, c.failure(e.ErrorType, e.End))
	}
	c.agent.postCall(c.transaction, &e)
	if c.statement != nil {
		total := e.statementTotal()
		c.agent.postStatement(c.transaction, &total)
		return
	}
	total := e.remoteTotal()
	c.agent.postRemote(c.transaction, &total)
}

func (e *Entry) statementTotal() StatementTotal {
	total := StatementTotal{Statement: e.Statement, Calls: 1, Rows: e.Rows, Time: e.Duration, Max: e.Duration}
	if e.ErrorType != "" {
		total.Errors = 1
	}
	return total
}

func (e *Entry) remoteTotal() RemoteTotal {
	return RemoteTotal{Remote: e.Remote, ErrorType: e.ErrorType, Calls: 1, Time: e.Duration, Max: e.Duration}
}

func (s *StatementTotal) add(o StatementTotal) {
	s.Calls += o.Calls
	s.Errors += o.Errors
	s.Rows += o.Rows
	s.Time += o.Time
	s.Max = max(s.Max, o.Max)
	s.Fetch += o.Fetch
}

func (r *RemoteTotal) add(o RemoteTotal) {
	r.Calls += o.Calls
	r.Time += o.Time
	r.Max = max(r.Max, o.Max)
}
