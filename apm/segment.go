package apm

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/bridge"
	"github.com/daybook-apm/daybook/internal/childspan"
	"github.com/daybook-apm/daybook/internal/semconv"
	"github.com/daybook-apm/daybook/internal/sqltext"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// Segment is a named part of a transaction. A nil Segment may be used: it does nothing.
type Segment struct {
	part transaction.Part
	span trace.Span // nil: not traced live.
}

// StartSegment begins a part of the transaction of ctx. Its exclusive time, that in no statement, external call or inner
// segment, is reported under name, which must have few values: one transaction may have 100, the rest is (other).
// Call End on each way out, from one goroutine. Without a transaction it does nothing. The context is for what belongs to the
// part: if the transaction is sampled, it has the part's span.
func StartSegment(ctx context.Context, name string) (context.Context, *Segment) {
	s := &Segment{part: transaction.StartSegment(ctx, name)}
	if provider := s.part.Live(ctx); provider != nil {
		ctx, s.span = childspan.Start(ctx, ctx, provider, bridge.ScopeName, childspan.Segment(name))
	}
	return ctx, s
}

// End ends the segment. Only the first call does anything.
func (s *Segment) End() {
	if s == nil {
		return
	}
	s.part.End()
	childspan.End(s.span, "")
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
type Call struct {
	call transaction.Call
	span trace.Span // nil: not traced live.
}

// StartStatement begins a statement of the transaction of ctx; without one it is posted to (no transaction).
// Call End on each way out. If the transaction is sampled, the context has the statement's span.
func StartStatement(ctx context.Context, s Statement) (context.Context, *Call) {
	st := sqltext.Open(s.System, s.Namespace).Statement(s.Text)
	c := &Call{call: transaction.StartStatement(ctx, st)}
	if provider := c.call.Live(ctx); provider != nil {
		ctx, c.span = childspan.Start(ctx, ctx, provider, bridge.ScopeName, childspan.Statement(st))
	}
	return ctx, c
}

// StartRemote begins a call to another service, as StartStatement does for statements. Hosts are
// bounded: 200, then (other).
func StartRemote(ctx context.Context, r Remote) (context.Context, *Call) {
	remote := transaction.InternRemote(r.System, r.Host, r.Port)
	c := &Call{call: transaction.StartRemote(ctx, remote, r.Operation)}
	if provider := c.call.Live(ctx); provider != nil {
		ctx, c.span = childspan.Start(ctx, ctx, provider, bridge.ScopeName, childspan.Remote(remote, r.Operation))
	}
	return ctx, c
}

// End ends the call. A non-nil err is its failure, and error.type its class: canceled (which is no failure) or timeout if a context was
// the reason, else its Go type. Only the first call does anything.
func (c *Call) End(err error) {
	if c == nil {
		return
	}
	var r transaction.Result
	if err != nil {
		r.ErrorType = callErrorType(err)
		c.call.Explain(err)
	}
	c.call.End(r)
	childspan.End(c.span, r.ErrorType)
}

func callErrorType(err error) (errorType string) {
	defer func() {
		if recover() != nil { // Methods of a foreign error.
			errorType = semconv.ErrorType(err)
		}
	}()
	switch {
	case errors.Is(err, context.Canceled):
		return transaction.CanceledError
	case errors.Is(err, context.DeadlineExceeded):
		return transaction.TimeoutError
	}
	return semconv.ErrorType(err)
}
