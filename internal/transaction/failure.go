package transaction

import (
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/failure"
	"github.com/daybook-apm/daybook/internal/sqltext"
	"github.com/daybook-apm/daybook/internal/stack"
)

// maxFailures is how many different errors of one transaction are described. All of them are counted.
const maxFailures = 16

// notes is what few transactions have.
type notes struct {
	errors   []ErrorTotal
	orphans  []Entry            // After an end with open calls: the entries, by index.
	retried  *sqltext.Statement // What [Call.Retry] was last asked for, and how often in a row.
	retries  int
	failures []failure.Failure // Errors that were described.
	stuck    Stuck             // The recorder's look at it while it was running.
	span     trace.Span        // The live one, if it is bound to its goroutine.
}

// RecordError counts an error of the endpoint. The transaction does not fail by it.
func (t *Transaction) RecordError(errorType string) { t.RecordWith(errorType, nil) }

// RecordWith is RecordError for an error that is at hand: it is described by its message and by the place of the call.
func (t *Transaction) RecordWith(errorType string, cause error) {
	if t == nil {
		return
	}
	f := t.agent.describe(errorType, cause)
	t.mu.Lock()
	if !t.ended {
		t.countError(errorType, f)
		t.mu.Unlock()
		return
	}
	t.mu.Unlock()
	t.agent.postError(t, errorType, f)
}

// FailWith is [Transaction.Fail] for an error that is at hand.
func (t *Transaction) FailWith(errorType string, cause error) { t.fail(errorType, cause) }

// FailPanic is [Transaction.Fail] for a panic with the given value. It is called by the deferred function that sees the
// panic: the stack still shows where it was raised.
func (t *Transaction) FailPanic(value any) { t.fail(PanicError, value) }

func (t *Transaction) fail(errorType string, cause any) {
	if t == nil {
		return
	}
	// Before the lock is taken: the methods of foreign errors run here.
	f := t.agent.describe(errorType, cause)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failed(errorType) && f != nil {
		f.Outcome = true
		t.note(f)
	}
}

// describe describes an error at the place where it is recorded. It returns nil if nobody wants to know, or if
// there is nothing to tell.
func (a *Agent) describe(errorType string, cause any) *failure.Failure {
	if a.Recorder == nil || cause == nil || errorType == "" || errorType == CanceledError {
		return nil
	}
	f := failure.New(errorType, cause)
	if a.stacks.Allow(&f) {
		f.Stack = stack.Take()
	}
	return &f
}

// note keeps the description of an error that has been counted. The caller holds t.mu.
func (t *Transaction) note(f *failure.Failure) {
	if f.At == 0 {
		f.At = t.now()
	}
	n := t.noted()
	for i := range n.failures {
		if same := &n.failures[i]; same.Type == f.Type && same.Message == f.Message && same.Outcome == f.Outcome {
			same.Count++
			if same.Stack == nil {
				same.Stack = f.Stack
			}
			return
		}
	}
	if len(n.failures) < maxFailures {
		n.failures = append(n.failures, *f)
	}
}

// noted returns the notes. The caller holds t.mu.
func (t *Transaction) noted() *notes {
	if t.notes == nil {
		t.notes = &notes{}
	}
	return t.notes
}

// Explain says by which error the call is going to fail: it is called before [Call.End] or [Call.StopFetch] with an
// error.type. A nil error says nothing. Its message is kept masked, and of a call that does not fail not at all.
func (c *Call) Explain(err error) {
	if err == nil || c.agent == nil || c.agent.Recorder == nil {
		return
	}
	f := failure.New("", err)
	c.cause = &f
}

// failure returns what Explain was told, for an error of the given type that happened at the given offset.
func (c *Call) failure(errorType string, at time.Duration) *failure.Failure {
	f := c.cause
	if f != nil {
		c.cause = nil
		f.Type, f.At, f.Entry = errorType, at, int(c.index)
	}
	return f
}
