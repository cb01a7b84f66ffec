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

// statement is a statement's account, and where the durations of its calls go.
type statement struct {
	Statement
	durations *striped[histogram.Histogram] // Of those without an error; nil until there is one.
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
	outcomes   list[OutcomeKey, histogram.Histogram]
	statements list[*sqltext.Statement, statement]
	remotes    list[remoteKey, transaction.RemoteTotal]
	segments   list[string, transaction.SegmentTotal]
	errors     list[string, transaction.ErrorTotal]
}

// post posts t, by processor number.
func (a *account) post(t *transaction.Transaction, number uint32) {
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
		a.postError(e.Type, e.Count)
	}
	entries := t.Entries()
	for i := range entries {
		if e := &entries[i]; !e.Open {
			a.postCall(e, number)
		}
	}
}

// postCall posts the duration of a call. To find the account of the statement here takes no hash.
func (a *account) postCall(e *transaction.Entry, number uint32) {
	st := a.statements.find(e.Statement)
	if st == nil || e.ErrorType != "" { // It is none, had no room, or goes to an account of its own.
		a.ledger.postCall(e, number)
		return
	}
	to := st.durations
	if to == nil {
		if to = a.ledger.operation(e); to != a.ledger.otherOperation { // Which counts each post.
			st.durations = to
		}
	}
	record(to, e.Duration, number)
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
	if h := a.outcomes.find(key); h != nil {
		return h
	}
	if len(a.outcomes.keys) >= maxOutcomes && key != otherOutcome {
		a.ledger.overflowed.Add(1)
		return a.outcome(otherOutcome)
	}
	return a.outcomes.add(key, histogram.New(histogram.HTTP))
}

var otherOutcome = OutcomeKey{ErrorType: transaction.Other}

func (a *account) postStatement(total *transaction.StatementTotal) *Statement {
	key := total.Statement
	st := a.statements.find(key)
	if st == nil && !a.room(len(a.statements.keys), maxStatements) {
		key = otherStatement
		st = a.statements.find(key)
	}
	if st == nil {
		st = a.statements.add(key, statement{Statement: Statement{StatementTotal: transaction.StatementTotal{Statement: key}}})
	}
	st.Calls += total.Calls
	st.Errors += total.Errors
	st.Rows += total.Rows
	st.Time += total.Time
	st.Fetch += total.Fetch
	st.Max = max(st.Max, total.Max)
	return &st.Statement
}

// otherStatement is the overflow account of statements.
var otherStatement = &sqltext.Statement{
	Database: &sqltext.Database{}, Text: transaction.Other, Summary: transaction.Other, ID: transaction.Other,
}

func (a *account) postRemote(total *transaction.RemoteTotal) {
	key := remoteKey{total.Remote, total.ErrorType}
	r := a.remotes.find(key)
	if r == nil && !a.room(len(a.remotes.keys), maxRemotes) {
		key = remoteKey{otherRemote, ""}
		r = a.remotes.find(key)
	}
	if r == nil {
		r = a.remotes.add(key, transaction.RemoteTotal{Remote: key.remote, ErrorType: key.errorType})
	}
	r.Calls += total.Calls
	r.Time += total.Time
	r.Max = max(r.Max, total.Max)
}

// otherRemote is the overflow account of remotes.
var otherRemote = &transaction.Remote{Host: transaction.Other}

func (a *account) postSegment(total *transaction.SegmentTotal) {
	name := total.Name
	s := a.segments.find(name)
	if s == nil && !a.room(len(a.segments.keys), maxSegments) {
		name = transaction.Other
		s = a.segments.find(name)
	}
	if s == nil {
		s = a.segments.add(name, transaction.SegmentTotal{Name: name})
	}
	s.Calls += total.Calls
	s.Time += total.Time
}

func (a *account) postError(errorType string, n int64) {
	e := a.errors.find(errorType)
	if e == nil && !a.room(len(a.errors.keys), maxErrors) {
		errorType = transaction.Other
		e = a.errors.find(errorType)
	}
	if e == nil {
		e = a.errors.add(errorType, transaction.ErrorTotal{Type: errorType})
	}
	e.Count += n
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
