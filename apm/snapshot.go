package apm

import (
	"cmp"
	"database/sql"
	"math"
	"slices"
	"time"

	"github.com/daybook-apm/daybook/internal/histogram"
	"github.com/daybook-apm/daybook/internal/ledger"
	"github.com/daybook-apm/daybook/internal/pool"
	"github.com/daybook-apm/daybook/internal/rollup"
	"github.com/daybook-apm/daybook/internal/semconv"
	"github.com/daybook-apm/daybook/internal/sqltext"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// Snapshot is a copy of what the ledger knew at one moment. It is plain data: nothing in it changes afterwards,
// and it may be read from any goroutine. Slices are sorted by total time, the largest first.
type Snapshot struct {
	// Instance is the service.instance.id of this process.
	Instance string
	// ServiceName and ServiceVersion describe the process as its resource does.
	ServiceName    string
	ServiceVersion string
	// Start and End are the wall times between which everything in the snapshot happened: see [Agent.Snapshot].
	Start, End time.Time

	Endpoints []EndpointStats
	// Statements and Remotes are merged over all endpoints.
	Statements []StatementStats
	Remotes    []RemoteStats
	// Errors are grouped by type and message, over all endpoints.
	Errors []ErrorStats
	Pools  []PoolStats
	// IgnoredPools counts connection pools that are not in Pools and in no metric, because there were 100 already.
	IgnoredPools uint64
	// Exports tells what became of the telemetry since the start, for each signal that is exported.
	Exports []ExportStats

	// Users is the estimated number of distinct users of the last five minutes (see [SetUser]).
	Users uint64
	// Overflowed counts what was posted to an overflow account, because a list had reached its bound.
	Overflowed uint64
	// Suppressed counts transactions that should have been kept (see [Agent.Traces]) but for the budget.
	Suppressed uint64
	// Unattributed counts calls that had no transaction.
	Unattributed uint64
}

// DurationStats describes how long the transactions of an account took.
type DurationStats struct {
	Total, Mean, P50, P95, P99, Max, StdDev time.Duration
}

// EndpointStats is the account of one endpoint: a method and a route.
type EndpointStats struct {
	// Method is one of the methods of the conventions, _OTHER, or empty for a job.
	Method string
	// Route is the pattern, or (unmatched), (other), (no transaction), or the name of a job.
	Route string

	Calls        uint64
	Failures     uint64 // 5xx, panics and transactions that were failed by hand.
	ClientErrors uint64 // 4xx.
	Canceled     uint64 // The client went away, or the handler aborted.
	Slow         uint64 // Slower than the threshold.
	Repeated     uint64 // Transactions in which one statement ran ten times or more.

	Duration DurationStats

	// SQL, Fetch, External, Segment and App are the exclusive times of all calls: they add up to Duration.Total.
	SQL, Fetch, External, Segment, App    time.Duration
	SQLCalls, ExternalCalls, SegmentCalls uint64
	Statements                            []StatementStats
	Remotes                               []RemoteStats
	Segments                              []SegmentStats
	// Errors are grouped by type and message.
	Errors []ErrorStats
}

// StatementStats is the account of one masked SQL text.
type StatementStats struct {
	ID        string // Stable fingerprint of the masked text.
	System    string // db.system.name.
	Namespace string // db.namespace.
	Summary   string // db.query.summary, such as "SELECT users".
	Text      string // Masked.

	Calls, Errors, Rows uint64
	// Total, Mean and Max are times of execution, Fetch is the time spent reading rows.
	Total, Mean, Max, Fetch time.Duration
	// MaxRepeats is how often the statement ran at most in one transaction.
	MaxRepeats uint64
	// Caller is the file and line of the program that ran it first, such as "/src/store/user.go:42"; empty: not known.
	Caller string
}

// RemoteStats is the account of one outbound host.
type RemoteStats struct {
	System string // "http" or the system of an adapter, such as "redis".
	Host   string
	Port   int

	Calls, Errors    uint64
	Total, Mean, Max time.Duration
	// ErrorTypes counts the failures by error.type.
	ErrorTypes map[string]uint64
}

// SegmentStats is the account of one named part of transactions. Time is exclusive.
type SegmentStats struct {
	Name  string
	Calls uint64
	Time  time.Duration
}

// ExportStats tells what became of one signal: traces are counted in spans, metrics in exports.
type ExportStats struct {
	Signal      string // "traces" or "metrics".
	Destination string // A URL, or "console".
	Sent        uint64
	// Failed were given up after an error. A failed export of metrics loses nothing: the next one has it too.
	Failed  uint64
	Dropped uint64 // Found no room.
	Queued  int
}

// PoolStats is the state of one connection pool.
type PoolStats struct {
	Name            string
	Idle, Used, Max int
	Waits           uint64
	WaitTime        time.Duration
}

// Snapshot returns what all finished transactions came to: since the start of the agent with a window of 0, else in the last
// window, at most 48 hours. The first call with a window begins to keep the history that it takes (see [Agent.History]).
//
// [Snapshot.Start] says how far back it really reaches: to the beginning of a minute for windows up to five minutes, of a fifth minute up to
// an hour, of an hour up to six, of a sixth hour beyond, so it may be a little more than was asked for; and not beyond
// the first call, or the start of the agent if the history was kept from its first minute on. Endpoints, statements, remotes and
// segments are all counted from that moment.
//
// Not of the window but of all time are: the maximum of statements and remotes and [StatementStats.MaxRepeats];
// [ErrorStats.Total], First and Last of errors, of which those are left out that did not happen in the window; Overflowed and Suppressed. Pools
// are as they are now, Users those of the last five minutes.
func (a *Agent) Snapshot(window time.Duration) Snapshot {
	if a.ledger == nil {
		return Snapshot{}
	}
	now := time.Now()
	s := Snapshot{
		Instance:       resourceValue(a.resource, semconv.ServiceInstanceID),
		ServiceName:    resourceValue(a.resource, semconv.ServiceName),
		ServiceVersion: resourceValue(a.resource, semconv.ServiceVersion),
		End:            now,
		Pools:          poolStats(),
		IgnoredPools:   uint64(pool.Ignored()),
		Exports:        a.exporters.exportStats(),
		Users:          a.ledger.Users(now),
		Overflowed:     a.ledger.Overflowed(),
		Suppressed:     a.recorder.Suppressed(),
	}
	var merged merged
	var failed []ledger.Account // Of each endpoint, what its errors are found by.
	var groupsBefore rollup.GroupCounts
	s.Start, groupsBefore = a.accounts(now, window, func(account *ledger.Account, durations *histogram.Counts) {
		s.Endpoints = append(s.Endpoints, endpointStats(account, durations))
		failed = append(failed, ledger.Account{Endpoint: account.Endpoint, Errors: slices.Clone(account.Errors)})
		merged.add(account)
		if account.Endpoint.Route == transaction.Without {
			s.Unattributed = unattributed(account)
		}
	})
	groups := groupErrors(a.recorder.Errors(), groupsBefore)
	for i := range failed {
		s.Endpoints[i].Errors = groups.of(&failed[i])
	}
	s.Statements, s.Remotes = merged.stats()
	s.Errors = groups.merged()
	slices.SortFunc(s.Endpoints, func(a, b EndpointStats) int {
		return cmp.Or(-cmp.Compare(a.Duration.Total, b.Duration.Total), cmp.Compare(a.Route, b.Route), cmp.Compare(a.Method, b.Method))
	})
	return s
}

// accounts visits the accounts of a window and returns when it begins, and the errors that there were by then.
func (a *Agent) accounts(now time.Time, window time.Duration, visit func(*ledger.Account, *histogram.Counts)) (time.Time, rollup.GroupCounts) {
	if window > 0 {
		if h := a.rollups(); h != nil {
			return h.Accounts(now, window, visit)
		}
	}
	a.ledger.Peek().Endpoints(func(account *ledger.Account) {
		var durations histogram.Counts
		for i := range account.Outcomes {
			durations.AddHistogram(&account.Outcomes[i].Durations)
		}
		visit(account, &durations)
	})
	return a.ledger.Start(), nil
}

func unattributed(a *ledger.Account) (calls uint64) {
	for i := range a.Statements {
		calls += uint64(a.Statements[i].Calls)
	}
	for i := range a.Remotes {
		calls += uint64(a.Remotes[i].Calls)
	}
	return calls
}

func endpointStats(a *ledger.Account, durations *histogram.Counts) EndpointStats {
	t := &a.Totals
	e := EndpointStats{
		Method: a.Endpoint.Method, Route: a.Endpoint.Route,
		Calls: t.Calls, Failures: t.Failures, ClientErrors: t.ClientErrors,
		Canceled: t.Canceled, Slow: t.Slow, Repeated: t.Repeated,
		Duration:      durationStats(t, durations),
		SQL:           t.Spent[transaction.SQL],
		Fetch:         t.Spent[transaction.Fetch],
		External:      t.Spent[transaction.External],
		Segment:       t.Spent[transaction.Segment],
		App:           t.Spent[transaction.App],
		SQLCalls:      uint64(t.Children[transaction.SQL]),
		ExternalCalls: uint64(t.Children[transaction.External]),
		SegmentCalls:  uint64(t.Children[transaction.Segment]),
	}
	for i := range a.Statements {
		e.Statements = append(e.Statements, statementStats(&a.Statements[i]))
	}
	for i := range a.Segments {
		s := &a.Segments[i]
		e.Segments = append(e.Segments, SegmentStats{Name: s.Name, Calls: uint64(s.Calls), Time: s.Time})
	}
	e.Remotes = remoteStats(a.Remotes)
	sortStats(e.Statements, e.Remotes)
	slices.SortFunc(e.Segments, func(a, b SegmentStats) int {
		return cmp.Or(-cmp.Compare(a.Time, b.Time), cmp.Compare(a.Name, b.Name))
	})
	return e
}

func durationStats(t *ledger.Totals, durations *histogram.Counts) DurationStats {
	d := DurationStats{Total: t.Time, Max: t.Max}
	if t.Calls == 0 {
		return d
	}
	n := float64(t.Calls)
	d.Mean = t.Time / time.Duration(t.Calls)
	mean := t.Time.Seconds() / n
	d.StdDev = time.Duration(math.Sqrt(max(0, t.SumSquares/n-mean*mean)) * float64(time.Second))
	// A bucket's bound may lie beyond what was ever measured.
	quantile := func(q float64) time.Duration { return min(durations.Quantile(q), t.Max) }
	d.P50, d.P95, d.P99 = quantile(0.50), quantile(0.95), quantile(0.99)
	return d
}

func statementStats(s *ledger.Statement) StatementStats {
	st := s.Statement
	stats := StatementStats{
		ID: st.ID, System: st.Database.System, Namespace: st.Database.Namespace, Summary: st.Summary, Text: st.Text,
		Calls: uint64(s.Calls), Errors: uint64(s.Errors), Rows: uint64(s.Rows),
		Total: s.Time, Max: s.Max, Fetch: s.Fetch, MaxRepeats: uint64(s.MaxRepeats),
		Caller: st.Caller(),
	}
	if s.Calls > 0 {
		stats.Mean = s.Time / time.Duration(s.Calls)
	}
	return stats
}

// remoteStats adds up what the ledger keeps apart by error.type.
func remoteStats(totals []transaction.RemoteTotal) []RemoteStats {
	var list []RemoteStats
	index := map[*transaction.Remote]int{}
	for i := range totals {
		t := &totals[i]
		at, ok := index[t.Remote]
		if !ok {
			at = len(list)
			index[t.Remote] = at
			list = append(list, RemoteStats{System: t.Remote.System, Host: t.Remote.Host, Port: t.Remote.Port})
		}
		r := &list[at]
		r.Calls += uint64(t.Calls)
		r.Total += t.Time
		r.Max = max(r.Max, t.Max)
		if t.ErrorType != "" {
			r.Errors += uint64(t.Calls)
			if r.ErrorTypes == nil {
				r.ErrorTypes = map[string]uint64{}
			}
			r.ErrorTypes[t.ErrorType] += uint64(t.Calls)
		}
	}
	for i := range list {
		list[i].Mean = list[i].Total / time.Duration(max(1, list[i].Calls))
	}
	return list
}

// merged adds up statements and remotes over endpoints.
type merged struct {
	statements map[*sqltext.Statement]*ledger.Statement
	remotes    []transaction.RemoteTotal
}

func (m *merged) add(a *ledger.Account) {
	if m.statements == nil {
		m.statements = map[*sqltext.Statement]*ledger.Statement{}
	}
	for i := range a.Statements {
		s := &a.Statements[i]
		if sum := m.statements[s.Statement]; sum != nil {
			sum.Add(s)
			continue
		}
		first := *s
		m.statements[s.Statement] = &first
	}
	m.remotes = append(m.remotes, a.Remotes...)
}

func (m *merged) stats() (statements []StatementStats, remotes []RemoteStats) {
	for _, s := range m.statements {
		statements = append(statements, statementStats(s))
	}
	remotes = remoteStats(m.remotes)
	sortStats(statements, remotes)
	return statements, remotes
}

func sortStats(statements []StatementStats, remotes []RemoteStats) {
	slices.SortFunc(statements, func(a, b StatementStats) int {
		return cmp.Or(-cmp.Compare(a.Total+a.Fetch, b.Total+b.Fetch), cmp.Compare(a.Summary, b.Summary), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(remotes, func(a, b RemoteStats) int {
		return cmp.Or(-cmp.Compare(a.Total, b.Total), cmp.Compare(a.Host, b.Host), cmp.Compare(a.Port, b.Port))
	})
}

func poolStats() (list []PoolStats) {
	pool.Each(func(name string, s sql.DBStats) {
		list = append(list, PoolStats{
			Name: name, Idle: s.Idle, Used: s.InUse, Max: s.MaxOpenConnections,
			Waits: uint64(s.WaitCount), WaitTime: s.WaitDuration,
		})
	})
	return list
}
