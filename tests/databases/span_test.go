package databases_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/XSAM/otelsql"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/apm/apmtest"
	"github.com/daybook-apm/daybook/sqltrace"
	"github.com/daybook-apm/daybook/tests/golden"
)

// The scopes of the spans that stand for each other.
const (
	daybookScope = "github.com/daybook-apm/daybook/sqltrace"
	otelsqlScope = "github.com/XSAM/otelsql"
)

// canary is in the texts of statements, as what users type in is.
const canary = "4711-Canary"

// tracing is a program whose database is traced.
type tracing struct {
	target
	ctx   context.Context // In a sampled transaction or, for otelsql, in a span.
	db    *sql.DB
	end   func() // Ends that.
	spans func() tracetest.SpanStubs
}

// traceByDaybook opens the target as a program with this library does.
func traceByDaybook(t *testing.T, target target) *tracing {
	t.Helper()
	ctx, recorder := apmtest.New(t, apm.WithSampleRatio(1))
	db, err := sqltrace.Open(target.driver, target.dsn)
	ctx, transaction := apm.StartTransaction(ctx, "program")
	return (&tracing{target, ctx, db, transaction.End, recorder.Spans}).ready(t, err)
}

// traceByOtelsql opens the target as a program with otelsql does.
func traceByOtelsql(t *testing.T, target target, options ...otelsql.Option) *tracing {
	t.Helper()
	exporter := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	db, err := otelsql.Open(target.driver, target.dsn, append([]otelsql.Option{
		otelsql.WithTracerProvider(provider), otelsql.WithMeterProvider(metricnoop.NewMeterProvider()),
	}, options...)...)
	ctx, root := provider.Tracer("program").Start(t.Context(), "program")
	return (&tracing{target, ctx, db, func() { root.End() }, exporter.GetSpans}).ready(t, err)
}

// ready has one open connection before the program begins.
func (p *tracing) ready(t *testing.T, err error) *tracing {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	p.db.SetMaxOpenConns(1)
	if _, err := p.db.ExecContext(t.Context(), `DELETE FROM ledger`); err != nil {
		t.Fatal(err)
	}
	return p
}

// in returns the spans of the scopes inside the program's own, in the order of their begin.
func (p *tracing) in(scopes ...string) tracetest.SpanStubs {
	inside := trace.SpanContextFromContext(p.ctx)
	spans := slices.DeleteFunc(p.spans(), func(s tracetest.SpanStub) bool {
		return !slices.Contains(scopes, s.InstrumentationScope.Name) || s.SpanContext.TraceID() != inside.TraceID()
	})
	slices.SortStableFunc(spans, func(a, b tracetest.SpanStub) int { return a.StartTime.Compare(b.StartTime) })
	return spans
}

// spanLine is all of a span but its identity and its times.
func spanLine(s tracetest.SpanStub) string {
	line := fmt.Sprintf("%s %s {%s}", s.SpanKind, s.Name, attributeLine(s.Attributes))
	if s.Status.Code != codes.Unset {
		line += fmt.Sprintf(" status %s %q", s.Status.Code, s.Status.Description)
	}
	for _, event := range s.Events {
		line += fmt.Sprintf(" event %s {%s}", event.Name, attributeLine(event.Attributes))
	}
	return line
}

