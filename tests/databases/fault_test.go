package databases_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/XSAM/otelsql"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/apm/apmtest"
	"github.com/daybook-apm/daybook/sqltrace"
)

// The tests of this file are one for each reason why the spans of statements are not otelsql's (docs/why.md). Each shows
// what otelsql does, so that we learn when it changes, and what this library does.

// both traces what run does by otelsql and by this library, on SQLite.
func both(t *testing.T, run func(*testing.T, *tracing), options ...otelsql.Option) (theirs, ours tracetest.SpanStubs) {
	t.Helper()
	traced := traceByOtelsql(t, targets[0], append([]otelsql.Option{quiet}, options...)...)
	run(t, traced)
	traced.end()
	theirs = traced.in(otelsqlScope)
	traced = traceByDaybook(t, targets[0])
	run(t, traced)
	traced.end()
	return theirs, traced.in(daybookScope)
}

// quiet leaves out a span that otelsql has before each statement.
var quiet = otelsql.WithSpanOptions(otelsql.SpanOptions{OmitConnResetSession: true})

func expectSpans(t *testing.T, who string, spans tracetest.SpanStubs, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, names(spans)); diff != "" {
		t.Errorf("spans of %s (-want +got):\n%s", who, diff)
	}
}

func succeed(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A query is two spans, and three with the resetting of its connection.
func TestSpansOfOneQuery(t *testing.T) {
	query := func(t *testing.T, p *tracing) { succeed(t, read(p.db.QueryContext(p.ctx, `SELECT id FROM kinds`))) }
	theirs, ours := both(t, query)
	expectSpans(t, "otelsql", theirs, "sql.conn.query", "sql.rows")
	expectSpans(t, "daybook", ours, "SELECT kinds")

	talkative := traceByOtelsql(t, targets[0])
	query(t, talkative)
	expectSpans(t, "otelsql as it is", talkative.in(otelsqlScope), "sql.conn.reset_session", "sql.conn.query", "sql.rows")
}

// skipping is a driver that executes nothing without preparing it, as go-sql-driver/mysql does with arguments.
type skipping struct{ driver.Driver }

// skippingDriver is its name.
const skippingDriver = "sqlite_skipping"

func init() {
	db, err := sql.Open("sqlite", "")
	if err != nil {
		panic(err)
	}
	defer db.Close()
	sql.Register(skippingDriver, skipping{db.Driver()})
}

func (s skipping) Open(dsn string) (driver.Conn, error) {
	conn, err := s.Driver.Open(dsn)
	return skippingConn{conn}, err
}

type skippingConn struct{ driver.Conn }

func (skippingConn) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	return nil, driver.ErrSkip
}

func (skippingConn) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return nil, driver.ErrSkip
}

// frugal is what otelsql has to make less spans.
var frugal = otelsql.WithSpanOptions(otelsql.SpanOptions{
	DisableErrSkip: true, OmitConnResetSession: true, OmitConnPrepare: true, OmitConnQuery: true, OmitRows: true,
})

