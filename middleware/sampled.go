package middleware

import (
	"context"
	"net/http"
	"sync/atomic"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/codes"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/semconv"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// A sampled request goes through otelhttp, which begins the span and describes the request. This file is all that knows
// of otelhttp, and it mends what otelhttp lacks: the route of routers that clone the request, status and error.type
// when the handler panics, and the size of bodies that go through ReadFrom.

// tracing is otelhttp, set up for one agent.
type tracing struct {
	agent *transaction.Agent
	wrap  func(http.Handler) http.Handler
}

// tracings remembers the last agent's. There is hardly ever another.
type tracings struct{ last atomic.Pointer[tracing] }

func (t *tracings) of(agent *transaction.Agent) *tracing {
	if last := t.last.Load(); last != nil && last.agent == agent {
		return last
	}
	fresh := &tracing{agent, otelhttp.NewMiddleware("",
		otelhttp.WithTracerProvider(agent.TracerProvider),
		otelhttp.WithMeterProvider(metricnoop.NewMeterProvider()), // The ledger counts.
		// The trace context has been extracted already.
		otelhttp.WithPropagators(propagation.NewCompositeTextMapPropagator()),
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return semconv.Method(r.Method) }),
	)}
	t.last.Store(fresh)
	return fresh
}

// serveSampled serves next within a live span.
//
// otelhttp gets a writer of its own that leads nowhere, and learns the status in the end: around the real one it would cost the
// handler's writer its shape, and would not count what goes through ReadFrom.
func (rec *request) serveSampled(next http.Handler, w http.ResponseWriter) {
	ctx := transaction.ContextWithPending(&rec.Transaction, rec.Pending())
	ctx = otelhttp.ContextWithStartTime(ctx, rec.Start())
	traced := func(status http.ResponseWriter, r *http.Request) {
		span := trace.SpanFromContext(r.Context())
		rec.Within(span)
		defer rec.describe(span, status)
		rec.serve(r.Context(), next, w)
	}
	rec.tracings.of(rec.Agent()).wrap(http.HandlerFunc(traced)).ServeHTTP(nowhere{}, rec.outer.WithContext(ctx))
}

// describe completes the span, also when a panic is on its way. The transaction has ended.
func (rec *request) describe(span trace.Span, status http.ResponseWriter) {
	if !span.IsRecording() {
		return
	}
	endpoint, outcome := rec.Endpoint(), rec.Outcome()
	if endpoint.Route != transaction.Unmatched {
		span.SetName(endpoint.Method + " " + endpoint.Route)
		span.SetAttributes(semconv.HTTPRouteKey.String(endpoint.Route))
	}
	if outcome.RequestSize > 0 {
		span.SetAttributes(semconv.HTTPRequestBodySizeKey.Int64(outcome.RequestSize))
	}
	if outcome.ResponseSize > 0 {
		span.SetAttributes(semconv.HTTPResponseBodySizeKey.Int64(outcome.ResponseSize))
	}
	if outcome.ErrorType != "" {
		span.SetAttributes(semconv.ErrorTypeKey.String(outcome.ErrorType))
	}
	if outcome.Failed {
		span.SetStatus(codes.Error, "")
	}
	if rec.public {
		remote := trace.SpanContextFromContext(rec.Agent().Extract(context.Background(), rec.outer.Header))
		if remote.IsValid() {
			span.AddLink(trace.Link{SpanContext: remote})
		}
	}
	if outcome.Status == 0 {
		return
	}
	status.WriteHeader(outcome.Status)
	if !rec.returned { // otelhttp does not come to it.
		span.SetAttributes(semconv.HTTPStatusCodeKey.Int(outcome.Status))
	}
}

// nowhere is a writer that writes nothing.
type nowhere struct{}

// Header implements [http.ResponseWriter].
func (nowhere) Header() http.Header { return http.Header{} }

// Write implements [http.ResponseWriter].
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }

// WriteHeader implements [http.ResponseWriter].
func (nowhere) WriteHeader(int) {}
