package sqltrace

import (
	"context"
	"database/sql/driver"
	"errors"
)

// The functions of this file call a driver as package sql does in its ctxutil.go: by the method with a context if the
// driver has it, else by the older one. The texts of the errors are those of package sql.

// The older methods are deprecated for drivers to have, not for those who call drivers that have nothing else.
type (
	execer interface {
		Exec(query string, args []driver.Value) (driver.Result, error)
	}
	queryer interface {
		Query(query string, args []driver.Value) (driver.Rows, error)
	}
	beginner   interface{ Begin() (driver.Tx, error) }
	stmtExecer interface {
		Exec(args []driver.Value) (driver.Result, error)
	}
	stmtQueryer interface {
		Query(args []driver.Value) (driver.Rows, error)
	}
)

func callPrepare(ctx context.Context, c driver.Conn, query string) (driver.Stmt, error) {
	if c, ok := c.(driver.ConnPrepareContext); ok {
		return c.PrepareContext(ctx, query)
	}
	s, err := c.Prepare(query)
	if err == nil && ctx.Err() != nil {
		_ = s.Close() // The error of the context is the one that counts.
		return nil, ctx.Err()
	}
	return s, err
}

// callExec calls a connection that has one of both methods.
func callExec(ctx context.Context, c driver.Conn, query string, named []driver.NamedValue) (driver.Result, error) {
	if c, ok := c.(driver.ExecerContext); ok {
		return c.ExecContext(ctx, query, named)
	}
	args, err := values(ctx, named)
	if err != nil {
		return nil, err
	}
	return c.(execer).Exec(query, args)
}

// callQuery calls a connection that has one of both methods.
func callQuery(ctx context.Context, c driver.Conn, query string, named []driver.NamedValue) (driver.Rows, error) {
	if c, ok := c.(driver.QueryerContext); ok {
		return c.QueryContext(ctx, query, named)
	}
	args, err := values(ctx, named)
	if err != nil {
		return nil, err
	}
	return c.(queryer).Query(query, args)
}

func callStmtExec(ctx context.Context, s driver.Stmt, named []driver.NamedValue) (driver.Result, error) {
	if s, ok := s.(driver.StmtExecContext); ok {
		return s.ExecContext(ctx, named)
	}
	args, err := values(ctx, named)
	if err != nil {
		return nil, err
	}
	return stmtExecer(s).Exec(args)
}

func callStmtQuery(ctx context.Context, s driver.Stmt, named []driver.NamedValue) (driver.Rows, error) {
	if s, ok := s.(driver.StmtQueryContext); ok {
		return s.QueryContext(ctx, named)
	}
	args, err := values(ctx, named)
	if err != nil {
		return nil, err
	}
	return stmtQueryer(s).Query(args)
}

func callBegin(ctx context.Context, c driver.Conn, opts driver.TxOptions) (driver.Tx, error) {
	if c, ok := c.(driver.ConnBeginTx); ok {
		return c.BeginTx(ctx, opts)
	}
	if opts.Isolation != 0 {
		return nil, errors.New("sql: driver does not support non-default isolation level")
	}
	if opts.ReadOnly {
		return nil, errors.New("sql: driver does not support read-only transactions")
	}
	t, err := beginner(c).Begin()
	if err == nil && ctx.Err() != nil {
		_ = t.Rollback() // The error of the context is the one that counts.
		return nil, ctx.Err()
	}
	return t, err
}

// values is what a method without names and a context can take.
func values(ctx context.Context, named []driver.NamedValue) ([]driver.Value, error) {
	args := make([]driver.Value, len(named))
	for i, v := range named {
		if v.Name != "" {
			return nil, errors.New("sql: driver does not support the use of Named Parameters")
		}
		args[i] = v.Value
	}
	return args, ctx.Err()
}