// A statement that the driver skips and package sql then prepares is three spans or four, one of which says that it has failed.
// The options of otelsql take that back for the error, not for its span, and lose other statements.
func TestSpanOfErrSkip(t *testing.T) {
	direct, skipping := targets[0], targets[0]
	skipping.driver = skippingDriver
	exec := func(t *testing.T, p *tracing) {
		succeed(t, second(p.db.ExecContext(p.ctx, `UPDATE ledger SET amount = ?`, 1)))
	}
	query := func(t *testing.T, p *tracing) {
		succeed(t, read(p.db.QueryContext(p.ctx, `SELECT id FROM kinds WHERE id > ?`, 1)))
	}
	for _, test := range []struct {
		name           string
		target         target
		run            func(*testing.T, *tracing)
		otelsql, least []string // As it is, and with all options that leave spans out.
		daybook        string
	}{
		{"exec", skipping, exec,
			[]string{"sql.conn.exec", "sql.conn.prepare", "sql.stmt.exec"}, []string{"sql.conn.exec", "sql.stmt.exec"}, "UPDATE ledger"},
		{"query", skipping, query,
			[]string{"sql.conn.query", "sql.conn.prepare", "sql.stmt.query", "sql.rows"}, []string{"sql.stmt.query"}, "SELECT kinds"},
		{"query that is not skipped", direct, query,
			[]string{"sql.conn.query", "sql.rows"}, []string{}, "SELECT kinds"},
	} {
		t.Run(test.name, func(t *testing.T) {
			theirs, least, ours := traceByOtelsql(t, test.target, quiet), traceByOtelsql(t, test.target, frugal), traceByDaybook(t, test.target)
			for _, p := range []*tracing{theirs, least, ours} {
				test.run(t, p)
				p.end()
			}
			expectSpans(t, "otelsql", theirs.in(otelsqlScope), test.otelsql...)
			expectSpans(t, "otelsql with options", least.in(otelsqlScope), test.least...)
			expectSpans(t, "daybook", ours.in(daybookScope), test.daybook)
			if first := theirs.in(otelsqlScope)[0]; (first.Status.Code == codes.Error) != (test.target.driver == skippingDriver) {
				t.Errorf("otelsql: status %v of %s", first.Status, first.Name)
			}
			if span := ours.in(daybookScope)[0]; span.Status.Code != codes.Unset {
				t.Errorf("daybook: status %v", span.Status)
			}
		})
	}
}

// Otelsql exports the text of an error or, told not to record it, leaves the span of the failed statement as if it had succeeded.
func TestStatusOfFailure(t *testing.T) {
	fail := func(t *testing.T, p *tracing) {
		_, err := p.db.ExecContext(p.ctx, `INSERT INTO ledger (item) VALUES ('a'), ('a')`)
		succeed(t, refused(0, err))
	}
	theirs, ours := both(t, fail)
	if s := spanNamed(t, theirs, "sql.conn.exec"); s.Status.Code != codes.Error || len(s.Events) != 1 {
		t.Errorf("otelsql: %s", spanLine(s))
	}
	theirs, _ = both(t, fail, otelsql.WithSpanOptions(otelsql.SpanOptions{OmitConnResetSession: true, RecordError: func(error) bool { return false }}))
	if s := spanNamed(t, theirs, "sql.conn.exec"); s.Status.Code != codes.Unset || len(s.Events) != 0 {
		t.Errorf("otelsql that records no error: %s", spanLine(s))
	}
	s := spanNamed(t, ours, "INSERT ledger")
	if s.Status != (sdktrace.Status{Code: codes.Error}) || len(s.Events) != 0 || !strings.Contains(spanLine(s), "error.type=2067") {
		t.Errorf("daybook: %s", spanLine(s))
	}
}

// The span sql.rows lasts until the rows are closed, whatever the program does meanwhile; ours ends with the execution.
func TestDurationOfRows(t *testing.T) {
	var executed, thought time.Time
	// The last row would close the rows: the program has time of its own before it.
	leave := func(t *testing.T, p *tracing) {
		rows, err := p.db.QueryContext(p.ctx, `SELECT id FROM kinds`)
		executed = time.Now()
		succeed(t, err)
		if !rows.Next() {
			t.Fatal("no row")
		}
		thought = time.Now()
		succeed(t, rows.Close())
	}
	for _, way := range []struct {
		traced      *tracing
		scope, name string
		includes    bool
	}{
		{traceByOtelsql(t, targets[0], quiet), otelsqlScope, "sql.rows", true},
		{traceByDaybook(t, targets[0]), daybookScope, "SELECT kinds", false},
	} {
		leave(t, way.traced)
		way.traced.end()
		s := spanNamed(t, way.traced.in(way.scope), way.name)
		if got := !s.EndTime.Before(thought); got != way.includes {
			t.Errorf("%s: the program's time is in the span: %t, want %t", way.name, got, way.includes)
		}
		if !way.includes && s.EndTime.After(executed) {
			t.Errorf("%s ends %s after the execution", way.name, s.EndTime.Sub(executed))
		}
	}
}

