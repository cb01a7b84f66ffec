package sqltrace_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"reflect"
	"sync"
	"testing"
	"time"
)

// fakeDriver is a database whose statements do what a script says, with connections, statements and rows of any
// shape (see shapes_test.go). It writes down every call of a method, in order. Its own name for a connection,
// statement or rows is its kind and number.
type fakeDriver struct {
	conn   func(*fakeConn) driver.Conn
	stmt   func(*fakeStmt) driver.Stmt
	rows   func(*fakeRows) driver.Rows
	script map[string]script

	// How long each takes, and what it returns.
	connecting, pinging, preparing, beginning, committing time.Duration
	connectErr, pingErr, prepareErr, beginErr, commitErr  error
	closeErr                                              error // Of the connector.

	mu     sync.Mutex
	log    []string
	bad    map[string]int // How often each query has yet to find its connection bad.
	conns  int
	stmts  int
	result int
}

// script is what a query does.
type script struct {
	executing  time.Duration
	fetching   time.Duration // Each Next and NextResultSet.
	closing    time.Duration
	rows       []int // One number a result set.
	err        error
	prepareErr error
	nextErr    error // In place of io.EOF.
	closeErr   error
	skip       bool // Answers driver.ErrSkip unless it was prepared.
	bad        int  // How often it answers driver.ErrBadConn.
	nothing    bool // Answers nil rows and no error.
	panics     bool
	nextPanics bool
	closePanic bool
}

var (
	errFake     = errors.New("fake: no")
	errFakeNext = errors.New("fake: no row")
)

// allowed is a type that only checkers and converters of the fake database accept.
type allowed struct{ n int }

// refused is a type that they refuse.
type refused struct{}

func newFake(s map[string]script) *fakeDriver {
	d := &fakeDriver{conn: fullConn, stmt: fullStmt, rows: fullRows, script: s, bad: make(map[string]int)}
	for query, s := range s {
		d.bad[query] = s.bad
	}
	return d
}

// checkError checks that err is the value want itself, and not another error around it.
func checkError(t *testing.T, err, want error) {
	t.Helper()
	if err != want { //nolint:errorlint // See above.
		t.Errorf("got the error %v, want the value %v itself", err, want)
	}
}

func (d *fakeDriver) note(format string, args ...any) {
	d.mu.Lock()
	d.log = append(d.log, fmt.Sprintf(format, args...))
	d.mu.Unlock()
}

func (d *fakeDriver) calls() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.log
}

