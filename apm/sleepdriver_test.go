package apm_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// sleepDriver is a database whose work takes known times: "SELECT rows=3 each=2ms wait=20ms".
type sleepDriver struct{}

func (d sleepDriver) Connect(context.Context) (driver.Conn, error) { return d, nil }
func (d sleepDriver) Driver() driver.Driver                        { return d }
func (d sleepDriver) Open(string) (driver.Conn, error)             { return d, nil }
func (d sleepDriver) Prepare(string) (driver.Stmt, error)          { return nil, errors.New("not prepared") }
func (d sleepDriver) Close() error                                 { return nil }
func (d sleepDriver) Begin() (driver.Tx, error)                    { time.Sleep(ms); return sleepTx{}, nil }

type sleepTx struct{}

func (sleepTx) Commit() error   { time.Sleep(2 * ms); return nil }
func (sleepTx) Rollback() error { time.Sleep(2 * ms); return nil }

type plan struct {
	rows       int
	each, wait time.Duration
}

func parse(query string) plan {
	var p plan
	for word := range strings.FieldsSeq(query) {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "rows":
			fmt.Sscan(value, &p.rows)
		case "each":
			p.each, _ = time.ParseDuration(value)
		case "wait":
			p.wait, _ = time.ParseDuration(value)
		}
	}
	return p
}

func (d sleepDriver) QueryContext(ctx context.Context, query string, _ []driver.NamedValue) (driver.Rows, error) {
	p := parse(query)
	time.Sleep(p.wait)
	return &sleepRows{p}, ctx.Err()
}

func (d sleepDriver) ExecContext(ctx context.Context, query string, _ []driver.NamedValue) (driver.Result, error) {
	time.Sleep(parse(query).wait)
	return driver.RowsAffected(1), ctx.Err()
}

type sleepRows struct{ plan }

func (r *sleepRows) Columns() []string { return []string{"a"} }
func (r *sleepRows) Close() error      { return nil }
func (r *sleepRows) Next(dest []driver.Value) error {
	if r.rows == 0 {
		return io.EOF
	}
	r.rows--
	time.Sleep(r.each)
	dest[0] = int64(r.rows)
	return nil
}

// sleepTransport is a remote that answers after the time its path names, and whose body takes as long again.
type sleepTransport struct{}

func (sleepTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	d, err := time.ParseDuration(strings.TrimPrefix(r.URL.Path, "/"))
	if err != nil {
		return nil, err
	}
	time.Sleep(d)
	return &http.Response{StatusCode: 200, Body: &sleepBody{wait: d}, Request: r, Header: http.Header{}}, nil
}

type sleepBody struct {
	wait time.Duration
	done bool
}

func (b *sleepBody) Read(p []byte) (int, error) {
	if b.done {
		return 0, io.EOF
	}
	time.Sleep(b.wait)
	b.done = true
	return copy(p, "ok"), nil
}

func (b *sleepBody) Close() error { return nil }
