package ledger

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/daybook-apm/daybook/internal/bounded"
	"github.com/daybook-apm/daybook/internal/histogram"
	"github.com/daybook-apm/daybook/internal/stripe"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// Bounds of the lists. What comes later goes to an account named (other).
const (
	// DefaultMaxEndpoints is the default of the option WithMaxEndpoints.
	DefaultMaxEndpoints = 500

	maxFixed      = 16   // The methods of the conventions, _OTHER, none.
	maxOutcomes   = 32   // Per endpoint: status, scheme and error.type.
	maxStatements = 100  // Per endpoint.
	maxRemotes    = 50   // Per endpoint: remote and error.type.
	maxSegments   = 100  // Per endpoint.
	maxErrors     = 50   // Per endpoint: error.type.
	maxChildren   = 5000 // Statements, remotes, segments and errors of all endpoints together.
	maxOperations = 2000 // Accounts of statement calls.
	maxRequests   = 1000 // Accounts of outbound requests.

	// repeats is how often a statement runs in one transaction before it is called a repeated query.
	repeats = 10
)

// Ledger is all accounts of one agent. It implements [transaction.Ledger]. All methods are safe for concurrent use.
type Ledger struct {
	start time.Time

	endpoints *bounded.Map[transaction.Endpoint, *striped[account]]
	// fixed holds the endpoints (unmatched) of each method and (no transaction), which are always
	// there: no flood of routes can push them out, and they push out none.
	fixed      *bounded.Map[transaction.Endpoint, *striped[account]]
	overflow   *striped[account] // The endpoint (other).
	operations *bounded.Map[OperationKey, *striped[histogram.Histogram]]
	requests   *bounded.Map[RequestKey, *striped[histogram.Histogram]]
	// otherOperation and otherRequest are the overflow accounts of the two.
	otherOperation, otherRequest *striped[histogram.Histogram]

	users  users
	points atomic.Pointer[points] // nil while nobody watches.

	children   atomic.Int64 // Accounts of statements, remotes, segments and errors.
	overflowed atomic.Uint64

	mu      sync.Mutex
	readers [maxReaders]bool
}

// OperationKey is what the durations of statement calls are told apart by.
type OperationKey struct {
	System, Namespace, Operation, Summary, ErrorType string
}

// RequestKey is what the durations of outbound requests are told apart by.
type RequestKey struct {
	Remote    *transaction.Remote
	Method    string
	Status    int
	ErrorType string
}

// New returns an empty ledger of at most maxEndpoints endpoints, and the fixed ones:
// (unmatched) for each method, (no transaction) and (other).
func New(maxEndpoints int) *Ledger {
	l := &Ledger{
		start:          time.Now(),
		otherOperation: newOperation(),
		otherRequest:   newRequest(),
		operations:     bounded.NewMap[OperationKey, *striped[histogram.Histogram]](maxOperations),
		requests:       bounded.NewMap[RequestKey, *striped[histogram.Histogram]](maxRequests),
	}
	l.endpoints = bounded.NewMap[transaction.Endpoint, *striped[account]](maxEndpoints)
	l.fixed = bounded.NewMap[transaction.Endpoint, *striped[account]](maxFixed)
	l.overflow = l.open(transaction.Endpoint{Route: transaction.Other})
	return l
}

// Start returns when the ledger was opened.
func (l *Ledger) Start() time.Time { return l.start }

// Overflowed returns how many posts went to an overflow account.
func (l *Ledger) Overflowed() uint64 { return l.overflowed.Load() }

// Post implements [transaction.Ledger].
func (l *Ledger) Post(t *transaction.Transaction) {
	number := stripe.Number()
	c := l.endpoint(t.Endpoint()).lock(number)
	c.value.post(t, number)
	endpoint := c.value.endpoint
	c.mu.Unlock()
	if p := l.points.Load(); p != nil {
		p.add(t, endpoint, number)
	}
	if hash, ok := t.User(); ok {
		l.users.add(hash, number, t.Start().Add(t.Duration()))
	}
}

// PostCall implements [transaction.Ledger].
func (l *Ledger) PostCall(e *transaction.Entry) { l.postCall(e, stripe.Number()) }

func (l *Ledger) postCall(e *transaction.Entry, number uint32) {
	var s *striped[histogram.Histogram]
	switch {
	case e.Statement != nil:
		s = l.operation(e)
	case e.Remote != nil && e.Remote.System == transaction.HTTP:
		s = l.request(e)
	default:
		return
	}
	record(s, e.Duration, number)
}

func record(s *striped[histogram.Histogram], d time.Duration, number uint32) {
	c := s.lock(number)
	c.value.Record(d)
	c.mu.Unlock()
}

// PostStatement implements [transaction.Ledger].
func (l *Ledger) PostStatement(e transaction.Endpoint, total *transaction.StatementTotal) {
	c := l.endpoint(e).lock(stripe.Number())
	c.value.postStatement(total)
	c.mu.Unlock()
}

// PostRemote implements [transaction.Ledger].
func (l *Ledger) PostRemote(e transaction.Endpoint, total *transaction.RemoteTotal) {
	c := l.endpoint(e).lock(stripe.Number())
	c.value.postRemote(total)
	c.mu.Unlock()
}

// PostError implements [transaction.Ledger].
func (l *Ledger) PostError(e transaction.Endpoint, errorType string) {
	c := l.endpoint(e).lock(stripe.Number())
	c.value.postError(errorType, 1)
	c.mu.Unlock()
}

// open returns an account without stripes but the first.
func (l *Ledger) open(e transaction.Endpoint) *striped[account] {
	return newStriped(func() account { return account{ledger: l, endpoint: &e} })
}

func (l *Ledger) endpoint(e transaction.Endpoint) *striped[account] {
	list := l.endpoints
	if e.Route == transaction.Unmatched || e.Route == transaction.Without {
		list = l.fixed
	}
	if s, ok := list.Load(e); ok {
		return s
	}
	s, ok := list.LoadOrStore(e, func() *striped[account] { return l.open(e) })
	if !ok {
		l.overflowed.Add(1)
		return l.overflow
	}
	return s
}

// operation returns the account of a statement call's durations.
func (l *Ledger) operation(e *transaction.Entry) *striped[histogram.Histogram] {
	st := e.Statement
	s, ok := l.operations.LoadOrStore(OperationKey{
		st.Database.System, st.Database.Namespace, st.Operation, st.Summary, e.ErrorType,
	}, newOperation)
	if !ok {
		l.overflowed.Add(1)
		return l.otherOperation
	}
	return s
}

// request returns the account of an outbound request's durations.
func (l *Ledger) request(e *transaction.Entry) *striped[histogram.Histogram] {
	key := RequestKey{e.Remote, e.Operation, e.Status, e.ErrorType}
	if s, ok := l.requests.Load(key); ok {
		return s
	}
	s, ok := l.requests.LoadOrStore(key, newRequest)
	if !ok {
		l.overflowed.Add(1)
		return l.otherRequest
	}
	return s
}

func newOperation() *striped[histogram.Histogram] {
	return newStriped(func() histogram.Histogram { return histogram.New(histogram.DB) })
}

func newRequest() *striped[histogram.Histogram] {
	return newStriped(func() histogram.Histogram { return histogram.New(histogram.HTTP) })
}
