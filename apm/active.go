package apm

import (
	"cmp"
	"slices"
	"time"

	"github.com/daybook-apm/daybook/internal/transaction"
)

// ActiveTransaction is one that has begun and not ended.
type ActiveTransaction struct {
	// ID names the transaction within this process.
	ID      uint64
	TraceID string
	Method  string
	// Route is empty while it is not known.
	Route   string
	Start   time.Time
	Elapsed time.Duration
	// Phase is what it does now: sql, fetch, external, segment or app.
	Phase string
	// Current is the statement's summary, the remote's host or the segment's name that it is in, and CurrentElapsed for how long.
	Current        string
	CurrentElapsed time.Duration
}

// Active returns the transactions that run now, those that have been running longest first.
func (a *Agent) Active() []ActiveTransaction {
	if a.core.Active == nil {
		return nil
	}
	all := a.core.Active.All()
	list := make([]ActiveTransaction, len(all))
	for i := range all {
		list[i] = activeTransaction(&all[i])
	}
	slices.SortFunc(list, func(a, b ActiveTransaction) int {
		return cmp.Or(-cmp.Compare(a.Elapsed, b.Elapsed), cmp.Compare(a.ID, b.ID))
	})
	return list
}

func activeTransaction(s *transaction.Snapshot) ActiveTransaction {
	t := ActiveTransaction{
		ID:             s.Transaction.ID(),
		TraceID:        s.Transaction.SpanContext().TraceID().String(),
		Method:         s.Endpoint.Method,
		Route:          s.Endpoint.Route,
		Start:          s.Transaction.Start(),
		Elapsed:        s.Elapsed,
		Phase:          s.Phase.String(),
		CurrentElapsed: s.CurrentElapsed,
	}
	switch e := &s.Current; {
	case e.Statement != nil:
		t.Current = e.Statement.Summary
	case e.Remote != nil:
		t.Current = e.Remote.Host
	default:
		t.Current = e.Segment
	}
	return t
}
