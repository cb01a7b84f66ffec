package sqltrace_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/internal/transaction"
	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
	"github.com/daybook-apm/daybook/sqltrace"
)

// diary is what a program sees of a database: each result in order.
type diary struct{ lines []string }

func (d *diary) write(format string, args ...any) {
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

// err writes an error down: which of the known ones it is, else its text.
func (d *diary) err(what string, err error) {
	for _, known := range []error{errFake, errFakeNext, driver.ErrBadConn, driver.ErrSkip, context.Canceled, sql.ErrNoRows} {
		if err == known { //nolint:errorlint // The value itself.
			d.write("%s: is %v", what, known)
			return
		}
	}
	d.write("%s: %v", what, err)
}

func (d *diary) result(what string, r sql.Result, err error) {
	d.err(what, err)
	if err == nil {
		affected, err := r.RowsAffected()
		d.write("%s: %d rows, %v", what, affected, err)
		id, err := r.LastInsertId()
		d.write("%s: id %d, %v", what, id, err)
	}
}

// rows reads rows to their end, in all their result sets.
func (d *diary) rows(what string, rows *sql.Rows, err error) {
	d.err(what, err)
	if err != nil {
		return
	}
	types, err := rows.ColumnTypes()
	d.err(what+" types", err)
	for _, t := range types {
		length, hasLength := t.Length()
		nullable, hasNullable := t.Nullable()
		precision, scale, hasScale := t.DecimalSize()
		d.write("%s type: %s %s %v %d %t %t %t %d %d %t", what, t.Name(), t.DatabaseTypeName(), t.ScanType(),
			length, hasLength, nullable, hasNullable, precision, scale, hasScale)
	}
	for {
		for rows.Next() {
			var id int
			d.err(what+" scan", rows.Scan(&id))
			d.write("%s: row %d", what, id)
		}
		if !rows.NextResultSet() {
			break
		}
		d.write("%s: next result set", what)
	}
	d.err(what+" rows", rows.Err())
	d.err(what+" close", rows.Close())
}

// panics runs f and writes down with what it panics.
func (d *diary) panics(what string, f func()) {
	defer func() { d.write("%s: panic %v", what, recover()) }()
	f()
}

// differentialScript are the queries of the life that the differential tests lead.
func differentialScript() map[string]script {
	return map[string]script{
		"exec":         {},
		"query":        {rows: []int{2}},
		"sets":         {rows: []int{1, 0, 2}},
		"skip":         {skip: true, rows: []int{1}},
		"skip fail":    {skip: true, err: errFake},
		"skip prepare": {skip: true, prepareErr: errFake},
		"fail":         {err: errFake},
		"prepare":      {prepareErr: errFake},
		"next":         {rows: []int{1}, nextErr: errFakeNext},
		"close":        {rows: []int{1}, closeErr: errFake},
		"bad once":     {bad: 1},
		"bad":          {bad: 100},
		"wrapped bad":  {err: fmt.Errorf("fake: %w", driver.ErrBadConn)},
		"one":          {rows: []int{1}},
	}
}

// live uses a database in every way there is and returns what came of it.
func live(ctx context.Context, fake *fakeDriver, db *sql.DB) []string {
	d := &diary{}
	none := context.Background()
	d.err("ping", db.PingContext(ctx))

	arguments := map[string][]any{
		"none":    nil,
		"plain":   {1, "a", nil},
		"named":   {sql.Named("n", 1)},
		"misname": {sql.Named("1", 1)},
		"valuer":  {valuer{fake}},
		"allowed": {allowed{3}},
		"refused": {refused{}},
		"remove":  {"remove", 2},
		"unknown": {struct{}{}},
	}
	for _, query := range []string{"exec", "query", "skip", "skip fail", "skip prepare", "fail", "one"} {
		for _, name := range []string{"none", "plain", "named", "misname", "valuer", "allowed", "refused", "remove", "unknown"} {
			what := query + " " + name
			r, err := db.ExecContext(ctx, query, arguments[name]...)
			d.result("exec "+what, r, err)
			rows, err := db.QueryContext(ctx, query, arguments[name]...)
			d.rows("query "+what, rows, err)
		}
	}
	r, err := db.ExecContext(context.Background(), "exec", 1)
	d.result("without context", r, err)
	for _, query := range []string{"sets", "next", "close", "prepare", "bad once", "wrapped bad"} {
		rows, err := db.QueryContext(ctx, query)
		d.rows(query, rows, err)
		r, err := db.ExecContext(ctx, query)
		d.result(query, r, err)
	}
	rows, err := db.QueryContext(ctx, "sets")
	d.err("half read", err)
	if err == nil {
		rows.Next()
		d.write("next set %t", rows.NextResultSet())
		d.write("next %t", rows.Next())
		d.err("half read", rows.Err())
		d.err("half read", rows.Close())
		d.err("half read", rows.Close())
	}
	var id int
	d.err("row", db.QueryRowContext(ctx, "query").Scan(&id))
	d.err("no row", db.QueryRowContext(ctx, "exec").Scan(&id))
	d.err("failed row", db.QueryRowContext(ctx, "fail").Scan(&id))

	for _, query := range []string{"query", "one", "fail", "prepare", "bad once", "bad"} {
		s, err := db.PrepareContext(ctx, query)
		d.err("prepare "+query, err)
		if err != nil {
			continue
		}
		for range 2 {
			for _, name := range []string{"none", "named", "allowed", "refused", "valuer", "remove"} {
				r, err := s.ExecContext(ctx, arguments[name]...)
				d.result("prepared exec "+query+" "+name, r, err)
				rows, err := s.QueryContext(ctx, arguments[name]...)
				d.rows("prepared query "+query+" "+name, rows, err)
			}
		}
		d.err("close "+query, s.Close())
	}

	for _, opts := range []*sql.TxOptions{nil, {Isolation: sql.LevelSerializable}, {ReadOnly: true}} {
		for _, commit := range []bool{true, false} {
			tx, err := db.BeginTx(ctx, opts)
			d.err("begin", err)
			if err != nil {
				continue
			}
			for _, query := range []string{"exec", "query", "skip", "fail", "bad"} {
				r, err := tx.ExecContext(ctx, query)
				d.result("tx "+query, r, err)
				rows, err := tx.QueryContext(context.Background(), query)
				d.rows("tx "+query, rows, err)
			}
			if s, err := tx.PrepareContext(context.Background(), "query"); err != nil {
				d.err("tx prepare", err)
			} else {
				r, err := s.ExecContext(ctx)
				d.result("tx prepared", r, err)
			}
			if commit {
				d.err("commit", tx.Commit())
			} else {
				d.err("rollback", tx.Rollback())
			}
			d.err("again", tx.Rollback())
		}
	}
	tx, err := db.BeginTx(context.Background(), nil)
	d.err("begin without context", err)
	if err == nil {
		_, err = tx.ExecContext(context.Background(), "bad")
		d.err("bad without context", err)
		d.err("rollback without context", tx.Rollback())
	}

	// An SQL transaction whose context is done is rolled back by package sql. Whether its connection
	// survives that depends on what the connection can do.
	canceled, cancel := context.WithCancel(ctx)
	tx, err = db.BeginTx(canceled, nil)
	d.err("begin canceled", err)
	if err == nil {
		rows, err := tx.QueryContext(canceled, "query")
		d.err("query canceled", err)
		cancel()
		synctest.Wait()
		d.err("commit canceled", tx.Commit())
		if rows != nil {
			d.err("rows canceled", rows.Close())
		}
	}
	cancel()
	r, err = db.ExecContext(canceled, "exec")
	d.result("canceled", r, err)
	r, err = db.ExecContext(ctx, "exec")
	d.result("after canceled", r, err)

	conn, err := db.Conn(ctx)
	d.err("conn", err)
	if err == nil {
		d.err("conn ping", conn.PingContext(ctx))
		r, err := conn.ExecContext(none, "exec")
		d.result("conn exec", r, err)
		_, err = conn.ExecContext(ctx, "bad")
		d.err("conn bad", err)
		d.err("conn close", conn.Close())
	}
	r, err = db.ExecContext(ctx, "bad")
	d.result("bad", r, err)
	d.write("driver %T", db.Driver())
	return d.lines
}

// compare lets the same life be led with a bare and a wrapped database and compares what the program saw and what the
// driver was called for.
func compare(t *testing.T, shape func(*fakeDriver)) {
	t.Helper()
	run := func(open func(driver.Connector) *sql.DB, ctx context.Context) (seen, called []string) {
		fake := newFake(differentialScript())
		shape(fake)
		db := open(fakeClosingConnector{fakeConnector{fake}})
		seen = live(ctx, fake, db)
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		return seen, fake.calls()
	}
	wrapped := func(c driver.Connector) *sql.DB { return sqltrace.OpenDB(c) }
	synctest.Test(t, func(t *testing.T) {
		wantSeen, wantCalled := run(sql.OpenDB, context.Background())
		observed, _ := transactiontest.New(t)
		request := &transaction.Transaction{}
		request.Begin(observed, transaction.AgentFrom(observed), transaction.Request{Kind: transaction.Job, Route: "life"})
		defer request.End()
		for name, ctx := range map[string]context.Context{
			"no agent": context.Background(), "no transaction": observed, "transaction": request,
		} {
			seen, called := run(wrapped, ctx)
			if !slices.Equal(wantSeen, seen) {
				t.Errorf("%s: the program sees (-bare +wrapped):\n%s", name, cmp.Diff(wantSeen, seen))
			}
			if !slices.Equal(wantCalled, called) {
				t.Errorf("%s: the driver is called (-bare +wrapped):\n%s", name, cmp.Diff(wantCalled, called))
			}
		}
	})
}

func TestConnectionsOfEveryShape(t *testing.T) {
	for _, c := range connShapes {
		t.Run(c.name, func(t *testing.T) { compare(t, func(d *fakeDriver) { d.conn = c.wrap }) })
	}
}

func TestStatementsOfEveryShape(t *testing.T) {
	conns := map[string]func(*fakeConn) driver.Conn{}
	for _, c := range connShapes {
		switch c.name {
		case "all", "nothing", "only check":
			conns[c.name] = c.wrap
		}
	}
	for name, conn := range conns {
		for _, s := range stmtShapes {
			t.Run(s.name+"; connection with "+name, func(t *testing.T) {
				compare(t, func(d *fakeDriver) { d.conn, d.stmt = conn, s.wrap })
			})
		}
	}
}

func TestRowsOfEveryShape(t *testing.T) {
	for _, r := range rowsShapes {
		t.Run(r.name, func(t *testing.T) { compare(t, func(d *fakeDriver) { d.rows = r.wrap }) })
	}
}

func TestInvalidConnections(t *testing.T) {
	compare(t, func(d *fakeDriver) {
		d.conn = func(c *fakeConn) driver.Conn {
			c.valid = false
			return fullConn(c)
		}
	})
}

func TestFailingDatabases(t *testing.T) {
	for name, fail := range map[string]func(*fakeDriver){
		"connect":     func(d *fakeDriver) { d.connectErr = errFake },
		"connect bad": func(d *fakeDriver) { d.connectErr = driver.ErrBadConn },
		"ping":        func(d *fakeDriver) { d.pingErr = errFake },
		"prepare":     func(d *fakeDriver) { d.prepareErr = errFake },
		"prepare bad": func(d *fakeDriver) { d.prepareErr = driver.ErrBadConn },
		"begin":       func(d *fakeDriver) { d.beginErr = errFake },
		"begin bad":   func(d *fakeDriver) { d.beginErr = driver.ErrBadConn },
		"commit":      func(d *fakeDriver) { d.commitErr = errFake },
		"commit bad":  func(d *fakeDriver) { d.commitErr = driver.ErrBadConn },
	} {
		for _, i := range []int{0, len(connShapes) - 1} {
			t.Run(name+"; connection with "+connShapes[i].name, func(t *testing.T) {
				compare(t, func(d *fakeDriver) {
					d.conn = connShapes[i].wrap
					fail(d)
				})
			})
		}
	}
}

// A context may be done while an older driver, which knows of no contexts, prepares or begins.
func TestContextIsDoneMeanwhile(t *testing.T) {
	for _, shape := range connShapes {
		if shape.name != "nothing" && shape.name != "only oldexec, oldquery" && shape.name != "all" {
			continue
		}
		t.Run(shape.name, func(t *testing.T) {
			run := func(open func(driver.Connector) *sql.DB) []string {
				fake := newFake(map[string]script{"exec": {executing: 2}})
				fake.conn = shape.wrap
				fake.preparing, fake.beginning = 2, 2
				db := open(fakeConnector{fake})
				d := &diary{}
				for _, f := range []func(context.Context) error{
					func(ctx context.Context) error { _, err := db.PrepareContext(ctx, "query"); return err },
					func(ctx context.Context) error { _, err := db.BeginTx(ctx, nil); return err },
					func(ctx context.Context) error { _, err := db.ExecContext(ctx, "exec"); return err },
				} {
					ctx, cancel := context.WithTimeout(context.Background(), 1)
					d.err("done meanwhile", f(ctx))
					cancel()
					synctest.Wait()
				}
				if err := db.Close(); err != nil {
					t.Error(err)
				}
				return append(d.lines, fake.calls()...)
			}
			synctest.Test(t, func(t *testing.T) {
				want := run(sql.OpenDB)
				if diff := cmp.Diff(want, run(func(c driver.Connector) *sql.DB { return sqltrace.OpenDB(c) })); diff != "" {
					t.Errorf("(-bare +wrapped):\n%s", diff)
				}
			})
		})
	}
}

// Panics of a driver pass through, and leave the database as the bare one.
func TestPanicsPassThrough(t *testing.T) {
	run := func(open func(driver.Connector) *sql.DB) []string {
		fake := newFake(map[string]script{
			"panic": {panics: true}, "next": {nextPanics: true}, "close": {closePanic: true}, "exec": {},
		})
		db := open(fakeConnector{fake})
		db.SetMaxIdleConns(10)
		d := &diary{}
		d.panics("exec", func() { _, _ = db.ExecContext(context.Background(), "panic") })
		d.panics("query", func() { _, _ = db.QueryContext(context.Background(), "panic") })
		d.panics("next", func() {
			rows, err := db.QueryContext(context.Background(), "next")
			d.err("next", err)
			defer rows.Close()
			rows.Next()
		})
		d.panics("close", func() {
			rows, err := db.QueryContext(context.Background(), "close")
			d.err("close", err)
			rows.Next()
		})
		r, err := db.ExecContext(context.Background(), "exec")
		d.result("after", r, err)
		d.err("close database", db.Close())
		return append(d.lines, fake.calls()...)
	}
	want := run(sql.OpenDB)
	if diff := cmp.Diff(want, run(func(c driver.Connector) *sql.DB { return sqltrace.OpenDB(c) })); diff != "" {
		t.Errorf("(-bare +wrapped):\n%s", diff)
	}
}

// Rows may be nil without an error.
func TestNoRowsAtAll(t *testing.T) {
	ctx, _ := transactiontest.New(t)
	fake := newFake(map[string]script{"query": {nothing: true}})
	db := sqltrace.OpenDB(fakeConnector{fake})
	defer closeDB(t, db)
	rows, err := db.QueryContext(ctx, "query")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rows.Columns(); err == nil || errors.Is(err, errFake) {
		t.Errorf("Columns = %v, want the error of package sql for no rows", err)
	}
}