// answer does what the script says for a query.
func (d *fakeDriver) answer(query string, prepared bool) error {
	s := d.script[query]
	if s.skip && !prepared {
		return driver.ErrSkip
	}
	time.Sleep(s.executing)
	if s.panics {
		panic("fake: panic")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bad[query] > 0 {
		d.bad[query]--
		return driver.ErrBadConn
	}
	return s.err
}

// Open implements [driver.Driver].
func (d *fakeDriver) Open(dsn string) (driver.Conn, error) {
	d.note("Open(%s)", dsn)
	return d.connect()
}

func (d *fakeDriver) connect() (driver.Conn, error) {
	time.Sleep(d.connecting)
	if d.connectErr != nil {
		return nil, d.connectErr
	}
	d.mu.Lock()
	d.conns++
	c := &fakeConn{driver: d, name: fmt.Sprint("conn", d.conns), valid: true}
	d.mu.Unlock()
	return d.conn(c), nil
}

// fakeConnector connects to a fakeDriver.
type fakeConnector struct{ *fakeDriver }

// Connect implements [driver.Connector].
func (c fakeConnector) Connect(context.Context) (driver.Conn, error) {
	c.note("Connect")
	return c.connect()
}

// Driver implements [driver.Connector].
func (c fakeConnector) Driver() driver.Driver { return c.fakeDriver }

// fakeClosingConnector is a fakeConnector that is closed.
type fakeClosingConnector struct{ fakeConnector }

// Close implements [io.Closer].
func (c fakeClosingConnector) Close() error {
	c.note("connector.Close")
	return c.closeErr
}

// fakeContextDriver is a fakeDriver with connectors.
type fakeContextDriver struct{ *fakeDriver }

// OpenConnector implements [driver.DriverContext].
func (d fakeContextDriver) OpenConnector(dsn string) (driver.Connector, error) {
	d.note("OpenConnector(%s)", dsn)
	if dsn == "bad" {
		return nil, errFake
	}
	return fakeContextConnector{fakeClosingConnector{fakeConnector(d)}}, nil
}

// fakeContextConnector is the connector of a fakeContextDriver.
type fakeContextConnector struct{ fakeClosingConnector }

// Driver implements [driver.Connector].
func (c fakeContextConnector) Driver() driver.Driver { return fakeContextDriver{c.fakeDriver} }

// fakeConn has what every connection has; the types after it have the optional methods.
type fakeConn struct {
	driver *fakeDriver
	name   string
	valid  bool
}

func (c *fakeConn) Prepare(query string) (driver.Stmt, error) {
	c.driver.note("%s.Prepare(%s)", c.name, query)
	return c.prepare(query)
}

func (c *fakeConn) prepare(query string) (driver.Stmt, error) {
	d := c.driver
	time.Sleep(d.preparing)
	if err := errors.Join(d.prepareErr, d.script[query].prepareErr); err != nil {
		return nil, err.(interface{ Unwrap() []error }).Unwrap()[0]
	}
	d.mu.Lock()
	d.stmts++
	s := &fakeStmt{driver: d, name: fmt.Sprint("stmt", d.stmts), query: query}
	d.mu.Unlock()
	return d.stmt(s), nil
}

func (c *fakeConn) Close() error {
	c.driver.note("%s.Close", c.name)
	return nil
}

func (c *fakeConn) Begin() (driver.Tx, error) {
	c.driver.note("%s.Begin", c.name)
	return c.begin()
}

func (c *fakeConn) begin() (driver.Tx, error) {
	time.Sleep(c.driver.beginning)
	if c.driver.beginErr != nil {
		return nil, c.driver.beginErr
	}
	return &fakeTx{c}, nil
}

type fakePinger struct{ *fakeConn }

func (c fakePinger) Ping(context.Context) error {
	c.driver.note("%s.Ping", c.name)
	time.Sleep(c.driver.pinging)
	return c.driver.pingErr
}

type fakePreparer struct{ *fakeConn }

func (c fakePreparer) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	c.driver.note("%s.PrepareContext(%s) %v", c.name, query, ctx.Err())
	return c.prepare(query)
}

type fakeBeginner struct{ *fakeConn }

func (c fakeBeginner) BeginTx(_ context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.driver.note("%s.BeginTx(%v)", c.name, opts)
	return c.begin()
}

type fakeChecker struct{ *fakeConn }

func (c fakeChecker) CheckNamedValue(v *driver.NamedValue) error {
	c.driver.note("%s.CheckNamedValue(%v)", c.name, *v)
	return checkValue(v)
}

// checkValue knows the types that are allowed or refused, removes the text "remove" and leaves others to package sql.
func checkValue(v *driver.NamedValue) error {
	switch x := v.Value.(type) {
	case allowed:
		v.Value = int64(x.n)
		return nil
	case refused:
		return errFake
	case string:
		if x == "remove" {
			return driver.ErrRemoveArgument
		}
	}
	return driver.ErrSkip
}

type fakeOldExecer struct{ *fakeConn }

func (c fakeOldExecer) Exec(query string, args []driver.Value) (driver.Result, error) {
	c.driver.note("%s.Exec(%s) %v", c.name, query, args)
	return c.driver.exec(query, false)
}

type fakeExecer struct{ *fakeConn }

func (c fakeExecer) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.driver.note("%s.ExecContext(%s) %v %v", c.name, query, args, ctx.Err())
	return c.driver.exec(query, false)
}