// Otelsql's rows do not know the types that columns are scanned to.
func TestScanType(t *testing.T) {
	types := func(ctx context.Context, db *sql.DB) []reflect.Type {
		rows, err := db.QueryContext(ctx, `SELECT id, name FROM kinds`)
		succeed(t, err)
		defer rows.Close()
		if !rows.Next() {
			t.Fatal("no row")
		}
		columns, err := rows.ColumnTypes()
		succeed(t, errors.Join(err, rows.Err()))
		var list []reflect.Type
		for _, c := range columns {
			list = append(list, c.ScanType())
		}
		return list
	}
	unknown := reflect.TypeFor[any]()
	plain, err := bare.open(targets[0].driver, targets[0].dsn)
	succeed(t, err)
	defer plain.Close()
	theirs, ours := traceByOtelsql(t, targets[0]), traceByDaybook(t, targets[0])
	if got := types(theirs.ctx, theirs.db); !slices.Equal(got, []reflect.Type{unknown, unknown}) {
		t.Errorf("otelsql: %v", got)
	}
	if got, want := types(ours.ctx, ours.db), types(t.Context(), plain); !slices.Equal(got, want) || slices.Contains(want, unknown) {
		t.Errorf("daybook: %v, want %v", got, want)
	}
}

// A prepared statement is a span for its preparation and one for each execution, through Exec as well as through Query; here only
// executions are.
func TestSpansOfPreparedStatement(t *testing.T) {
	theirs, ours := both(t, func(t *testing.T, p *tracing) {
		insert, err := p.db.PrepareContext(p.ctx, `INSERT INTO ledger (item) VALUES (?)`)
		succeed(t, err)
		defer insert.Close()
		for _, item := range []string{"tea", "milk"} {
			succeed(t, second(insert.ExecContext(p.ctx, item)))
		}
		query, err := p.db.PrepareContext(p.ctx, `SELECT item FROM ledger WHERE item = ?`)
		succeed(t, err)
		defer query.Close()
		succeed(t, read(query.QueryContext(p.ctx, "tea")))
	})
	expectSpans(t, "otelsql", theirs,
		"sql.conn.prepare", "sql.stmt.exec", "sql.stmt.exec", "sql.conn.prepare", "sql.stmt.query", "sql.rows")
	expectSpans(t, "daybook", ours, "INSERT ledger", "INSERT ledger", "SELECT ledger")
}

// Begin, commit and rollback have spans by the names of Go methods and without attributes; here they are operations of the
// database. The rollback for a context that has ended, which no program calls, is among them.
func TestSpansOfTransaction(t *testing.T) {
	theirs, ours := both(t, func(t *testing.T, p *tracing) {
		tx, err := p.db.BeginTx(p.ctx, nil)
		succeed(t, err)
		succeed(t, second(tx.ExecContext(p.ctx, `DELETE FROM ledger`)))
		succeed(t, tx.Commit())

		ctx, cancel := context.WithCancel(p.ctx)
		tx, err = p.db.BeginTx(ctx, nil)
		succeed(t, err)
		cancel()
		if err := tx.Commit(); err == nil {
			t.Error("commit after the end of the context: no error")
		}
		succeed(t, read(p.db.QueryContext(p.ctx, `SELECT 1`))) // The connection is back: the rollback is done.
	})
	expectSpans(t, "otelsql", theirs,
		"sql.conn.begin_tx", "sql.conn.exec", "sql.tx.commit", "sql.conn.begin_tx", "sql.tx.rollback", "sql.conn.query", "sql.rows")
	expectSpans(t, "daybook", ours, "BEGIN", "DELETE ledger", "COMMIT", "BEGIN", "ROLLBACK", "SELECT")
	for _, s := range theirs {
		if strings.HasPrefix(s.Name, "sql.tx.") && len(s.Attributes) != 0 {
			t.Errorf("otelsql: %s", spanLine(s))
		}
	}
	for _, s := range ours {
		want := "db.namespace=daybook.db, db.operation.name=" + s.Name + ", db.system.name=sqlite"
		if s.Name == strings.ToUpper(s.Name) && s.Name != "SELECT" && attributeLine(s.Attributes) != want {
			t.Errorf("daybook: %s", spanLine(s))
		}
	}
}

