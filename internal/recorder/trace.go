package recorder

import (
	"slices"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/failure"
	"github.com/daybook-apm/daybook/internal/sqltext"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// maxTotals is how many totals of each kind are copied. Statements that are built anew for each call have no bound of their own.
const maxTotals = 64

// Trace is the copy of a kept transaction. It never changes.
type Trace struct {
	TraceID trace.TraceID
	SpanID  trace.SpanID
	// Parent is the span that caused it, in another process or of a transaction around it; it may be invalid.
	Parent trace.SpanContext
	// Sampled says that it was traced live.
	Sampled bool

	Reason   Reason
	Endpoint transaction.Endpoint
	Kind     transaction.Kind
	Scheme   string
	Start    time.Time
	Duration time.Duration
	Outcome  transaction.Outcome
	Spent    [transaction.Phases]time.Duration
	Calls    [transaction.Phases]int64

	Entries    []transaction.Entry
	Statements []transaction.StatementTotal
	Remotes    []transaction.RemoteTotal
	Segments   []transaction.SegmentTotal
	Failures   []failure.Failure

	// Running says that it had not ended when it was copied: it was stuck. WasStuck says that it has been copied before.
	Running, WasStuck bool
	// Stack is the stack of its goroutine while it was stuck, if that could be told.
	Stack []byte

	exported uint64 // Entries whose spans were exported when it was stuck, by index.
}

// newTrace copies t, which has ended or is observed after the given duration.
func newTrace(t *transaction.Transaction, reason Reason, d time.Duration) *Trace {
	sc := t.SpanContext()
	c := &Trace{
		TraceID:  sc.TraceID(),
		SpanID:   sc.SpanID(),
		Sampled:  t.Sampled(),
		Reason:   reason,
		Endpoint: t.Endpoint(),
		Kind:     t.Kind(),
		Scheme:   t.Scheme(),
		Start:    t.Start(),
		Duration: d,
		Outcome:  *t.Outcome(),
		Spent:    *t.Spent(),
		Calls:    t.Calls(),

		Entries:    slices.Clone(t.Entries()),
		Statements: cloneSome(t.Statements()),
		Remotes:    cloneSome(t.Remotes()),
		Segments:   cloneSome(t.Segments()),
		Failures:   slices.Clone(t.Failures()),
	}
	if !t.Adopted() {
		c.Parent = t.Parent()
	}
	if t.WasStuck() {
		c.WasStuck = true
		c.exported = t.Stuck().Exported
	}
	return c
}

func cloneSome[T any](list []T) []T { return slices.Clone(list[:min(len(list), maxTotals)]) }

// End returns when the transaction ended, or was copied.
func (t *Trace) End() time.Time { return t.Start.Add(t.Duration) }

// Repeats returns how often a statement ran: all that ended, with or without an entry, or the entries if these are more.
func (t *Trace) Repeats(st *sqltext.Statement) uint64 {
	var ended, entries int64
	for i := range t.Statements {
		if t.Statements[i].Statement == st {
			ended = t.Statements[i].Calls
		}
	}
	for i := range t.Entries {
		if t.Entries[i].Statement == st {
			entries++
		}
	}
	return uint64(max(ended, entries))
}