func (d *fakeDriver) exec(query string, prepared bool) (driver.Result, error) {
	if err := d.answer(query, prepared); err != nil {
		return nil, err
	}
	if len(d.script[query].rows) > 0 {
		return driver.RowsAffected(d.script[query].rows[0]), nil
	}
	return fakeResult{d}, nil
}

type fakeOldQueryer struct{ *fakeConn }

func (c fakeOldQueryer) Query(query string, args []driver.Value) (driver.Rows, error) {
	c.driver.note("%s.Query(%s) %v", c.name, query, args)
	return c.driver.query(query, false)
}

type fakeQueryer struct{ *fakeConn }

func (c fakeQueryer) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.driver.note("%s.QueryContext(%s) %v %v", c.name, query, args, ctx.Err())
	return c.driver.query(query, false)
}

func (d *fakeDriver) query(query string, prepared bool) (driver.Rows, error) {
	if err := d.answer(query, prepared); err != nil {
		return nil, err
	}
	s := d.script[query]
	if s.nothing {
		return nil, nil
	}
	d.mu.Lock()
	d.result++
	r := &fakeRows{driver: d, name: fmt.Sprint("rows", d.result), script: s}
	d.mu.Unlock()
	return d.rows(r), nil
}

type fakeResetter struct{ *fakeConn }

func (c fakeResetter) ResetSession(ctx context.Context) error {
	c.driver.note("%s.ResetSession %v", c.name, ctx.Err())
	return nil
}

type fakeValidator struct{ *fakeConn }

func (c fakeValidator) IsValid() bool {
	c.driver.note("%s.IsValid", c.name)
	return c.valid
}

// fakeTx is an SQL transaction.
type fakeTx struct{ conn *fakeConn }

func (t *fakeTx) Commit() error {
	t.conn.driver.note("%s.Commit", t.conn.name)
	time.Sleep(t.conn.driver.committing)
	return t.conn.driver.commitErr
}

func (t *fakeTx) Rollback() error {
	t.conn.driver.note("%s.Rollback", t.conn.name)
	time.Sleep(t.conn.driver.committing)
	return t.conn.driver.commitErr
}

// fakeResult is a result that notes whether it is asked.
type fakeResult struct{ driver *fakeDriver }

func (r fakeResult) LastInsertId() (int64, error) {
	r.driver.note("LastInsertId")
	return 7, nil
}

func (r fakeResult) RowsAffected() (int64, error) {
	r.driver.note("RowsAffected")
	return 3, nil
}

// fakeStmt has what every statement has.
type fakeStmt struct {
	driver *fakeDriver
	name   string
	query  string
}

func (s *fakeStmt) Close() error {
	s.driver.note("%s.Close", s.name)
	return nil
}

// NumInput says that queries which begin so take one argument.
func (s *fakeStmt) NumInput() int {
	s.driver.note("%s.NumInput", s.name)
	if len(s.query) > 3 && s.query[:3] == "one" {
		return 1
	}
	return -1
}

func (s *fakeStmt) Exec(args []driver.Value) (driver.Result, error) {
	s.driver.note("%s.Exec %v", s.name, args)
	return s.driver.exec(s.query, true)
}

func (s *fakeStmt) Query(args []driver.Value) (driver.Rows, error) {
	s.driver.note("%s.Query %v", s.name, args)
	return s.driver.query(s.query, true)
}

type fakeStmtExecer struct{ *fakeStmt }

func (s fakeStmtExecer) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.driver.note("%s.ExecContext %v %v", s.name, args, ctx.Err())
	return s.driver.exec(s.query, true)
}

type fakeStmtQueryer struct{ *fakeStmt }

func (s fakeStmtQueryer) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.driver.note("%s.QueryContext %v %v", s.name, args, ctx.Err())
	return s.driver.query(s.query, true)
}

