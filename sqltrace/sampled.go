package sqltrace

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/childspan"
	"github.com/daybook-apm/daybook/internal/semconv"
	"github.com/daybook-apm/daybook/internal/sqltext"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// The statements and SQL transactions of what is sampled have live spans. They begin here, by the OpenTelemetry API, and not in
// otelsql: docs/why.md says why.

// scope is the name of the tracer.
const scope = "github.com/daybook-apm/daybook/sqltrace"

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
func (c *conn) startStatementSpan(ctx, parent context.Context, s *sqltext.Statement) (context.Context, trace.Span) {
	provider := c.call.Live(parent)
	if !c.traces(parent, provider) {
		return ctx, nil
	}
	return childspan.Start(ctx, parent, provider, scope, childspan.Statement(s))
}

// startControlSpan begins the span of BEGIN, COMMIT or ROLLBACK.
func (c *conn) startControlSpan(ctx, parent context.Context, t *transaction.Transaction, operation string) (context.Context, trace.Span) {
	provider := t.Live(parent)
	if !c.traces(parent, provider) {
		return ctx, nil
	}
	return childspan.Start(ctx, parent, provider, scope, childspan.Description{
		Kind: trace.SpanKindClient,
		Name: operation,
		Attributes: []attribute.KeyValue{
			semconv.DBSystemNameKey.String(c.database.text.System),
			semconv.DBNamespaceKey.String(c.database.text.Namespace),
			semconv.DBOperationNameKey.String(operation),
		},
	})
}
