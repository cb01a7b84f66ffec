package discard

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/bench"
)

// Spans is an [sdktrace.SpanExporter] that counts spans.
type Spans struct {
	requests, statements, calls atomic.Int64
}

// ExportSpans implements [sdktrace.SpanExporter].
func (s *Spans) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	for _, span := range spans {
		switch span.SpanKind() {
		case trace.SpanKindServer:
			s.requests.Add(1)
		case trace.SpanKindClient:
			if !isDatabase(span) {
				s.calls.Add(1)
			} else if isStatement(span.Name()) {
				s.statements.Add(1)
			}
		}
	}
	return nil
}

// Shutdown implements [sdktrace.SpanExporter].
func (*Spans) Shutdown(context.Context) error { return nil }

// Records returns what has been counted.
func (s *Spans) Records() bench.Records {
	return bench.Records{Requests: s.requests.Load(), Statements: s.statements.Load(), Calls: s.calls.Load()}
}

func isDatabase(span sdktrace.ReadOnlySpan) bool {
	for _, a := range span.Attributes() {
		if a.Key == "db.system.name" {
			return true
		}
	}
	return false
}

// statementMethods are the names under which otelsql knows statements. It has others that begin
// with "sql." for all else that a connection does.
var statementMethods = []string{"sql.conn.query", "sql.conn.exec", "sql.stmt.query", "sql.stmt.exec"}

// isStatement reports whether an operation's name stands for a statement: "SELECT",
// "SELECT customers", or one of otelsql's methods.
func isStatement(name string) bool {
	return !strings.HasPrefix(name, "sql.") || slices.Contains(statementMethods, name)
}
