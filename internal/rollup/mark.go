package rollup

import (
	"cmp"
	"slices"
	"time"

	"github.com/daybook-apm/daybook/internal/histogram"
	"github.com/daybook-apm/daybook/internal/ledger"
	"github.com/daybook-apm/daybook/internal/sqltext"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// MaxWindow is how far back [History.Accounts] looks at most.
const MaxWindow = 48 * time.Hour

// marks are copies of all accounts as they were at some moments: what happened since then is the difference. One is made each
// minute, and the older it gets the less likely it is kept: all of the last six minutes, of the last hour those
// of each fifth minute, of the last seven hours those of the full hour, then those of each sixth.
// The first, from which the history begins, is always kept.
type marks struct {
	list     []mark
	children map[childKey]int // Numbers, by which marks know them.
}

type mark struct {
	at        time.Time
	endpoints []string // What the ledger said of each, packed, by number. Shared with other marks while it stays the same.
	children  []childSums
	groups    GroupCounts
}

// GroupCounts are how many errors each group had at some moment, by number. It may not be changed.
type GroupCounts []groupCount

type groupCount struct{ number, count uint64 }

// Of returns the count of a group; 0 if there was none.
func (c GroupCounts) Of(number uint64) uint64 {
	i, found := slices.BinarySearchFunc(c, number, func(g groupCount, n uint64) int { return cmp.Compare(g.number, n) })
	if !found {
		return 0
	}
	return c[i].count
}

// Sum returns the count of all groups.
func (c GroupCounts) Sum() (n uint64) {
	for _, g := range c {
		n += g.count
	}
	return n
}

func (h *History) countGroups() GroupCounts {
	if h.groups == nil {
		return nil
	}
	var counts GroupCounts
	h.groups(func(number, count uint64) { counts = append(counts, groupCount{number, count}) })
	slices.SortFunc(counts, func(a, b groupCount) int { return cmp.Compare(a.number, b.number) })
	return slices.Clip(counts)
}

// childKey names a statement, a remote, a segment or an error type of one endpoint.
type childKey struct {
	endpoint  transaction.Endpoint
	kind      transaction.Phase // App: an error type.
	statement *sqltext.Statement
	remote    *transaction.Remote
	name      string // Of a segment or an error type; also the error type of a remote.
}

// childSums are the sums since the start of a statement, a remote, a segment or an error type. Maxima are not among them:
// no difference can tell them.
type childSums struct {
	calls, errors, rows int64
	time, fetch         time.Duration
}

// open makes the first mark: the beginning of the ledger, or what it knows already.
func (m *marks) open(h *History) {
	m.children = map[childKey]int{}
	m.list = []mark{{at: h.last}}
	if h.last.After(h.ledger.Start()) {
		m.list[0] = m.make(h, h.last)
	}
}

func (m *marks) add(h *History, now time.Time) {
	m.list = append(m.list, m.make(h, now))
	first := true
	m.list = slices.DeleteFunc(m.list, func(k mark) bool {
		keep := first || kept(k.at.In(h.location), now.Sub(k.at))
		first = false
		return !keep
	})
}

// kept reports whether a mark of this age is kept. A little more than the window it serves, since the best one is the one
// just before.
func kept(at time.Time, age time.Duration) bool {
	switch {
	case age <= 6*time.Minute:
		return true
	case age <= 65*time.Minute:
		return at.Minute()%5 == 0
	case age <= 7*time.Hour:
		return at.Minute() == 0
	case age <= MaxWindow+7*time.Hour:
		return at.Minute() == 0 && at.Hour()%6 == 0
	default:
		return false
	}
}

// make copies the accounts. The endpoints must have been looked at just now.
func (m *marks) make(h *History, now time.Time) mark {
	k := mark{at: now, endpoints: make([]string, h.numbered), children: make([]childSums, len(m.children)), groups: h.countGroups()}
	for _, e := range h.endpoints {
		k.endpoints[e.number] = e.packed
	}
	h.ledger.Peek().Endpoints(func(a *ledger.Account) {
		eachChild(a, func(key childKey, s childSums) {
			n, ok := m.children[key]
			if !ok {
				n = len(m.children)
				m.children[key] = n
				k.children = append(k.children, childSums{})
			}
			k.children[n] = s
		})
	})
	return k
}

func eachChild(a *ledger.Account, visit func(childKey, childSums)) {
	e := a.Endpoint
	for i := range a.Statements {
		s := &a.Statements[i]
		visit(childKey{endpoint: e, kind: transaction.SQL, statement: s.Statement},
			childSums{s.Calls, s.Errors, s.Rows, s.Time, s.Fetch})
	}
	for i := range a.Remotes {
		r := &a.Remotes[i]
		visit(childKey{endpoint: e, kind: transaction.External, remote: r.Remote, name: r.ErrorType},
			childSums{calls: r.Calls, time: r.Time})
	}
	for _, s := range a.Segments {
		visit(childKey{endpoint: e, kind: transaction.Segment, name: s.Name}, childSums{calls: s.Calls, time: s.Time})
	}
	for _, s := range a.Errors {
		visit(childKey{endpoint: e, name: s.Type}, childSums{calls: s.Count})
	}
}

// before returns the youngest mark that is at least as old as the window, else the oldest.
func (m *marks) before(now time.Time, window time.Duration) *mark {
	window -= 100 * time.Millisecond // The tick that made the mark was a little late.
	for i := len(m.list) - 1; i > 0; i-- {
		if k := &m.list[i]; now.Sub(k.at) >= window {
			return k
		}
	}
	return &m.list[0]
}

// Accounts calls visit with the account of each endpoint that was called in the last window, at most [MaxWindow], as
// the ledger's reader does, and with the durations. It returns from when on everything is counted: the
// beginning of a minute, of a fifth minute in windows beyond five, of an hour or a sixth hour in
// windows beyond one or seven hours, and never before the history was opened in this process.
// Maxima of statements and remotes, and MaxRepeats and Repeated of statements, are those of all time. groups are the
// errors that there were by then, of the groups that there were.
func (h *History) Accounts(now time.Time, window time.Duration, visit func(*ledger.Account, *histogram.Counts)) (since time.Time, groups GroupCounts) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.look(now, true)
	k := h.marks.before(now, min(window, MaxWindow))
	h.ledger.Peek().Endpoints(func(a *ledger.Account) {
		var f, then Figures
		if e := h.endpoints[a.Endpoint]; e != nil {
			_ = f.addPacked(e.packed)
			if e.number < len(k.endpoints) {
				_ = then.addPacked(k.endpoints[e.number])
			}
			f.sub(&then, e.longestSince(k.at, now))
		}
		a.Totals, a.Max, a.Outcomes = f.Totals, f.Max, nil
		h.marks.subtract(a, k)
		if a.Totals.Calls > 0 || len(a.Statements)+len(a.Remotes)+len(a.Errors) > 0 {
			visit(a, &f.Durations)
		}
	})
	return k.at, k.groups
}

