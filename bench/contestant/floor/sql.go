package floor

import (
	"context"
	"database/sql/driver"
	"time"
)

type connector struct{ driver.Connector }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{
		Conn:    inner,
		queryer: inner.(driver.QueryerContext),
		execer:  inner.(driver.ExecerContext),
	}, nil
}

// conn times statements. It leaves out what the program does not use: sessions, transactions with
// options, checked values.
type conn struct {
	driver.Conn
	queryer driver.QueryerContext
	execer  driver.ExecerContext
}

func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	r := fromContext(ctx)
	if r == nil {
		return c.queryer.QueryContext(ctx, query, args)
	}
	start := time.Now()
	inner, err := c.queryer.QueryContext(ctx, query, args)
	r.sql.Add(int64(time.Since(start)))
	r.statements.Add(1)
	if err != nil {
		return nil, err
	}
	return &rows{inner, r}, nil
}

func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	r := fromContext(ctx)
	if r == nil {
		return c.execer.ExecContext(ctx, query, args)
	}
	start := time.Now()
	result, err := c.execer.ExecContext(ctx, query, args)
	r.sql.Add(int64(time.Since(start)))
	r.statements.Add(1)
	return result, err
}

type rows struct {
	driver.Rows
	request *request
}

func (r *rows) Next(dest []driver.Value) error {
	start := time.Now()
	err := r.Rows.Next(dest)
	r.request.fetch.Add(int64(time.Since(start)))
	return err
}
