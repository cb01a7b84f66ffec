package childspan

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/semconv"
	"github.com/daybook-apm/daybook/internal/sqltext"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// Description is what a span says of a child of a transaction.
type Description struct {
	Kind       trace.SpanKind
	Name       string
	Attributes []attribute.KeyValue
}

// Statement describes a statement.
// Source: https://opentelemetry.io/docs/specs/semconv/db/database-spans/
func Statement(s *sqltext.Statement) Description {
	return Description{
		Kind: trace.SpanKindClient,
		Name: cmp.Or(s.Summary, s.Operation, s.Database.Namespace, s.Database.System),
		Attributes: []attribute.KeyValue{
			semconv.DBSystemNameKey.String(s.Database.System),
			semconv.DBNamespaceKey.String(s.Database.Namespace),
			semconv.DBOperationNameKey.String(s.Operation),
			semconv.DBQuerySummaryKey.String(s.Summary),
			semconv.DBQueryTextKey.String(s.Text),
		},
	}
}

// Segment describes a segment.
func Segment(name string) Description {
	return Description{
		Kind:       trace.SpanKindInternal,
		Name:       name,
		Attributes: []attribute.KeyValue{semconv.SegmentNameKey.String(name)},
	}
}

// Remote describes a call to a remote.
func Remote(r *transaction.Remote, operation string) Description {
	d := Description{Kind: trace.SpanKindClient, Name: operation}
	if r.System == transaction.HTTP {
		d.Attributes = append(d.Attributes, semconv.HTTPRequestMethodKey.String(operation))
	} else {
		d.Name = strings.TrimSpace(r.System + " " + operation)
	}
	d.Attributes = append(d.Attributes, semconv.ServerAddressKey.String(r.Host))
	if r.Port > 0 {
		d.Attributes = append(d.Attributes, semconv.ServerPortKey.Int(r.Port))
	}
	return d
}

// Known returns the attributes, save those that have no text.
func (d Description) Known() []attribute.KeyValue {
	return slices.DeleteFunc(d.Attributes, func(a attribute.KeyValue) bool {
		return a.Value.Type() == attribute.STRING && a.Value.AsString() == ""
	})
}

// Start begins a span of provider in parent and returns ctx with it. The scope is the package that traces.
func Start(ctx, parent context.Context, provider trace.TracerProvider, scope string, d Description) (context.Context, trace.Span) {
	_, span := provider.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL)).Start(transaction.Attach(parent), d.Name,
		trace.WithSpanKind(d.Kind), trace.WithAttributes(d.Known()...))
	return trace.ContextWithSpan(ctx, span), span
}

// End ends a span, which may be nil, with an error.type; empty: no failure. What the program has canceled itself is none either. The
// texts of errors stay out of it: they hold data.
func End(span trace.Span, errorType string) {
	if span == nil {
		return
	}
	if errorType != "" {
		span.SetAttributes(semconv.ErrorTypeKey.String(errorType))
	}
	if errorType != "" && errorType != transaction.CanceledError {
		span.SetStatus(codes.Error, "")
	}
	span.End()
}
