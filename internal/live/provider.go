package live

import (
	"context"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
)

// Scopes of the instrumentation that describes what ours describes.
const (
	OTelHTTP = "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	OTelSQL  = "github.com/XSAM/otelsql"
	SQLTrace = "github.com/daybook-apm/daybook/sqltrace"
)

// families says which scopes describe the same thing.
var families = map[string]string{OTelHTTP: "http", OTelSQL: "sql", SQLTrace: "sql"}

// Provider returns a provider of base's spans, save that a span of a known scope joins the span it begins in if that is of
// the same kind and of the same family: a server span in a server span of the same process, a client span around a
// client span. What joins sets attributes and status of the one that is there, and its end is none.
func Provider(base trace.TracerProvider) trace.TracerProvider {
	if p, ok := base.(*provider); ok {
		return p
	}
	return &provider{base: base}
}

type provider struct {
	embedded.TracerProvider
	base trace.TracerProvider
}

// Tracer implements [trace.TracerProvider].
func (p *provider) Tracer(name string, opts ...trace.TracerOption) trace.Tracer {
	t := p.base.Tracer(name, opts...)
	family, ok := families[name]
	if !ok {
		return t
	}
	return &tracer{base: t, provider: p, family: family}
}

type tracer struct {
	embedded.Tracer
	base     trace.Tracer
	provider *provider
	family   string
}

// Start implements [trace.Tracer].
func (t *tracer) Start(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	c := trace.NewSpanStartConfig(opts...)
	if s, ok := trace.SpanFromContext(ctx).(sdktrace.ReadOnlySpan); ok && !c.NewRoot() && s.EndTime().IsZero() &&
		s.SpanKind() == c.SpanKind() && families[s.InstrumentationScope().Name] == t.family {
		there := trace.SpanFromContext(ctx)
		there.SetAttributes(c.Attributes()...)
		return ctx, joined{there}
	}
	ctx, s := t.base.Start(ctx, name, opts...)
	rw, ok := s.(sdktrace.ReadWriteSpan)
	if !ok {
		return ctx, s
	}
	// Instrumentation without a provider of its own asks the span for one, and must get this.
	s = span{rw, t.provider}
	return trace.ContextWithSpan(ctx, s), s
}

type span struct {
	sdktrace.ReadWriteSpan
	provider trace.TracerProvider
}

// TracerProvider implements [trace.Span].
func (s span) TracerProvider() trace.TracerProvider { return s.provider }

// joined is a span that somebody else ends.
type joined struct{ trace.Span }

// End implements [trace.Span].
func (joined) End(...trace.SpanEndOption) {}