func attributeLine(attributes []attribute.KeyValue) string {
	words := make([]string, len(attributes))
	for i, a := range attributes {
		words[i] = string(a.Key) + "=" + a.Value.String()
		if a.Key == "exception.message" { // Each release of a server has words of its own.
			words[i] = fmt.Sprintf("exception.message with the canary=%t", strings.Contains(a.Value.String(), canary))
		}
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}

func names(spans tracetest.SpanStubs) []string {
	list := []string{}
	for _, s := range spans {
		list = append(list, s.Name)
	}
	return list
}

// programCall is one call into database/sql, and what it is: spans is how many this library has for it, which is one
// for a statement and for the begin and the end of an SQL transaction.
type programCall struct {
	name  string
	spans int
	run   func(*tracing) error
}

// programStatements is how many of the calls are statements.
const programStatements = 14

// programCalls are made one after the other. What a call leaves behind for later ones is in their variables.
func programCalls() []programCall {
	var tx *sql.Tx
	var conn *sql.Conn
	var statement *sql.Stmt
	insert := `INSERT INTO ledger (item, amount) VALUES (?, ?)`
	literal := `INSERT INTO ledger (item, amount) VALUES ('` + canary + `', 3)`
	query := `SELECT item FROM ledger WHERE item = '` + canary + `'`
	prepare := func(query string) func(*tracing) error {
		return func(p *tracing) (err error) {
			statement, err = p.db.PrepareContext(p.ctx, p.sql(query))
			return err
		}
	}
	return []programCall{
		{"DB.Exec", 1, func(p *tracing) error { return second(p.db.ExecContext(p.ctx, literal)) }},
		{"DB.Exec with arguments", 1, func(p *tracing) error { return second(p.db.ExecContext(p.ctx, p.sql(insert), "tea", 1)) }},
		{"DB.Exec that fails", 1, func(p *tracing) error { return refused(p.db.ExecContext(p.ctx, literal)) }},
		{"DB.Query", 1, func(p *tracing) error { return read(p.db.QueryContext(p.ctx, query)) }},
		{"DB.Query with arguments", 1, func(p *tracing) error {
			return read(p.db.QueryContext(p.ctx, p.sql(`SELECT amount FROM ledger WHERE item = ?`), "tea"))
		}},
		{"DB.Query that fails", 1, func(p *tracing) error {
			return refused(p.db.QueryContext(p.ctx, `SELECT '`+canary+`' FROM nowhere`))
		}},
		{"DB.Prepare for Exec", 0, prepare(insert)},
		{"Stmt.Exec", 1, func(p *tracing) error { return second(statement.ExecContext(p.ctx, "milk", 2)) }},
		{"Stmt.Exec again", 1, func(p *tracing) error { return second(statement.ExecContext(p.ctx, "rice", 5)) }},
		{"Stmt.Exec that fails", 1, func(p *tracing) error { return refused(statement.ExecContext(p.ctx, "rice", 5)) }},
		{"Stmt.Close", 0, func(*tracing) error { return statement.Close() }},
		{"DB.Prepare for Query", 0, prepare(`SELECT item FROM ledger WHERE amount > ?`)},
		{"Stmt.Query", 1, func(p *tracing) error { return read(statement.QueryContext(p.ctx, 1)) }},
		{"Stmt.Close of that", 0, func(*tracing) error { return statement.Close() }},
		{"DB.Begin", 1, func(p *tracing) (err error) { tx, err = p.db.BeginTx(p.ctx, nil); return err }},
		{"Tx.Exec", 1, func(p *tracing) error { return second(tx.ExecContext(p.ctx, `UPDATE ledger SET amount = 7`)) }},
		{"Tx.Query", 1, func(p *tracing) error { return read(tx.QueryContext(p.ctx, `SELECT count(*) FROM ledger`)) }},
		{"Tx.Commit", 1, func(*tracing) error { return tx.Commit() }},
		{"DB.Begin again", 1, func(p *tracing) (err error) { tx, err = p.db.BeginTx(p.ctx, nil); return err }},
		{"Tx.Exec to be taken back", 1, func(p *tracing) error { return second(tx.ExecContext(p.ctx, `DELETE FROM ledger`)) }},
		{"Tx.Rollback", 1, func(*tracing) error { return tx.Rollback() }},
		{"DB.Conn", 0, func(p *tracing) (err error) { conn, err = p.db.Conn(p.ctx); return err }},
		{"Conn.Query", 1, func(p *tracing) error { return read(conn.QueryContext(p.ctx, `SELECT 1`)) }},
		{"Conn.Ping", 0, func(p *tracing) error { return conn.PingContext(p.ctx) }},
		{"Conn.Close", 0, func(*tracing) error { return conn.Close() }},
	}
}

// second is the error of a statement whose result nobody looks at.
func second(_ sql.Result, err error) error { return err }

func read(rows *sql.Rows, err error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

// refused is the error if the database did not refuse.
func refused[T any](_ T, err error) error {
	if err == nil {
		return fmt.Errorf("the statement was not refused")
	}
	return nil
}

// TestSpansBesideOtelsql makes the same calls with otelsql and with this library. Where otelsql has one span or several,
// this library has the one that the table of calls says; what each looks like is in the golden file of the database.
func TestSpansBesideOtelsql(t *testing.T) {
	for _, target := range targets {
		t.Run(target.name, func(t *testing.T) {
			theirs, ours := traceByOtelsql(t, target), traceByDaybook(t, target)
			theirCalls, ourCalls := programCalls(), programCalls()
			// One after the other: both write to the same tables.
			theirSpans := make([]tracetest.SpanStubs, len(theirCalls))
			for i, call := range theirCalls {
				theirSpans[i] = theirs.perform(t, call, otelsqlScope)
			}
			theirs.end()
			if _, err := ours.db.ExecContext(t.Context(), `DELETE FROM ledger`); err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			for i, call := range ourCalls {
				spans := ours.perform(t, call, daybookScope)
				if len(spans) != call.spans {
					t.Errorf("%s: %d spans, want %d: %q", call.name, len(spans), call.spans, names(spans))
				}
				fmt.Fprintf(&b, "# %s\n", call.name)
				for _, s := range theirSpans[i] {
					fmt.Fprintf(&b, "otelsql %s\n", spanLine(s))
				}
				for _, s := range spans {
					fmt.Fprintf(&b, "daybook %s\n", spanLine(s))
				}
			}
			ours.end()
			golden.Compare(t, "spans-"+strings.ReplaceAll(target.name, " ", "-"), b.String())

			// Statements, like the one before the program, that are outside of what is traced have no span at all.
			for _, s := range ours.spans() {
				if s.InstrumentationScope.Name == daybookScope && s.Parent.SpanID() != trace.SpanContextFromContext(ours.ctx).SpanID() {
					t.Errorf("span %s is not a child of the transaction's", s.Name)
				}
			}
		})
	}
}

// perform makes the call and returns the spans of the scopes that ended in it.
func (p *tracing) perform(t *testing.T, call programCall, scopes ...string) tracetest.SpanStubs {
	t.Helper()
	before := p.in(scopes...)
	if err := call.run(p); err != nil {
		t.Errorf("%s: %v", call.name, err)
	}
	return slices.DeleteFunc(p.in(scopes...), func(s tracetest.SpanStub) bool {
		return slices.ContainsFunc(before, func(old tracetest.SpanStub) bool { return old.SpanContext.Equal(s.SpanContext) })
	})
}

// spanNamed returns the one span of that name.
func spanNamed(t *testing.T, spans tracetest.SpanStubs, name string) tracetest.SpanStub {
	t.Helper()
	found := slices.DeleteFunc(slices.Clone(spans), func(s tracetest.SpanStub) bool { return s.Name != name })
	if len(found) != 1 {
		t.Fatalf("%d spans %q, want 1, in %q", len(found), name, names(spans))
	}
	return found[0]
}
