package transaction

import (
	"context"

	"go.opentelemetry.io/otel/trace"
)

// Live returns the provider for a live span of a child that t has or, t being nil, that belongs to no transaction. It
// returns nil if there is to be none: t is not sampled, or nothing in ctx is being traced.
func (t *Transaction) Live(ctx context.Context) trace.TracerProvider {
	if t != nil && !t.sampled {
		return nil
	}
	span := trace.SpanFromContext(Attach(ctx))
	if !span.IsRecording() {
		return nil
	}
	a := AgentFrom(ctx)
	if t != nil {
		a = t.agent
	}
	if a == nil || a.Join == nil {
		return nil
	}
	return a.Join(span.TracerProvider())
}

// Within notes the live span of t, for those who pass no context.
func (t *Transaction) Within(span trace.Span) {
	if t.binding == nil {
		return
	}
	t.mu.Lock()
	t.noted().span = span
	t.mu.Unlock()
}

// liveSpan returns the span that children of t begin in, or nil.
func (t *Transaction) liveSpan() trace.Span {
	if t.adopted {
		return trace.SpanFromContext(t.Context)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.notes == nil {
		return nil
	}
	return t.notes.span
}

// Live returns the provider for a live span of the call, or nil if there is to be none.
func (c *Call) Live(ctx context.Context) trace.TracerProvider {
	if c.agent == nil {
		return nil
	}
	return c.transaction.Live(ctx)
}

// Pending returns the identity of the span that t is to get.
func (t *Transaction) Pending() Pending { return Pending{TraceID: t.traceID, SpanID: t.spanID} }

// Live returns the provider for a live span of the segment, or nil if there is to be none.
func (s *Part) Live(ctx context.Context) trace.TracerProvider {
	if s.transaction == nil {
		return nil
	}
	return s.transaction.Live(ctx)
}
