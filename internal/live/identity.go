package live

import (
	"context"
	"encoding/binary"
	"math/rand/v2"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/transaction"
)

// Sampler returns a sampler that samples what a transaction has decided on, and leaves the rest to base.
func Sampler(base sdktrace.Sampler) sdktrace.Sampler { return sampler{base} }

type sampler struct{ base sdktrace.Sampler }

// ShouldSample implements [sdktrace.Sampler]. The SDK asks for it after the IDs: the pending span has both now.
func (s sampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	if transaction.BeginPending(p.ParentContext) {
		return sdktrace.SamplingResult{
			Decision:   sdktrace.RecordAndSample,
			Tracestate: trace.SpanContextFromContext(p.ParentContext).TraceState(),
		}
	}
	return s.base.ShouldSample(p)
}

// Description implements [sdktrace.Sampler].
func (s sampler) Description() string { return "Transaction{" + s.base.Description() + "}" }

// IDs is an [sdktrace.IDGenerator] that gives pending spans the IDs that they have been given out under.
type IDs struct{}

// NewIDs implements [sdktrace.IDGenerator].
func (IDs) NewIDs(ctx context.Context) (t trace.TraceID, s trace.SpanID) {
	if p, ok := transaction.PendingFrom(ctx); ok {
		return p.TraceID, p.SpanID
	}
	binary.NativeEndian.PutUint64(t[:8], rand.Uint64())
	binary.NativeEndian.PutUint64(t[8:], rand.Uint64()|1) // Never invalid: not all zero.
	return t, newSpanID()
}

// NewSpanID implements [sdktrace.IDGenerator].
func (IDs) NewSpanID(ctx context.Context, _ trace.TraceID) trace.SpanID {
	if p, ok := transaction.PendingFrom(ctx); ok {
		return p.SpanID
	}
	return newSpanID()
}

func newSpanID() (s trace.SpanID) {
	binary.NativeEndian.PutUint64(s[:], rand.Uint64()|1)
	return s
}
