package sqltrace

import (
	"cmp"
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/semconv"
	"github.com/daybook-apm/daybook/internal/sqltext"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// The statements and SQL transactions of what is sampled have live spans. They begin here, by the OpenTelemetry API, and not in
// otelsql: docs/why.md says why.

// scope is the name of the tracer.
const scope = "github.com/daybook-apm/daybook/sqltrace"

// startSpan begins a client span in parent and returns ctx with it.
func startSpan(ctx, parent context.Context, provider trace.TracerProvider, name string, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	_, span := provider.Tracer(scope).Start(transaction.Attach(parent), name,
		trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attributes...))
	return trace.ContextWithSpan(ctx, span), span
}

// startStatementSpan begins the span of a statement, which lasts as long as the driver executes it.
// Source: https://opentelemetry.io/docs/specs/semconv/db/database-spans/
func startStatementSpan(ctx, parent context.Context, call *transaction.Call, s *sqltext.Statement) (context.Context, trace.Span) {
	provider := call.Live(parent)
	if provider == nil {
		return ctx, nil
	}
	name := cmp.Or(s.Summary, s.Operation, s.Database.Namespace, s.Database.System)
	attributes := make([]attribute.KeyValue, 0, 5)
	for _, a := range []attribute.KeyValue{
		semconv.DBSystemNameKey.String(s.Database.System),
		semconv.DBNamespaceKey.String(s.Database.Namespace),
		semconv.DBOperationNameKey.String(s.Operation),
		semconv.DBQuerySummaryKey.String(s.Summary),
		semconv.DBQueryTextKey.String(s.Text),
	} {
		if a.Value.AsString() != "" {
			attributes = append(attributes, a)
		}
	}
	return startSpan(ctx, parent, provider, name, attributes...)
}

// startControlSpan begins the span of BEGIN, COMMIT or ROLLBACK.
func (d *database) startControlSpan(ctx, parent context.Context, t *transaction.Transaction, operation string) (context.Context, trace.Span) {
	provider := t.Live(parent)
	if provider == nil {
		return ctx, nil
	}
	return startSpan(ctx, parent, provider, operation,
		semconv.DBSystemNameKey.String(d.text.System), semconv.DBOperationNameKey.String(operation))
}

// endSpan ends a span with an error.type; empty: no failure. The texts of errors stay out of it: they hold data.
func endSpan(span trace.Span, errorType string) {
	if span == nil {
		return
	}
	if errorType != "" {
		span.SetAttributes(semconv.ErrorTypeKey.String(errorType))
		span.SetStatus(codes.Error, "")
	}
	span.End()
}