// leaks are statements with the canary in them that each kind of database refuses with a text that repeats it.
var leaks = map[string]string{
	"sqlite":     `SELECT 1 FROM ledger WHERE item = 'x' '` + canary + `'`,
	"postgresql": `SELECT CAST('` + canary + `' AS integer)`,
	"mariadb":    `INSERT INTO ledger (item) VALUES ('` + canary + `'), ('` + canary + `')`,
}

// What users type in is in the texts of statements and of errors. It is in otelsql's spans and in none of ours, neither in those that
// are traced live nor in those of a transaction that was kept because it failed.
func TestNoLiterals(t *testing.T) {
	for _, target := range targets {
		t.Run(target.name, func(t *testing.T) {
			leak := leaks[target.system]
			run := func(p *tracing) {
				t.Helper()
				succeed(t, refused(p.db.ExecContext(p.ctx, leak)))
				if err := read(p.db.QueryContext(p.ctx, leak)); err == nil || !strings.Contains(err.Error(), canary) {
					t.Errorf("the error does not repeat the canary: %v", err)
				}
				if statement, err := p.db.PrepareContext(p.ctx, leak); err == nil {
					succeed(t, refused(statement.ExecContext(p.ctx)))
					succeed(t, statement.Close())
				}
				tx, err := p.db.BeginTx(p.ctx, nil)
				succeed(t, err)
				succeed(t, refused(tx.ExecContext(p.ctx, leak)))
				succeed(t, tx.Rollback())
				succeed(t, read(p.db.QueryContext(p.ctx, `SELECT '`+canary+`'`)))
				p.end()
			}
			theirs := traceByOtelsql(t, target)
			run(theirs)
			told := 0
			for _, s := range theirs.spans() {
				told += strings.Count(everything(s), canary)
			}
			if told == 0 {
				t.Error("otelsql tells nothing, so the statements do not test what they are meant to")
			}
			for name, ours := range map[string]*tracing{"sampled": traceByDaybook(t, target), "kept": keepByDaybook(t, target)} {
				run(ours)
				spans := ours.spans()
				if len(spans) < 5 {
					t.Errorf("%s: %d spans, which are not all: %q", name, len(spans), names(spans))
				}
				for _, s := range spans {
					if text := everything(s); strings.Contains(text, canary) {
						t.Errorf("%s: the canary is in %s", name, text)
					}
				}
			}
		})
	}
}

// everything is all text of a span.
func everything(s tracetest.SpanStub) string {
	return fmt.Sprint(s.Name, s.Attributes, s.Events, s.Links, s.Status, s.SpanContext.TraceState())
}

// keepByDaybook is traceByDaybook for a transaction that is not sampled, and fails.
func keepByDaybook(t *testing.T, target target) *tracing {
	t.Helper()
	ctx, recorder := apmtest.New(t, apm.WithSampleRatio(0))
	db, err := sqltrace.Open(target.driver, target.dsn)
	ctx, transaction := apm.StartTransaction(ctx, "program")
	end := func() {
		transaction.Fail(errors.New("what the program says itself: '" + canary + "'"))
		transaction.End()
	}
	return (&tracing{target, ctx, db, end, recorder.Spans}).ready(t, err)
}
