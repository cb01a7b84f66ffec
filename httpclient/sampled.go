package httpclient

import (
	"context"
	"net/http"
	"net/url"
	"sync/atomic"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/codes"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/semconv"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// A call of a sampled transaction goes through otelhttp, which begins the span and describes the call. This file is all that
// knows of otelhttp, and it mends what otelhttp tells: query values in url.full, and the
// text and Go type of errors in place of their class.

// live is otelhttp, set up for one agent and provider. Its transport goes on with the exchange of the context, so
// that one serves all transports of the process: programs make a transport for each call.
type live struct {
	agent     *transaction.Agent
	provider  trace.TracerProvider
	transport *otelhttp.Transport
}

// lives remembers the last one that passes trace context on, and the last one that does not.
var lives [2]atomic.Pointer[live]

func liveTransport(agent *transaction.Agent, provider trace.TracerProvider, propagates bool) *otelhttp.Transport {
	last, propagator := &lives[0], agent.Propagator
	if !propagates {
		last, propagator = &lives[1], propagation.NewCompositeTextMapPropagator()
	}
	if l := last.Load(); l != nil && l.agent == agent && l.provider == provider {
		return l.transport
	}
	l := &live{agent, provider, otelhttp.NewTransport(described{},
		otelhttp.WithTracerProvider(provider),
		otelhttp.WithMeterProvider(metricnoop.NewMeterProvider()), // The ledger counts.
		otelhttp.WithPropagators(propagator),
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return semconv.Method(r.Method) }),
	)}
	last.Store(l)
	return l.transport
}

type sendingKey struct{}

// sending is an exchange on its way through otelhttp.
type sending struct {
	exchange *exchange
	next     http.RoundTripper
}

// described is the transport inside otelhttp's: it completes the span, and goes on.
type described struct{}

// RoundTrip implements [http.RoundTripper].
func (described) RoundTrip(r *http.Request) (*http.Response, error) {
	s := r.Context().Value(sendingKey{}).(*sending)
	span := trace.SpanFromContext(r.Context())
	span.SetAttributes(semconv.URLFullKey.String(withoutSecrets(r.URL)))
	resp, err := s.next.RoundTrip(r)
	if err != nil {
		// Whoever ends the span first has the last word: otelhttp would put the error's text in it.
		class := failure(s.exchange.body.request, err)
		span.SetAttributes(semconv.ErrorTypeKey.String(class))
		span.SetStatus(codes.Error, class)
		span.End()
	}
	return resp, err
}

// withoutSecrets returns the URL without user, query and fragment.
func withoutSecrets(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath, Opaque: u.Opaque}).String()
}

// sendSampled is the way of an exchange that is traced live.
func (x *exchange) sendSampled(next http.RoundTripper, provider trace.TracerProvider, propagates bool) (*http.Response, error) {
	r := x.body.request
	ctx := context.WithValue(transaction.Attach(r.Context()), sendingKey{}, &sending{x, next})
	return liveTransport(x.body.call.Agent(), provider, propagates).RoundTrip(r.WithContext(ctx))
}