type fakeStmtChecker struct{ *fakeStmt }

func (s fakeStmtChecker) CheckNamedValue(v *driver.NamedValue) error {
	s.driver.note("%s.CheckNamedValue(%v)", s.name, *v)
	return checkValue(v)
}

type fakeStmtConverter struct{ *fakeStmt }

func (s fakeStmtConverter) ColumnConverter(i int) driver.ValueConverter {
	s.driver.note("%s.ColumnConverter(%d)", s.name, i)
	return fakeConverter{}
}

type fakeConverter struct{}

func (fakeConverter) ConvertValue(v any) (driver.Value, error) {
	switch x := v.(type) {
	case allowed:
		return int64(x.n * 10), nil
	case string:
		return "converted " + x, nil
	}
	return driver.DefaultParameterConverter.ConvertValue(v)
}

// fakeRows has what all rows have: one column.
type fakeRows struct {
	driver *fakeDriver
	name   string
	script script
	set    int // The present result set.
	read   int // Its rows that were read.
}

func (r *fakeRows) Columns() []string {
	r.driver.note("%s.Columns", r.name)
	return []string{"id"}
}

func (r *fakeRows) Close() error {
	r.driver.note("%s.Close", r.name)
	time.Sleep(r.script.closing)
	if r.script.closePanic {
		panic("fake: panic in Close")
	}
	return r.script.closeErr
}

func (r *fakeRows) Next(dest []driver.Value) error {
	r.driver.note("%s.Next", r.name)
	time.Sleep(r.script.fetching)
	if r.script.nextPanics {
		panic("fake: panic in Next")
	}
	if r.set >= len(r.script.rows) || r.read == r.script.rows[r.set] {
		if r.script.nextErr != nil {
			return r.script.nextErr
		}
		return io.EOF
	}
	r.read++
	dest[0] = int64(r.read)
	return nil
}

type fakeNextResultSet struct{ *fakeRows }

func (r fakeNextResultSet) HasNextResultSet() bool {
	r.driver.note("%s.HasNextResultSet", r.name)
	return r.set+1 < len(r.script.rows)
}

func (r fakeNextResultSet) NextResultSet() error {
	r.driver.note("%s.NextResultSet", r.name)
	time.Sleep(r.script.fetching)
	if r.set+1 >= len(r.script.rows) {
		return io.EOF
	}
	r.set, r.read = r.set+1, 0
	return nil
}

type fakeScanType struct{ *fakeRows }

func (r fakeScanType) ColumnTypeScanType(i int) reflect.Type {
	r.driver.note("%s.ColumnTypeScanType(%d)", r.name, i)
	return reflect.TypeFor[int32]()
}

type fakeTypeName struct{ *fakeRows }

func (r fakeTypeName) ColumnTypeDatabaseTypeName(i int) string {
	r.driver.note("%s.ColumnTypeDatabaseTypeName(%d)", r.name, i)
	return "FAKE"
}

type fakeLength struct{ *fakeRows }

func (r fakeLength) ColumnTypeLength(i int) (int64, bool) {
	r.driver.note("%s.ColumnTypeLength(%d)", r.name, i)
	return 11, true
}

type fakeNullable struct{ *fakeRows }

func (r fakeNullable) ColumnTypeNullable(i int) (nullable, ok bool) {
	r.driver.note("%s.ColumnTypeNullable(%d)", r.name, i)
	return true, true
}

type fakePrecision struct{ *fakeRows }

func (r fakePrecision) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	r.driver.note("%s.ColumnTypePrecisionScale(%d)", r.name, i)
	return 12, 13, true
}

// valuer counts how often package sql asks it for its value: each conversion is one.
type valuer struct{ driver *fakeDriver }

// Value implements [driver.Valuer].
func (v valuer) Value() (driver.Value, error) {
	v.driver.note("Value")
	return int64(5), nil
}

// String keeps the driver's address out of the log.
func (valuer) String() string { return "valuer" }
