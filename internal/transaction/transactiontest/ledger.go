package transactiontest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/transaction"
)

// Transaction is a copy of a transaction at the moment of its posting. Entries of open children are in it as they were.
type Transaction struct {
	Endpoint   transaction.Endpoint
	Kind       transaction.Kind
	Scheme     string
	Start      time.Time
	Duration   time.Duration
	Slow       bool
	Outcome    transaction.Outcome
	Spent      [transaction.Phases]time.Duration
	Calls      [transaction.Phases]int64
	Errors     []transaction.ErrorTotal
	User       uint64 // 0: none was set.
	Entries    []transaction.Entry
	Statements []transaction.StatementTotal
	Remotes    []transaction.RemoteTotal
	Segments   []transaction.SegmentTotal

	SpanContext trace.SpanContext
	Parent      trace.SpanContext
	Sampled     bool
}

// Statement is what PostStatement was given.
type Statement struct {
	Endpoint transaction.Endpoint
	Total    transaction.StatementTotal
}

// Remote is what PostRemote was given.
type Remote struct {
	Endpoint transaction.Endpoint
	Total    transaction.RemoteTotal
}

// Error is what PostError was given.
type Error struct {
	Endpoint transaction.Endpoint
	Type     string
}

// Ledger is a [transaction.Ledger] that keeps copies, in the order of their posting. It is safe for concurrent use.
type Ledger struct {
	tb testing.TB

	mu           sync.Mutex
	transactions []Transaction
	calls        []transaction.Entry
	statements   []Statement
	remotes      []Remote
	errors       []Error
}

// New returns a context whose agent posts to the ledger: W3C propagation, nothing sampled, nothing slow
// below one hour. Each transaction is checked when it is posted: its phases must add up to its duration.
// At the end of the test the agent is stopped, and it is an error if a transaction is still active.
func New(tb testing.TB) (context.Context, *Ledger) {
	l := &Ledger{tb: tb}
	return newContext(tb, l), l
}

// Discard is [New] for benchmarks and for counting allocations: the ledger keeps nothing and checks nothing.
func Discard(tb testing.TB) context.Context { return newContext(tb, discard{}) }

func newContext(tb testing.TB, l transaction.Ledger) context.Context {
	a := &transaction.Agent{Ledger: l, Active: &transaction.Registry{}, Slow: time.Hour}
	a.SetPropagator(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}), true)
	tb.Cleanup(func() {
		for _, s := range a.Active.All() {
			tb.Errorf("still active: %+v", s.Endpoint)
		}
		a.Stop()
	})
	return transaction.NewContext(context.Background(), a)
}

// Post implements [transaction.Ledger].
func (l *Ledger) Post(t *transaction.Transaction) {
	c := Transaction{
		Endpoint:   t.Endpoint(),
		Kind:       t.Kind(),
		Scheme:     t.Scheme(),
		Start:      t.Start(),
		Duration:   t.Duration(),
		Slow:       t.Slow(),
		Outcome:    *t.Outcome(),
		Spent:      *t.Spent(),
		Calls:      t.Calls(),
		Errors:     slices.Clone(t.Errors()),
		Entries:    slices.Clone(t.Entries()),
		Statements: slices.Clone(t.Statements()),
		Remotes:    slices.Clone(t.Remotes()),
		Segments:   slices.Clone(t.Segments()),

		SpanContext: t.SpanContext(),
		Parent:      t.Parent(),
		Sampled:     t.Sampled(),
	}
	c.User, _ = t.User()
	var sum time.Duration
	for _, d := range c.Spent {
		sum += d
	}
	if sum != c.Duration {
		l.tb.Errorf("%v: phases %v add up to %v, want the duration %v", c.Endpoint, c.Spent, sum, c.Duration)
	}
	l.mu.Lock()
	l.transactions = append(l.transactions, c)
	l.mu.Unlock()
}

// PostCall implements [transaction.Ledger].
func (l *Ledger) PostCall(e *transaction.Entry) {
	l.mu.Lock()
	l.calls = append(l.calls, *e)
	l.mu.Unlock()
}

// PostStatement implements [transaction.Ledger].
func (l *Ledger) PostStatement(e transaction.Endpoint, total *transaction.StatementTotal) {
	l.mu.Lock()
	l.statements = append(l.statements, Statement{e, *total})
	l.mu.Unlock()
}

// PostRemote implements [transaction.Ledger].
func (l *Ledger) PostRemote(e transaction.Endpoint, total *transaction.RemoteTotal) {
	l.mu.Lock()
	l.remotes = append(l.remotes, Remote{e, *total})
	l.mu.Unlock()
}

// PostError implements [transaction.Ledger].
func (l *Ledger) PostError(e transaction.Endpoint, errorType string) {
	l.mu.Lock()
	l.errors = append(l.errors, Error{e, errorType})
	l.mu.Unlock()
}

// One returns the only transaction that was posted. Any other number ends the test.
func (l *Ledger) One() Transaction {
	l.tb.Helper()
	all := l.Transactions()
	if len(all) != 1 {
		l.tb.Fatalf("%d transactions were posted, want 1: %+v", len(all), all)
	}
	return all[0]
}

// Transactions returns the transactions that were posted.
func (l *Ledger) Transactions() []Transaction {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.transactions)
}

// Calls returns what PostCall was given.
func (l *Ledger) Calls() []transaction.Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.calls)
}

// Statements returns what PostStatement was given.
func (l *Ledger) Statements() []Statement {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.statements)
}

// Remotes returns what PostRemote was given.
func (l *Ledger) Remotes() []Remote {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.remotes)
}

// Errors returns what PostError was given.
func (l *Ledger) Errors() []Error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.errors)
}

// discard is the ledger of [Discard].
type discard struct{}

func (discard) Post(*transaction.Transaction)                                   {}
func (discard) PostCall(*transaction.Entry)                                     {}
func (discard) PostStatement(transaction.Endpoint, *transaction.StatementTotal) {}
func (discard) PostRemote(transaction.Endpoint, *transaction.RemoteTotal)       {}
func (discard) PostError(transaction.Endpoint, string)                          {}
