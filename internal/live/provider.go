package live

import (
	"context"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"

	"github.com/daybook-apm/daybook/internal/transaction"
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
// client span. What joins adds what is not known yet, and its end is none.
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
	return &tracer{base: p.base.Tracer(name, opts...), provider: p, scope: name}
}

type tracer struct {
	embedded.Tracer
	base     trace.Tracer
	provider *provider
	scope    string
}

// Start implements [trace.Tracer].
func (t *tracer) Start(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	c := trace.NewSpanStartConfig(opts...)
	if there, ok := trace.SpanFromContext(ctx).(sdktrace.ReadWriteSpan); ok && !c.NewRoot() && t.joins(there, c.SpanKind()) {
		transaction.BeginPending(ctx) // It is the one that is there.
		s := joined{there, t.scope == SQLTrace}
		s.SetAttributes(c.Attributes()...)
		return ctx, s
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

// joins reports whether a span of the tracer describes what the span does that is there.
func (t *tracer) joins(there sdktrace.ReadOnlySpan, kind trace.SpanKind) bool {
	scope := there.InstrumentationScope().Name
	if families[scope] == "" || families[scope] != families[t.scope] || there.SpanKind() != kind {
		return false
	}
	// Otelsql ends an SQL transaction in the context that it was begun with, which is inside our BEGIN. We have a span for
	// that end.
	return there.EndTime().IsZero() || scope == SQLTrace && t.scope == OTelSQL
}

type span struct {
	sdktrace.ReadWriteSpan
	provider trace.TracerProvider
}

// TracerProvider implements [trace.Span].
func (s span) TracerProvider() trace.TracerProvider { return s.provider }

// End implements [trace.Span]. Deferred by itself, as otelhttp defers it, the SDK's own would take the value of a panic for an
// event, in clear text; a call within it does not.
func (s span) End(options ...trace.SpanEndOption) { s.ReadWriteSpan.End(options...) }

// joined is a span that somebody else has begun, has named and ends.
type joined struct {
	sdktrace.ReadWriteSpan
	masked bool // It is ours who join: what we say holds no data, and wins.
}

// SetAttributes implements [trace.Span]. Foreign instrumentation knows the text of a statement and the URL of a call with the data in them.
func (j joined) SetAttributes(attributes ...attribute.KeyValue) {
	if !j.masked {
		known := j.Attributes()
		attributes = slices.DeleteFunc(slices.Clone(attributes), func(a attribute.KeyValue) bool {
			return slices.ContainsFunc(known, func(k attribute.KeyValue) bool { return k.Key == a.Key })
		})
	}
	j.ReadWriteSpan.SetAttributes(attributes...)
}

// SetStatus implements [trace.Span]. A description is the text of an error.
func (j joined) SetStatus(code codes.Code, _ string) { j.ReadWriteSpan.SetStatus(code, "") }

// RecordError implements [trace.Span]. Texts of errors stay out of spans: they hold data.
func (joined) RecordError(error, ...trace.EventOption) {}

// SetName implements [trace.Span].
func (joined) SetName(string) {}

// End implements [trace.Span].
func (joined) End(...trace.SpanEndOption) {}
