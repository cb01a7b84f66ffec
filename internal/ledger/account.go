package ledger

import (
	"time"

	"github.com/daybook-apm/daybook/internal/histogram"
	"github.com/daybook-apm/daybook/internal/sqltext"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// Totals are the plain sums of an endpoint.
type Totals struct {
	Calls, Failures, ClientErrors, Canceled, Slow, Repeated uint64

	Time       time.Duration
	SumSquares float64 // Of the durations in seconds, for the standard deviation.
	Max        time.Duration

	Spent    [transaction.Phases]time.Duration
	Children [transaction.Phases]int64
}

// Add adds the sums of another account.
func (t *Totals) Add(o *Totals) {
	t.Calls += o.Calls
	t.Failures += o.Failures
	t.ClientErrors += o.ClientErrors
	t.Canceled += o.Canceled
	t.Slow += o.Slow
	t.Repeated += o.Repeated
	t.Time += o.Time
	t.SumSquares += o.SumSquares
	t.Max = max(t.Max, o.Max)
	for i := range o.Spent {
		t.Spent[i] += o.Spent[i]
		t.Children[i] += o.Children[i]
	}
}

// Sub takes away the sums of o, an earlier state of the same account. Max stays: no difference can tell it.
func (t *Totals) Sub(o *Totals) {
	t.Calls -= o.Calls
	t.Failures -= o.Failures
	t.ClientErrors -= o.ClientErrors
	t.Canceled -= o.Canceled
	t.Slow -= o.Slow
	t.Repeated -= o.Repeated
	t.Time -= o.Time
	t.SumSquares = max(0, t.SumSquares-o.SumSquares) // Sums of floats are not exact.
	for i := range o.Spent {
		t.Spent[i] -= o.Spent[i]
		t.Children[i] -= o.Children[i]
	}
}

// OutcomeKey is what the durations of transactions of one endpoint are told apart by.
type OutcomeKey struct {
	Status    int
	Scheme    string
	ErrorType string
}

// Statement is the account of one statement at one endpoint.
type Statement struct {
	transaction.StatementTotal
	MaxRepeats int64 // How often it ran at most in one transaction.
	Repeated   int64 // Transactions in which it ran ten times or more.
}

// remoteKey is what the calls to remotes of one endpoint are told apart by.
type remoteKey struct {
	remote    *transaction.Remote
	errorType string
}

// account is one stripe of an endpoint. Its cell's mutex guards it.
type account struct {
	ledger   *Ledger
	endpoint *transaction.Endpoint // The same for all stripes.
	totals   Totals
	// max is the longest duration since each reader looked last.
	max        [maxReaders]time.Duration
	outcomes   []outcome
	statements map[*sqltext.Statement]*Statement
	remotes    map[remoteKey]*transaction.RemoteTotal
	segments   map[string]*transaction.SegmentTotal
	errors     map[string]uint64
}

type outcome struct {
	key       OutcomeKey
	durations histogram.Histogram
}

func (a *account) post(t *transaction.Transaction) {
	d, o := t.Duration(), t.Outcome()
	s := &a.totals
	s.Calls++
	switch {
	case o.Canceled:
		s.Canceled++
	case o.Failed:
		s.Failures++
		a.postError(o.ErrorType, 1)
	case o.Status >= 400:
		s.ClientErrors++
	}
	if t.Slow() {
		s.Slow++
	}
	s.Time += d
	s.SumSquares += d.Seconds() * d.Seconds()
	s.Max = max(s.Max, d)
	for i := range a.max {
		a.max[i] = max(a.max[i], d)
	}
	for i, spent := range t.Spent() {
		s.Spent[i] += spent
	}
	for i, n := range t.Calls() {
		s.Children[i] += n
	}
	a.outcome(OutcomeKey{o.Status, t.Scheme(), o.ErrorType}).Record(d)

	repeated := false
	statements := t.Statements()
	for i := range statements {
		total := &statements[i]
		st := a.postStatement(total)
		st.MaxRepeats = max(st.MaxRepeats, total.Calls)
		if total.Calls >= repeats {
			st.Repeated++
			repeated = true
		}
	}
	if repeated {
		s.Repeated++
	}
	remotes := t.Remotes()
	for i := range remotes {
		a.postRemote(&remotes[i])
	}
	segments := t.Segments()
	for i := range segments {
		a.postSegment(&segments[i])
	}
	for _, e := range t.Errors() {
		a.postError(e.Type, uint64(e.Count))
	}
}

// takeMax returns the longest duration since the reader looked last, or of all time for one without a maximum of its own.
func (a *account) takeMax(reader int) time.Duration {
	if reader < 0 {
		return a.totals.Max
	}
	d := a.max[reader]
	a.max[reader] = 0
	return d
}

func (a *account) outcome(key OutcomeKey) *histogram.Histogram {
	for i := range a.outcomes {
		if a.outcomes[i].key == key {
			return &a.outcomes[i].durations
		}
	}
	if len(a.outcomes) >= maxOutcomes && key != otherOutcome {
		a.ledger.overflowed.Add(1)
		return a.outcome(otherOutcome)
	}
	a.outcomes = append(a.outcomes, outcome{key, histogram.New(histogram.HTTP)})
	return &a.outcomes[len(a.outcomes)-1].durations
}

var otherOutcome = OutcomeKey{ErrorType: transaction.Other}

func (a *account) postStatement(total *transaction.StatementTotal) *Statement {
	st := a.statements[total.Statement]
	if st == nil {
		key := total.Statement
		if !a.room(len(a.statements), maxStatements) {
			key = otherStatement
		}
		if st = a.statements[key]; st == nil {
			st = &Statement{StatementTotal: transaction.StatementTotal{Statement: key}}
			if a.statements == nil {
				a.statements = make(map[*sqltext.Statement]*Statement, 1)
			}
			a.statements[key] = st
		}
	}
	st.Calls += total.Calls
	st.Errors += total.Errors
	st.Rows += total.Rows
	st.Time += total.Time
	st.Fetch += total.Fetch
	st.Max = max(st.Max, total.Max)
	return st
}

// otherStatement is the overflow account of statements.
var otherStatement = &sqltext.Statement{
	Database: &sqltext.Database{}, Text: transaction.Other, Summary: transaction.Other, ID: transaction.Other,
}

func (a *account) postRemote(total *transaction.RemoteTotal) {
	key := remoteKey{total.Remote, total.ErrorType}
	r := a.remotes[key]
	if r == nil {
		if !a.room(len(a.remotes), maxRemotes) {
			key = remoteKey{otherRemote, ""}
		}
		if r = a.remotes[key]; r == nil {
			r = &transaction.RemoteTotal{Remote: key.remote, ErrorType: key.errorType}
			if a.remotes == nil {
				a.remotes = make(map[remoteKey]*transaction.RemoteTotal, 1)
			}
			a.remotes[key] = r
		}
	}
	r.Calls += total.Calls
	r.Time += total.Time
	r.Max = max(r.Max, total.Max)
}

// otherRemote is the overflow account of remotes.
var otherRemote = &transaction.Remote{Host: transaction.Other}

func (a *account) postSegment(total *transaction.SegmentTotal) {
	name := total.Name
	s := a.segments[name]
	if s == nil {
		if !a.room(len(a.segments), maxSegments) {
			name = transaction.Other
		}
		if s = a.segments[name]; s == nil {
			s = &transaction.SegmentTotal{Name: name}
			if a.segments == nil {
				a.segments = make(map[string]*transaction.SegmentTotal, 1)
			}
			a.segments[name] = s
		}
	}
	s.Calls += total.Calls
	s.Time += total.Time
}

func (a *account) postError(errorType string, n uint64) {
	if _, ok := a.errors[errorType]; !ok {
		if !a.room(len(a.errors), maxErrors) {
			errorType = transaction.Other
		}
		if a.errors == nil {
			a.errors = make(map[string]uint64, 1)
		}
	}
	a.errors[errorType] += n
}

// room reports whether a list of so many accounts may get one more, and counts
// the account or the overflow.
func (a *account) room(have, most int) bool {
	if have >= most || a.ledger.children.Load() >= maxChildren {
		a.ledger.overflowed.Add(1)
		return false
	}
	a.ledger.children.Add(1)
	return true
}
