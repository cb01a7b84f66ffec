package transaction

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/failure"
	"github.com/daybook-apm/daybook/internal/sqltext"
	"github.com/daybook-apm/daybook/internal/stack"
)

// Call is one statement or one call to a remote, from begin to end. It is a value: rows and bodies embed it. The zero
// Call does nothing. Its methods are called by one goroutine at a time.
//
// A statement goes [StartStatement], End; then StartFetch and StopFetch around each reading of a row, and Close.
// A remote goes [StartRemote]; Pause when RoundTrip has returned; Resume and Pause around each reading of the body; End.
type Call struct {
	agent       *Agent       // nil: pass-through.
	transaction *Transaction // nil: posted to Without.
	epoch       time.Time    // What offsets count from.
	began       time.Duration
	index       int  // The entry in the transaction; -1: none.
	running     bool // In flight now.
	own         Entry
	cause       *failure.Failure // What [Call.Explain] was told; nil: nothing.
	late        StatementTotal   // Rows that were read when the transaction had ended, or without one.
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
	return start(ctx, Entry{Statement: st, Open: true})
}

// StartRemote begins a call to r. Operation is the HTTP method, or an adapter's own term.
func StartRemote(ctx context.Context, r *Remote, operation string) Call {
	return start(ctx, Entry{Remote: r, Operation: operation, SpanID: newSpanID(), Open: true})
}

func start(ctx context.Context, e Entry) Call {
	c := Call{transaction: From(ctx), index: -1, own: e}
	t := c.transaction
	if t == nil {
		if c.agent = AgentFrom(ctx); c.agent != nil {
			c.agent.stray()
			c.epoch = time.Now()
			c.running = true
		}
		return c
	}
	c.agent, c.epoch = t.agent, t.start
	t.mu.Lock()
	defer t.mu.Unlock()
	c.began = t.now()
	c.own.Start = c.began
	c.running = true
	if !t.ended {
		p := c.own.phase()
		t.charge(c.began)
		t.clock.begin(p)
		t.calls[p]++
		c.index = t.children().add(&c.own)
	}
	return c
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
	return c.transaction.spanContext(c.own.SpanID)
}

// Resume puts the call into flight again.
func (c *Call) Resume() { c.enter(c.own.phase()) }

// Pause takes the call out of flight: the time that follows is the caller's.
func (c *Call) Pause() {
	if c.agent == nil || !c.running {
		return
	}
	if t := c.lock(); t != nil {
		defer t.mu.Unlock()
	}
	c.own.Duration += c.leave(c.own.phase())
}

// End ends the call and posts it. Only the first call does anything.
func (c *Call) End(r Result) {
	if c.agent == nil || !c.own.Open {
		return
	}
	t := c.lock()
	if c.running {
		c.own.Duration += c.leave(c.own.phase())
	} else {
		c.own.End = time.Since(c.epoch)
	}
	c.own.Open = false
	c.own.ErrorType, c.own.Status, c.own.Rows = r.ErrorType, r.Status, r.Rows
	if t == nil {
		c.post()
		return
	}
	if t.retried == c.own.Statement {
		t.retried = nil // What was tried again has come to its end.
	}
	if t.ended {
		t.mu.Unlock()
		c.post()
		return
	}
	if c.own.Statement != nil {
		t.sheet.statement(c.own.Statement).add(c.statementTotal())
	} else {
		t.sheet.remote(c.own.Remote, c.own.ErrorType).add(c.remoteTotal())
	}
	if c.index >= 0 {
		t.sheet.entries[c.index] = c.own
	}
	t.countError(c.own.ErrorType, c.failure(c.own.End))
	t.mu.Unlock()
	if c.index < 0 {
		own := c.own // A copy, or each Call would be allocated for the sake of these few.
		c.agent.Ledger.PostCall(&own)
	}
}

// Abandon takes the call back: it was none. Its time stays what it was. This is what driver.ErrSkip asks for.
func (c *Call) Abandon() {
	if c.agent == nil || !c.own.Open {
		return
	}
	c.own.Open = false
	t := c.lock()
	if t == nil {
		return
	}
	defer t.mu.Unlock()
	if c.running {
		c.leave(c.own.phase())
	}
	if t.ended {
		return
	}
	t.calls[c.own.phase()]--
	switch last := len(t.sheet.entries) - 1; c.index {
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
		if t.retried != c.own.Statement {
			t.retried, t.retries = c.own.Statement, 0
		}
		last := t.retries == limit
		t.retries++
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
	d := c.leave(Fetch)
	c.own.Fetch += d
	c.own.Rows += rows
	var failed int64
	if errorType != "" && c.own.ErrorType == "" {
		failed = 1
		c.own.ErrorType = errorType
	}
	if t == nil || t.ended {
		c.late.Fetch += d
		c.late.Rows += rows
		c.late.Errors += failed
		return
	}
	total := t.sheet.statement(c.own.Statement)
	total.Fetch += d
	total.Rows += rows
	total.Errors += failed
	if failed > 0 {
		t.countError(errorType, c.failure(c.own.End))
	}
	if c.index >= 0 {
		e := &t.sheet.entries[c.index]
		e.Fetch, e.Rows, e.End, e.ErrorType = c.own.Fetch, c.own.Rows, c.own.End, c.own.ErrorType
	}
}

// Close says that no more rows will be read.
func (c *Call) Close() {
	if c.agent == nil || c.late.Fetch == 0 && c.late.Rows == 0 && c.late.Errors == 0 {
		return
	}
	if c.late.Errors > 0 && c.own.ErrorType != CanceledError {
		c.agent.postError(c.transaction, c.own.ErrorType, c.failure(c.own.End))
	}
	c.late.Statement = c.own.Statement
	late := c.late
	c.agent.postStatement(c.transaction, &late)
	c.late = StatementTotal{}
}

// lock locks the transaction, if there is one.
func (c *Call) lock() *Transaction {
	if c.transaction != nil {
		c.transaction.mu.Lock()
	}
	return c.transaction
}

// enter puts the call into flight.
func (c *Call) enter(p Phase) {
	if c.agent == nil || c.running {
		return
	}
	t := c.lock()
	c.began = time.Since(c.epoch)
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

// leave takes the call out of flight and returns how long it was. The caller holds the transaction's mutex.
func (c *Call) leave(p Phase) time.Duration {
	c.own.End = time.Since(c.epoch)
	c.running = false
	if t := c.transaction; t != nil && !t.ended {
		t.charge(c.own.End)
		t.clock.end(p)
	}
	return c.own.End - c.began
}

// post posts a call that came after the end of its transaction, or had none.
func (c *Call) post() {
	if c.own.ErrorType != "" && c.own.ErrorType != CanceledError {
		c.agent.postError(c.transaction, c.own.ErrorType, c.failure(c.own.End))
	}
	own := c.own
	c.agent.postCall(c.transaction, &own)
	if c.own.Statement != nil {
		total := c.statementTotal()
		c.agent.postStatement(c.transaction, &total)
		return
	}
	total := c.remoteTotal()
	c.agent.postRemote(c.transaction, &total)
}

func (c *Call) statementTotal() StatementTotal {
	total := StatementTotal{Statement: c.own.Statement, Calls: 1, Rows: c.own.Rows, Time: c.own.Duration, Max: c.own.Duration}
	if c.own.ErrorType != "" {
		total.Errors = 1
	}
	return total
}

func (c *Call) remoteTotal() RemoteTotal {
	return RemoteTotal{Remote: c.own.Remote, ErrorType: c.own.ErrorType, Calls: 1, Time: c.own.Duration, Max: c.own.Duration}
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
