package ledger

import (
	"time"

	"github.com/daybook-apm/daybook/internal/histogram"
	"github.com/daybook-apm/daybook/internal/sqltext"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// maxReaders is how many readers may have a maximum of their own.
const maxReaders = 4

// Reader copies accounts out of a ledger. Its methods are called by one goroutine at a time.
type Reader struct {
	ledger  *Ledger
	number  int                 // Its maximum in each account; -1: none, it sees the maximum since the start.
	sum     histogram.Histogram // Of the stripes that were added up last.
	account Account             // Of the endpoint that was read last.
}

// NewReader returns a reader. The first four readers of a ledger see the maximum of each endpoint since they looked last;
// further ones see the maximum since the start.
func (l *Ledger) NewReader() *Reader {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.readers {
		if !l.readers[i] {
			l.readers[i] = true
			return &Reader{ledger: l, number: i}
		}
	}
	return &Reader{ledger: l, number: -1}
}

// Close gives the reader's maximum back.
func (r *Reader) Close() {
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	if r.number >= 0 {
		r.ledger.readers[r.number] = false
		r.number = -1
	}
}

// Account is the copy of an endpoint's account, all stripes added up. It is reused for the next endpoint: whoever visits
// copies what is to stay. Histograms of outcomes are the visitor's own only until it returns.
type Account struct {
	Endpoint transaction.Endpoint
	Totals   Totals
	// Max is the longest duration since this reader looked last.
	Max        time.Duration
	Outcomes   []Outcome
	Statements []Statement
	Remotes    []transaction.RemoteTotal
	Segments   []transaction.SegmentTotal
	Errors     []transaction.ErrorTotal
}

// Outcome is the histogram of the transactions that ended in one way.
type Outcome struct {
	Key       OutcomeKey
	Durations histogram.Histogram
}

// Endpoints calls visit with the account of each endpoint, in no order. Endpoints that were never called are left out.
func (r *Reader) Endpoints(visit func(*Account)) {
	a := &r.account
	r.ledger.each(func(e transaction.Endpoint, s *striped[account]) {
		a.reset(e)
		s.each(func(from *account) { a.add(from, r.number) })
		if a.Totals.Calls > 0 || len(a.Statements)+len(a.Remotes)+len(a.Errors) > 0 {
			visit(a)
		}
	})
}

// each calls visit with the stripes of each endpoint, in no order.
func (l *Ledger) each(visit func(transaction.Endpoint, *striped[account])) {
	for e, s := range l.endpoints.All() {
		visit(e, s)
	}
	for e, s := range l.fixed.All() {
		visit(e, s)
	}
	visit(transaction.Endpoint{Route: transaction.Other}, l.overflow)
}

// Operations calls visit with the durations of each kind of statement call.
func (r *Reader) Operations(visit func(OperationKey, *histogram.Histogram)) {
	l := r.ledger
	for key, s := range l.operations.All() {
		if sum := r.add(s); sum.Count() > 0 {
			visit(key, sum)
		}
	}
	if sum := r.add(l.otherOperation); sum.Count() > 0 {
		visit(OperationKey{Summary: transaction.Other}, sum)
	}
}

// Requests calls visit with the durations of each kind of outbound request.
func (r *Reader) Requests(visit func(RequestKey, *histogram.Histogram)) {
	l := r.ledger
	for key, s := range l.requests.All() {
		if sum := r.add(s); sum.Count() > 0 {
			visit(key, sum)
		}
	}
	if sum := r.add(l.otherRequest); sum.Count() > 0 {
		visit(RequestKey{Remote: otherRemote}, sum)
	}
}

// add adds up the stripes of a histogram. The sum is valid until the next one.
func (r *Reader) add(s *striped[histogram.Histogram]) *histogram.Histogram {
	r.sum.Clear()
	s.each(r.sum.Add)
	return &r.sum
}

func (a *Account) reset(e transaction.Endpoint) {
	a.Endpoint = e
	a.Totals, a.Max = Totals{}, 0
	a.Outcomes, a.Statements, a.Remotes = a.Outcomes[:0], a.Statements[:0], a.Remotes[:0]
	a.Segments, a.Errors = a.Segments[:0], a.Errors[:0]
}

// add adds one stripe.
func (a *Account) add(from *account, reader int) {
	a.Totals.Add(&from.totals)
	a.Max = max(a.Max, from.takeMax(reader))
	for i, key := range from.outcomes.keys {
		a.outcome(key).Add(&from.outcomes.values[i])
	}
	for i, st := range from.statements.keys {
		a.statement(st).Add(&from.statements.values[i].Statement)
	}
	for i := range from.remotes.values {
		a.remote(&from.remotes.values[i])
	}
	for i := range from.segments.values {
		a.segment(&from.segments.values[i])
	}
	for i := range from.errors.values {
		a.error(&from.errors.values[i])
	}
}

func (a *Account) outcome(key OutcomeKey) *histogram.Histogram {
	for i := range a.Outcomes {
		if a.Outcomes[i].Key == key {
			return &a.Outcomes[i].Durations
		}
	}
	n := len(a.Outcomes)
	if n < cap(a.Outcomes) {
		a.Outcomes = a.Outcomes[:n+1] // The histogram's memory is used again.
	} else {
		a.Outcomes = append(a.Outcomes, Outcome{})
	}
	o := &a.Outcomes[n]
	o.Key = key
	o.Durations.Clear()
	return &o.Durations
}

func (a *Account) statement(st *sqltext.Statement) *Statement {
	for i := range a.Statements {
		if s := &a.Statements[i]; s.Statement == st {
			return s
		}
	}
	a.Statements = append(a.Statements, Statement{StatementTotal: transaction.StatementTotal{Statement: st}})
	return &a.Statements[len(a.Statements)-1]
}

// Add adds the account of the same statement at another endpoint.
func (s *Statement) Add(o *Statement) {
	s.Calls += o.Calls
	s.Errors += o.Errors
	s.Rows += o.Rows
	s.Time += o.Time
	s.Fetch += o.Fetch
	s.Max = max(s.Max, o.Max)
	s.MaxRepeats = max(s.MaxRepeats, o.MaxRepeats)
	s.Repeated += o.Repeated
}

func (a *Account) remote(o *transaction.RemoteTotal) {
	for i := range a.Remotes {
		if r := &a.Remotes[i]; r.Remote == o.Remote && r.ErrorType == o.ErrorType {
			r.Calls += o.Calls
			r.Time += o.Time
			r.Max = max(r.Max, o.Max)
			return
		}
	}
	a.Remotes = append(a.Remotes, *o)
}

func (a *Account) segment(o *transaction.SegmentTotal) {
	for i := range a.Segments {
		if s := &a.Segments[i]; s.Name == o.Name {
			s.Calls += o.Calls
			s.Time += o.Time
			return
		}
	}
	a.Segments = append(a.Segments, *o)
}

func (a *Account) error(o *transaction.ErrorTotal) {
	for i := range a.Errors {
		if e := &a.Errors[i]; e.Type == o.Type {
			e.Count += o.Count
			return
		}
	}
	a.Errors = append(a.Errors, *o)
}

// Peek returns a reader that has no maximum of its own and need not be closed.
func (l *Ledger) Peek() *Reader { return &Reader{ledger: l, number: -1} }
