package apm

import (
	"context"

	"github.com/daybook-apm/daybook/internal/semconv"
	"github.com/daybook-apm/daybook/internal/sqltext"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// Segment is a named part of a transaction. A nil Segment may be used: it does nothing.
type Segment struct{ part transaction.Part }

// StartSegment begins a part of the transaction of ctx. Its exclusive time, that in no statement, external call or inner
// segment, is reported under name, which must have few values: one transaction may have 100, the rest is (other).
// Call End on each way out, from one goroutine. Without a transaction it does nothing.
func StartSegment(ctx context.Context, name string) (context.Context, *Segment) {
	return ctx, &Segment{transaction.StartSegment(ctx, name)}
}

// End ends the segment. Only the first call does anything.
func (s *Segment) End() {
	if s != nil {
		s.part.End()
	}
}

// Statement names a database call that an adapter makes.
type Statement struct {
	System    string // db.system.name, such as "postgresql".
	Namespace string // db.namespace: the database's name.
	Text      string // The query as it is sent. It is masked before anything is kept of it.
}

// Remote names a call to another service that an adapter makes.
type Remote struct {
	System    string // Such as "redis".
	Host      string
	Port      int
	Operation string // Such as "GET".
}

// Call is a statement or a call to a remote in flight. A nil Call may be used: it does nothing.
// Its methods are called from one goroutine at a time.
type Call struct{ call transaction.Call }

// StartStatement begins a statement of the transaction of ctx; without one it is posted to (no transaction).
// Call End on each way out.
func StartStatement(ctx context.Context, s Statement) (context.Context, *Call) {
	st := sqltext.Open(s.System, s.Namespace).Statement(s.Text)
	return ctx, &Call{transaction.StartStatement(ctx, st)}
}

// StartRemote begins a call to another service, as StartStatement does for statements. Hosts are
// bounded: 200, then (other).
func StartRemote(ctx context.Context, r Remote) (context.Context, *Call) {
	return ctx, &Call{transaction.StartRemote(ctx, transaction.InternRemote(r.System, r.Host, r.Port), r.Operation)}
}

// End ends the call. A non-nil err is its failure: its type becomes error.type. Only the first call does anything.
func (c *Call) End(err error) {
	if c == nil {
		return
	}
	var r transaction.Result
	if err != nil {
		r.ErrorType = semconv.ErrorType(err)
		c.call.Explain(err)
	}
	c.call.End(r)
}
