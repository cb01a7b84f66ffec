package transaction

import (
	"time"

	"github.com/daybook-apm/daybook/internal/failure"
)

// The methods of this file are for the ledger and the recorder: they read what no longer changes after the end.

// Endpoint names the account that t belongs to.
func (t *Transaction) Endpoint() Endpoint {
	route := t.route
	if route == "" {
		route = Unmatched
	}
	return Endpoint{t.method, route}
}

// Agent returns the agent that t was begun with.
func (t *Transaction) Agent() *Agent { return t.agent }

// Kind returns the kind.
func (t *Transaction) Kind() Kind { return t.kind }

// Scheme returns url.scheme; empty if t is no HTTP request.
func (t *Transaction) Scheme() string {
	switch {
	case t.method == "":
		return ""
	case t.secure:
		return "https"
	}
	return "http"
}

// Start returns when t began.
func (t *Transaction) Start() time.Time { return t.start }

// Duration returns how long t took.
func (t *Transaction) Duration() time.Duration { return t.duration }

// Outcome returns how t ended.
func (t *Transaction) Outcome() *Outcome { return &t.outcome }

// Slow reports whether t took longer than the threshold of its route. What streams is never slow.
func (t *Transaction) Slow() bool {
	return !t.outcome.Streamed && t.duration > t.agent.slow(t.route)
}

// RouteThreshold returns the threshold that was set for the route of t, or 0.
func (t *Transaction) RouteThreshold() time.Duration { return t.agent.SlowRoutes[t.route] }

// Failures returns the errors that were described, at most 16 different ones, each with its count. Those of the
// outcome are among them.
func (t *Transaction) Failures() []failure.Failure {
	if t.notes == nil {
		return nil
	}
	return t.notes.failures
}

// Spent returns the exclusive time of each phase. They add up to Duration.
func (t *Transaction) Spent() *[Phases]time.Duration { return &t.clock.spent }

// Calls returns how many children of each phase t had.
func (t *Transaction) Calls() (calls [Phases]int64) {
	for p, n := range t.calls {
		calls[p] = int64(n)
	}
	return calls
}

// Errors returns the errors that were recorded and those of the calls, by error.type. The outcome's own is not among them.
func (t *Transaction) Errors() []ErrorTotal {
	if t.notes == nil {
		return nil
	}
	return t.notes.errors
}

// User returns the hash of the user, if one was set.
func (t *Transaction) User() (hash uint64, ok bool) { return t.user, t.hasUser }

// Entries returns the first children, in the order of their begin.
func (t *Transaction) Entries() []Entry {
	if t.sheet == nil {
		return nil
	}
	return t.sheet.entries
}

// Statements returns the sums of all statements, also of those that are in no entry.
func (t *Transaction) Statements() []StatementTotal {
	if t.sheet == nil {
		return nil
	}
	return t.sheet.statements
}

// Remotes returns the sums of all calls to remotes.
func (t *Transaction) Remotes() []RemoteTotal {
	if t.sheet == nil {
		return nil
	}
	return t.sheet.remotes
}

// Segments returns the sums of all segments.
func (t *Transaction) Segments() []SegmentTotal {
	if t.sheet == nil {
		return nil
	}
	return t.sheet.segments
}
