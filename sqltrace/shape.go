package sqltrace

import (
	"context"
	"database/sql/driver"
)

// shape returns c with those of the following interfaces that the driver's connection has, and no others. Their
// absence cannot be told to package sql in another way:
//
//   - ExecerContext and QueryerContext (or the older Execer and Queryer). Before it calls them, package sql converts the
//     arguments without knowing what the prepared statement would accept; driver.ErrSkip comes too late.
//   - SessionResetter and Validator. With both, package sql keeps a connection whose SQL transaction it had to roll back;
//     else it closes it.
func (c *conn) shape() driver.Conn {
	var (
		e connExecer
		q connQueryer
		r connResetter
		v connValidator
	)
	e.conn, q.conn, r.conn, v.conn = c, c, c, c

	const execs, queries, resets, validates = 8, 4, 2, 1
	var has int
	switch c.Conn.(type) {
	case driver.ExecerContext, execer:
		has |= execs
	}
	switch c.Conn.(type) {
	case driver.QueryerContext, queryer:
		has |= queries
	}
	if _, ok := c.Conn.(driver.SessionResetter); ok {
		has |= resets
	}
	if _, ok := c.Conn.(driver.Validator); ok {
		has |= validates
	}

	switch has {
	case execs | queries | resets | validates:
		return &struct {
			*conn
			connExecer
			connQueryer
			connResetter
			connValidator
		}{c, e, q, r, v}
	case execs | queries | resets:
		return &struct {
			*conn
			connExecer
			connQueryer
			connResetter
		}{c, e, q, r}
	case execs | queries | validates:
		return &struct {
			*conn
			connExecer
			connQueryer
			connValidator
		}{c, e, q, v}
	case execs | queries:
		return &struct {
			*conn
			connExecer
			connQueryer
		}{c, e, q}
	case execs | resets | validates:
		return &struct {
			*conn
			connExecer
			connResetter
			connValidator
		}{c, e, r, v}
	case execs | resets:
		return &struct {
			*conn
			connExecer
			connResetter
		}{c, e, r}
	case execs | validates:
		return &struct {
			*conn
			connExecer
			connValidator
		}{c, e, v}
	case execs:
		return &struct {
			*conn
			connExecer
		}{c, e}
	case queries | resets | validates:
		return &struct {
			*conn
			connQueryer
			connResetter
			connValidator
		}{c, q, r, v}
	case queries | resets:
		return &struct {
			*conn
			connQueryer
			connResetter
		}{c, q, r}
	case queries | validates:
		return &struct {
			*conn
			connQueryer
			connValidator
		}{c, q, v}
	case queries:
		return &struct {
			*conn
			connQueryer
		}{c, q}
	case resets | validates:
		return &struct {
			*conn
			connResetter
			connValidator
		}{c, r, v}
	case resets:
		return &struct {
			*conn
			connResetter
		}{c, r}
	case validates:
		return &struct {
			*conn
			connValidator
		}{c, v}
	}
	return c
}

// connExecer is the part of a connection that executes without preparing.
type connExecer struct{ conn *conn }

// ExecContext implements [driver.ExecerContext].
func (e connExecer) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return e.conn.exec(ctx, query, args)
}

// connQueryer is the part of a connection that queries without preparing.
type connQueryer struct{ conn *conn }

// QueryContext implements [driver.QueryerContext].
func (q connQueryer) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return q.conn.query(ctx, query, args)
}

// connResetter is the part of a connection that has a session.
type connResetter struct{ conn *conn }

// ResetSession implements [driver.SessionResetter]. It is not timed: package sql calls it for each statement, most drivers
// do nothing of note here, and two readings of the clock would be a tenth of what a statement costs.
func (r connResetter) ResetSession(ctx context.Context) error {
	return r.conn.Conn.(driver.SessionResetter).ResetSession(ctx)
}

// connValidator is the part of a connection that knows whether it is broken.
type connValidator struct{ conn *conn }

// IsValid implements [driver.Validator].
func (v connValidator) IsValid() bool { return v.conn.Conn.(driver.Validator).IsValid() }
