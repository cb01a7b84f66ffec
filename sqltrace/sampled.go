package sqltrace

import (
	"cmp"
	"context"
	"slices"

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
func startSpan(ctx, parent context.Context, provider trace.TracerProvider, name string, attributes []attribute.KeyValue) (context.Context, trace.Span) {
	_, span := provider.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL)).Start(transaction.Attach(parent), name,
		trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attributes...))
	return trace.ContextWithSpan(ctx, span), span
}

// known returns those attributes that have a text.
func known(attributes ...attribute.KeyValue) []attribute.KeyValue {
	return slices.DeleteFunc(attributes, func(a attribute.KeyValue) bool { return a.Value.AsString() == "" })
}

// otelsqlPath is the package path of otelsql.
const otelsqlPath = "github.com/XSAM/otelsql"

// traces reports whether the connection has spans of this provider, which may be nil. Otelsql inside of ours traces it as well. Where the span around is of the agent's provider, otelsql's spans join ours. Where it is of a provider of the program's
// own, otelsql's most likely are too, and nothing could join them: they are the program's choice and stand alone.
func (c *conn) traces(parent context.Context, provider trace.TracerProvider) bool {
	if provider == nil {
		return false
	}
	return !c.otelsql || trace.SpanFromContext(transaction.Attach(parent)).TracerProvider() == provider
}

// startStatementSpan begins the span of a statement, which lasts as long as the driver executes it.
// Source: https://opentelemetry.io/docs/specs/semconv/db/database-spans/
func (c *conn) startStatementSpan(ctx, parent context.Context, s *sqltext.Statement) (context.Context, trace.Span) {
	provider := c.call.Live(parent)
	if !c.traces(parent, provider) {
		return ctx, nil
	}
	name := cmp.Or(s.Summary, s.Operation, s.Database.Namespace, s.Database.System)
	return startSpan(ctx, parent, provider, name, known(
		semconv.DBSystemNameKey.String(s.Database.System),
		semconv.DBNamespaceKey.String(s.Database.Namespace),
		semconv.DBOperationNameKey.String(s.Operation),
		semconv.DBQuerySummaryKey.String(s.Summary),
		semconv.DBQueryTextKey.String(s.Text),
	))
}

// startControlSpan begins the span of BEGIN, COMMIT or ROLLBACK.
func (c *conn) startControlSpan(ctx, parent context.Context, t *transaction.Transaction, operation string) (context.Context, trace.Span) {
	provider := t.Live(parent)
	if !c.traces(parent, provider) {
		return ctx, nil
	}
	return startSpan(ctx, parent, provider, operation, known(
		semconv.DBSystemNameKey.String(c.database.text.System),
		semconv.DBNamespaceKey.String(c.database.text.Namespace),
		semconv.DBOperationNameKey.String(operation),
	))
}

// endSpan ends a span with an error.type; empty: no failure. What the program has canceled itself is none either. The texts of
// errors stay out of it: they hold data.
func endSpan(span trace.Span, errorType string) {
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
