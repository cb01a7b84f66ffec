package transaction

import (
	"context"

	"go.opentelemetry.io/otel/trace"
)

// Pending is the identity that a span is to get which is about to begin: it has been given out before, to other services
// and to log lines. A span that begins with a Pending is sampled.
type Pending struct {
	TraceID trace.TraceID
	SpanID  trace.SpanID
}

type pendingKey struct{}

// ContextWithPending returns a context in which the next span that begins is p. Spans that begin inside that one are not.
func ContextWithPending(ctx context.Context, p Pending) context.Context {
	return context.WithValue(ctx, pendingKey{}, p)
}

// PendingFrom returns the pending span of ctx, unless it has begun.
func PendingFrom(ctx context.Context) (Pending, bool) {
	p, ok := ctx.Value(pendingKey{}).(Pending)
	if !ok || trace.SpanContextFromContext(ctx).SpanID() == p.SpanID {
		return Pending{}, false
	}
	return p, true
}
