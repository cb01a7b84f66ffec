package transaction

import (
	"encoding/binary"
	"math/rand/v2"

	"go.opentelemetry.io/otel/trace"
)

// Sampler decides which transactions get live spans, by the rules of the standard samplers. The zero value samples none
// of those without a parent.
type Sampler struct {
	// IgnoreParent decides for each transaction anew (always_on, always_off, traceidratio), where the
	// default follows the parent's decision, either way (parentbased_…).
	IgnoreParent bool
	bound        uint64
}

// NewSampler returns the sampler that takes the given part of all trace IDs, 0 to 1.
func NewSampler(ratio float64, ignoreParent bool) Sampler {
	s := Sampler{IgnoreParent: ignoreParent}
	switch {
	case ratio >= 1:
		s.bound = 1 << 63
	case ratio > 0:
		s.bound = uint64(ratio * (1 << 63))
	}
	return s
}

// sample is what the SDK's ParentBased and TraceIDRatioBased do, without their attribute slices.
func (s Sampler) sample(parent trace.SpanContext, id trace.TraceID) bool {
	if parent.IsValid() && !s.IgnoreParent {
		return parent.IsSampled()
	}
	return binary.BigEndian.Uint64(id[8:16])>>1 < s.bound
}

// identify takes the decision on sampling and gives t its IDs.
func (t *Transaction) identify(parent trace.SpanContext) {
	if parent.IsValid() {
		p := parent // A copy, or each transaction would pay for those that have one.
		t.parent = &p
		t.traceID = parent.TraceID()
	} else {
		t.traceID = newTraceID()
	}
	if parent.IsValid() && !parent.IsRemote() && From(t.Context) == nil {
		// The program has a server span of its own. It becomes ours, so that nothing is traced twice.
		t.adopted = true
		t.spanID = parent.SpanID()
		t.sampled = parent.IsSampled()
		return
	}
	t.spanID = newSpanID()
	t.sampled = t.agent.Sampler.sample(parent, t.traceID)
}

// Sampled reports whether t is traced live.
func (t *Transaction) Sampled() bool { return t.sampled }

// Adopted reports whether the span of t is one that the program began by itself.
func (t *Transaction) Adopted() bool { return t.adopted }

// Parent returns the span that caused t; it may be invalid.
func (t *Transaction) Parent() trace.SpanContext {
	if t.parent == nil {
		return trace.SpanContext{}
	}
	return *t.parent
}

// SpanContext returns the identity that t has in traces.
func (t *Transaction) SpanContext() trace.SpanContext { return t.spanContext(t.spanID) }

// TraceID returns the trace ID of SpanContext, at a fraction of its cost.
func (t *Transaction) TraceID() trace.TraceID { return t.traceID }

// ID names t among all active transactions.
func (t *Transaction) ID() uint64 { return binary.BigEndian.Uint64(t.spanID[:]) }

func (t *Transaction) spanContext(id trace.SpanID) trace.SpanContext {
	var flags trace.TraceFlags
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID:    t.traceID,
		SpanID:     id,
		TraceFlags: flags.WithSampled(t.sampled),
		TraceState: t.Parent().TraceState(),
	})
}

func newTraceID() (id trace.TraceID) {
	binary.NativeEndian.PutUint64(id[:8], rand.Uint64())
	binary.NativeEndian.PutUint64(id[8:], rand.Uint64()|1) // Never invalid: not all zero.
	return id
}

func newSpanID() (id trace.SpanID) {
	binary.NativeEndian.PutUint64(id[:], rand.Uint64()|1)
	return id
}