// longestSince returns the longest duration of the intervals since a time.
func (e *endpoint) longestSince(from, now time.Time) time.Duration {
	r := &e.minutes
	if now.Sub(from) > time.Duration(r.reach())*time.Second {
		r = &e.hours
	}
	f := r.sum(from.Unix()/r.step*r.step-r.step+1, now.Unix()+1)
	return f.Max
}

// subtract takes away from the children of an account what they were at a mark. Those of which nothing is left are left out.
func (m *marks) subtract(a *ledger.Account, k *mark) {
	before := func(key childKey) (s childSums) {
		if n, ok := m.children[key]; ok && n < len(k.children) {
			s = k.children[n]
		}
		return s
	}
	e := a.Endpoint
	for i := range a.Statements {
		s := &a.Statements[i]
		b := before(childKey{endpoint: e, kind: transaction.SQL, statement: s.Statement})
		s.Calls -= b.calls
		s.Errors -= b.errors
		s.Rows -= b.rows
		s.Time -= b.time
		s.Fetch -= b.fetch
	}
	for i := range a.Remotes {
		r := &a.Remotes[i]
		b := before(childKey{endpoint: e, kind: transaction.External, remote: r.Remote, name: r.ErrorType})
		r.Calls -= b.calls
		r.Time -= b.time
	}
	for i := range a.Segments {
		s := &a.Segments[i]
		b := before(childKey{endpoint: e, kind: transaction.Segment, name: s.Name})
		s.Calls -= b.calls
		s.Time -= b.time
	}
	for i := range a.Errors {
		t := &a.Errors[i]
		t.Count -= before(childKey{endpoint: e, name: t.Type}).calls
	}
	a.Statements = slices.DeleteFunc(a.Statements, func(s ledger.Statement) bool { return s.Calls == 0 })
	a.Remotes = slices.DeleteFunc(a.Remotes, func(r transaction.RemoteTotal) bool { return r.Calls == 0 })
	a.Segments = slices.DeleteFunc(a.Segments, func(s transaction.SegmentTotal) bool { return s.Calls == 0 })
	a.Errors = slices.DeleteFunc(a.Errors, func(t transaction.ErrorTotal) bool { return t.Count == 0 })
}
