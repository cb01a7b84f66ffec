package apm

import (
	"cmp"
	"slices"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/ledger"
	"github.com/daybook-apm/daybook/internal/recorder"
	"github.com/daybook-apm/daybook/internal/rollup"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// ErrorStats is errors that look the same: failed transactions, failed statements and calls, and what [RecordError] was given.
// At most 200 kinds are told apart in a process; the rest is (other).
type ErrorStats struct {
	Type string // error.type.
	// Message is what the errors say, with a "?" for numbers, quoted text and everything else that is data. It is empty
	// for what has no text, such as a status.
	Message string
	// Count is how many of them there were in the time of the snapshot, Total since the start of the agent.
	Count, Total uint64

	// First and Last are when the first and the last of all happened. They are zero if it is not known any more.
	First, Last time.Time
	// Endpoints tells where they happened, the one with the most first.
	Endpoints []ErrorEndpoint
	// Stack is where one of them was recorded or raised, as the runtime prints stacks. Only panics and what [RecordError] and
	// [Transaction.Fail] were given have one.
	Stack string
	// LastTraceID is the trace ID of the last one; empty if that had no transaction.
	LastTraceID string
}

// ErrorEndpoint is the part of an endpoint in [ErrorStats].
type ErrorEndpoint struct {
	Method, Route string
	Count, Total  uint64
}

// errorGroup is a group of the recorder. Its own count is that of all time.
type errorGroup struct {
	recorder.Group
	recent uint64 // In the window.
}

// errorGroups are the recorder's groups that have errors in a window.
type errorGroups struct {
	all        []errorGroup
	byEndpoint map[transaction.Endpoint][]errorGroup
}

// groupErrors takes from all groups what they had before a window.
func groupErrors(all []recorder.Group, before rollup.GroupCounts) errorGroups {
	g := errorGroups{byEndpoint: map[transaction.Endpoint][]errorGroup{}}
	var left uint64 // What happened in the window and is in no other group.
	for i := range all {
		left += all[i].Count
	}
	left -= before.Sum()
	for i := range all {
		group := errorGroup{Group: all[i], recent: left}
		// A group that makes room takes its old errors to that of the others, which comes last.
		if group.Number != 0 {
			group.recent = group.Count - before.Of(group.Number)
			left -= group.recent
		}
		if group.recent > 0 {
			g.all = append(g.all, group)
			g.byEndpoint[group.Endpoint] = append(g.byEndpoint[group.Endpoint], group)
		}
	}
	return g
}

// of returns the errors of one endpoint. The ledger's counts are the ones that count: what the
// recorder has no group for any more is in one without a message.
func (g errorGroups) of(a *ledger.Account) []ErrorStats {
	var list []ErrorStats
	for _, total := range a.Errors {
		left := uint64(total.Count)
		for _, group := range g.byEndpoint[a.Endpoint] {
			if group.Type == total.Type {
				list = append(list, errorStats(&group))
				left -= min(left, group.recent)
			}
		}
		if left > 0 {
			list = append(list, ErrorStats{
				Type: total.Type, Count: left, Total: left,
				Endpoints: []ErrorEndpoint{{a.Endpoint.Method, a.Endpoint.Route, left, left}},
			})
		}
	}
	sortErrors(list)
	return list
}

// merged returns the errors of all endpoints.
func (g errorGroups) merged() []ErrorStats {
	type key struct{ errorType, message string }
	var list []ErrorStats
	index := map[key]int{}
	for i := range g.all {
		stats := errorStats(&g.all[i])
		at, ok := index[key{stats.Type, stats.Message}]
		if !ok {
			index[key{stats.Type, stats.Message}] = len(list)
			list = append(list, stats)
			continue
		}
		list[at].add(&stats)
	}
	for i := range list {
		slices.SortFunc(list[i].Endpoints, func(a, b ErrorEndpoint) int {
			return cmp.Or(-cmp.Compare(a.Count, b.Count), cmp.Compare(a.Route, b.Route), cmp.Compare(a.Method, b.Method))
		})
	}
	sortErrors(list)
	return list
}

func (e *ErrorStats) add(o *ErrorStats) {
	e.Count += o.Count
	e.Total += o.Total
	e.Endpoints = append(e.Endpoints, o.Endpoints...)
	if o.First.Before(e.First) {
		e.First = o.First
	}
	if o.Last.After(e.Last) {
		e.Last, e.LastTraceID = o.Last, o.LastTraceID
	}
	if e.Stack == "" {
		e.Stack = o.Stack
	}
}

func errorStats(g *errorGroup) ErrorStats {
	return ErrorStats{
		Type: g.Type, Message: g.Message, Count: g.recent, Total: g.Count, First: g.First, Last: g.Last,
		Endpoints:   []ErrorEndpoint{{g.Endpoint.Method, g.Endpoint.Route, g.recent, g.Count}},
		Stack:       g.Stack.String(),
		LastTraceID: traceIDText(g.TraceID),
	}
}

func sortErrors(list []ErrorStats) {
	slices.SortFunc(list, func(a, b ErrorStats) int {
		return cmp.Or(-cmp.Compare(a.Count, b.Count), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Message, b.Message))
	})
}

// traceIDText writes a trace ID, and nothing for one that is not valid.
func traceIDText(id trace.TraceID) string {
	if !id.IsValid() {
		return ""
	}
	return id.String()
}
