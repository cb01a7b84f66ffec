package sqltrace_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"reflect"
	"testing"

	"github.com/daybook-apm/daybook/internal/transaction"
	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
	"github.com/daybook-apm/daybook/sqltrace"
)

// fastConn is a connection of current drivers' shape that answers at once: two rows, one affected.
type fastConn struct{}

func (fastConn) Connect(context.Context) (driver.Conn, error)                 { return fastConn{}, nil }
func (fastConn) Driver() driver.Driver                                        { return newFake(nil) }
func (fastConn) Prepare(string) (driver.Stmt, error)                          { return fastStmt{}, nil }
func (fastConn) Close() error                                                 { return nil }
func (fastConn) Begin() (driver.Tx, error)                                    { return fastTx{}, nil }
func (fastConn) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) { return fastTx{}, nil }
func (fastConn) ResetSession(context.Context) error                           { return nil }
func (fastConn) IsValid() bool                                                { return true }
func (fastConn) CheckNamedValue(*driver.NamedValue) error                     { return nil }

func (fastConn) PrepareContext(context.Context, string) (driver.Stmt, error) { return fastStmt{}, nil }

func (fastConn) QueryContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Rows, error) {
	if query == "skip" {
		return nil, driver.ErrSkip
	}
	return &fastRows{}, nil
}

func (fastConn) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	return driver.RowsAffected(1), nil
}

type fastStmt struct{}

func (fastStmt) Close() error                               { return nil }
func (fastStmt) NumInput() int                              { return -1 }
func (fastStmt) Exec([]driver.Value) (driver.Result, error) { return driver.RowsAffected(1), nil }
func (fastStmt) Query([]driver.Value) (driver.Rows, error)  { return &fastRows{}, nil }

func (fastStmt) ExecContext(context.Context, []driver.NamedValue) (driver.Result, error) {
	return driver.RowsAffected(1), nil
}

func (fastStmt) QueryContext(context.Context, []driver.NamedValue) (driver.Rows, error) {
	return &fastRows{}, nil
}

type fastTx struct{}

func (fastTx) Commit() error   { return nil }
func (fastTx) Rollback() error { return nil }

type fastRows struct{ read int }

var fastColumns = []string{"id"}

func (*fastRows) Columns() []string                     { return fastColumns }
func (*fastRows) Close() error                          { return nil }
func (*fastRows) ColumnTypeScanType(int) reflect.Type   { return reflect.TypeFor[int64]() }
func (*fastRows) ColumnTypeDatabaseTypeName(int) string { return "BIGINT" }

func (r *fastRows) Next(dest []driver.Value) error {
	if r.read == 2 {
		return io.EOF
	}
	r.read++
	dest[0] = "name"
	return nil
}

// work is what is measured, and how many allocations it may need beyond those on a bare database.
var work = []struct {
	name             string
	do               func(tb testing.TB, ctx context.Context, db *sql.DB, s *sql.Stmt)
	recorded, passed float64
}{
	{"Query", func(tb testing.TB, ctx context.Context, db *sql.DB, _ *sql.Stmt) {
		read(tb)(db.QueryContext(ctx, "SELECT a FROM b WHERE c = $1", 1))
	}, 1, 0},
	{"Exec", func(tb testing.TB, ctx context.Context, db *sql.DB, _ *sql.Stmt) {
		if _, err := db.ExecContext(ctx, "UPDATE a SET b = $1", 1); err != nil {
			tb.Fatal(err)
		}
	}, 0, 0},
	{"Prepared", func(tb testing.TB, ctx context.Context, _ *sql.DB, s *sql.Stmt) { read(tb)(s.QueryContext(ctx, 1)) }, 1, 0},
	// A statement is wrapped even without an agent: it may outlive the lack of one.
	{"Skipped", func(tb testing.TB, ctx context.Context, db *sql.DB, _ *sql.Stmt) {
		read(tb)(db.QueryContext(ctx, "skip"))
	}, 2, 1},
}

func read(tb testing.TB) func(*sql.Rows, error) {
	return func(rows *sql.Rows, err error) {
		if err != nil {
			tb.Fatal(err)
		}
		for rows.Next() {
		}
		if err := rows.Close(); err != nil {
			tb.Fatal(err)
		}
	}
}

// databases are what is compared.
func databases(tb testing.TB) map[string]func() (context.Context, *sql.DB, *sql.Stmt) {
	open := func(ctx context.Context, db *sql.DB) func() (context.Context, *sql.DB, *sql.Stmt) {
		return func() (context.Context, *sql.DB, *sql.Stmt) {
			s, err := db.PrepareContext(context.Background(), "SELECT a FROM b")
			if err != nil {
				tb.Fatal(err)
			}
			tb.Cleanup(func() { s.Close(); db.Close() })
			return ctx, db, s
		}
	}
	request := begin(transactiontest.Discard(tb))
	tb.Cleanup(request.End)
	return map[string]func() (context.Context, *sql.DB, *sql.Stmt){
		"bare":     open(context.Background(), sql.OpenDB(fastConn{})),
		"passed":   open(context.Background(), sqltrace.OpenDB(fastConn{})),
		"recorded": open(request, sqltrace.OpenDB(fastConn{})),
	}
}

func TestAllocations(t *testing.T) {
	for _, w := range work {
		t.Run(w.name, func(t *testing.T) {
			got := make(map[string]float64)
			for name, open := range databases(t) {
				ctx, db, s := open()
				run := func() { w.do(t, ctx, db, s) }
				if name == "recorded" {
					// A transaction each: beyond its 64 entries a call costs one more.
					agent := transactiontest.Discard(t)
					run = func() {
						request := begin(agent)
						w.do(t, request, db, s)
						request.End()
					}
				}
				got[name] = testing.AllocsPerRun(200, run)
			}
			const ofTransaction = 1
			for name, want := range map[string]float64{"passed": w.passed, "recorded": w.recorded + ofTransaction} {
				if more := got[name] - got["bare"]; more > want {
					t.Errorf("%s: %v allocations more than the %v of the bare database, want at most %v", name, more, got["bare"], want)
				}
			}
		})
	}
}

// Package sql starts a goroutine for each SQL transaction, whose allocations nobody can count; so this asks the driver.
func TestAllocationsOfTransaction(t *testing.T) {
	count := func(ctx context.Context, c driver.Connector) float64 {
		conn, err := c.Connect(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return testing.AllocsPerRun(200, func() {
			tx, err := conn.(driver.ConnBeginTx).BeginTx(ctx, driver.TxOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
		})
	}
	request := begin(transactiontest.Discard(t))
	defer request.End()
	if got := count(context.Background(), sqltrace.WrapConnector(fastConn{})); got != 0 {
		t.Errorf("passed: %v allocations, want none", got)
	}
	if got := count(request, sqltrace.WrapConnector(fastConn{})); got > 1 {
		t.Errorf("recorded: %v allocations, want at most 1", got)
	}
}

func Benchmark(b *testing.B) {
	for _, w := range work {
		for name, open := range databases(b) {
			b.Run(w.name+"/"+name, func(b *testing.B) {
				ctx, db, s := open()
				request := transaction.From(ctx)
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					if i%8 == 7 && request != nil { // Requests are short.
						request.End()
						request = begin(request.Context)
						ctx = request
					}
					w.do(b, ctx, db, s)
				}
				request.End()
			})
		}
	}
}

// The driver of the examples.
func init() { sql.Register("example", exampleDriver{}) }

type exampleDriver struct{}

// Open implements [driver.Driver].
func (exampleDriver) Open(string) (driver.Conn, error) { return fastConn{}, nil }
