package transaction

import (
	"context"
	"encoding/hex"
	"net/http"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// SetPropagator sets how trace context comes in and goes out. w3c says that it is
// the default, which has a short way here: traceparent, tracestate and baggage.
func (a *Agent) SetPropagator(p propagation.TextMapPropagator, w3c bool) {
	a.Propagator, a.w3c = p, w3c
	a.fields = nil
	for _, f := range p.Fields() {
		if w3c && f == "tracestate" {
			continue // It means nothing without a traceparent.
		}
		a.fields = append(a.fields, http.CanonicalHeaderKey(f))
	}
}

// Extract returns ctx with the trace context and baggage of header. Most
// requests come from browsers and carry none: they get ctx itself.
func (a *Agent) Extract(ctx context.Context, header http.Header) context.Context {
	for _, f := range a.fields {
		if len(header[f]) > 0 {
			return a.Propagator.Extract(ctx, propagation.HeaderCarrier(header))
		}
	}
	return ctx
}

// AppendTraceparent appends to b the value of the one header that says all that has to go out for sc and ctx. It returns
// false if other headers are needed and the propagator must be asked.
func (a *Agent) AppendTraceparent(ctx context.Context, b []byte, sc trace.SpanContext) ([]byte, bool) {
	if !a.w3c || sc.TraceState().Len() > 0 || baggage.FromContext(ctx).Len() > 0 {
		return b, false
	}
	traceID, spanID := sc.TraceID(), sc.SpanID()
	b = append(b, "00-"...)
	b = hex.AppendEncode(b, traceID[:])
	b = append(b, '-')
	b = hex.AppendEncode(b, spanID[:])
	if sc.IsSampled() {
		return append(b, "-01"...), true
	}
	return append(b, "-00"...), true
}
