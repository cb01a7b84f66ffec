package transaction

import (
	"context"

	"go.opentelemetry.io/otel/trace"
)

type transactionKey struct{}

// From returns the transaction that ctx belongs to, else the one that this goroutine is bound to (see
// [Agent.GoroutineLabels]), or nil.
func From(ctx context.Context) *Transaction {
	if t := FromContext(ctx); t != nil {
		return t
	}
	return fromGoroutine(ctx)
}

// FromContext returns the transaction that ctx itself belongs to, or nil.
func FromContext(ctx context.Context) *Transaction {
	t, _ := ctx.Value(transactionKey{}).(*Transaction)
	return t
}

// spanKey is the key under which the trace API keeps the current span. It is not exported, so it is learnt from the one
// function that asks for it. Answering it from the transaction spares each request the two allocations
// that trace.ContextWithSpanContext would cost, although hardly any request is ever asked.
var spanKey = func() any {
	var probe keyProbe
	trace.SpanFromContext(&probe)
	return probe.key
}()

type keyProbe struct {
	context.Context
	key any
}

func (p *keyProbe) Value(key any) any {
	p.key = key
	return nil
}

// Value implements [context.Context]. A transaction without live spans answers for the current span with one that records nothing
// but has the right IDs. A sampled one leaves the answer to its parent: the span is begun by the tracing
// library, which would take ours for the parent.
func (t *Transaction) Value(key any) any {
	if key == (transactionKey{}) {
		return t
	}
	if key == spanKey && !t.sampled && !t.adopted {
		return trace.SpanFromContext(trace.ContextWithSpanContext(context.Background(), t.SpanContext()))
	}
	return t.Context.Value(key)
}
