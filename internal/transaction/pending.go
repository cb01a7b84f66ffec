package transaction

import (
	"context"
	"sync/atomic"

	"go.opentelemetry.io/otel/trace"
)

// Pending is the identity that a span is to get which is about to begin: it has been given out before, to other services
// and to log lines. A span that begins with a Pending is sampled.
type Pending struct {
	TraceID trace.TraceID
	SpanID  trace.SpanID
}

type pendingKey struct{}

type pending struct {
	Pending
	begun atomic.Bool
}

// ContextWithPending returns a context in which the next span that begins is p. Those that begin after it are not, however
// deep inside it they are.
func ContextWithPending(ctx context.Context, p Pending) context.Context {
	return context.WithValue(ctx, pendingKey{}, &pending{Pending: p})
}

// PendingFrom returns the pending span of ctx, unless it has begun.
func PendingFrom(ctx context.Context) (Pending, bool) {
	p, ok := ctx.Value(pendingKey{}).(*pending)
	if !ok || p.begun.Load() {
		return Pending{}, false
	}
	return p.Pending, true
}

// BeginPending says that the pending span of ctx begins, and reports whether there is one that had not.
func BeginPending(ctx context.Context) bool {
	p, ok := ctx.Value(pendingKey{}).(*pending)
	return ok && p.begun.CompareAndSwap(false, true)
}
