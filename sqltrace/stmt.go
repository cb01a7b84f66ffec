package sqltrace

import (
	"context"
	"database/sql/driver"

	"github.com/daybook-apm/daybook/internal/sqltext"
)

// stmt wraps a [driver.Stmt]. What it does belongs to the context of each execution, not to that of its preparation.
// Closing it is not timed: package sql gives no context for that.
type stmt struct {
	driver.Stmt // The driver's own.
	conn        *conn
	query       string
	statement   *sqltext.Statement // nil until it is executed.
	// implicit says that package sql prepared the statement to execute it once, and will not try again.
	implicit bool
}

var (
	_ driver.StmtExecContext   = (*stmt)(nil)
	_ driver.StmtQueryContext  = (*stmt)(nil)
	_ driver.NamedValueChecker = (*stmt)(nil)
)

func wrapStmt(bare driver.Stmt, c *conn, query string, implicit bool) driver.Stmt {
	s := &stmt{Stmt: bare, conn: c, query: query, implicit: implicit}
	if _, ok := bare.(driver.ColumnConverter); ok { //nolint:staticcheck // Drivers have it, and package sql asks for it.
		return converterStmt{s}
	}
	return s
}

// CheckNamedValue implements [driver.NamedValueChecker]. If the driver's statement has none, package sql asks the
// connection, and after driver.ErrSkip goes on as if there was none at all.
func (s *stmt) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := s.Stmt.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return s.conn.CheckNamedValue(v)
}

// execute begins an execution of the statement.
func (s *stmt) execute(ctx, owner context.Context) execution {
	if s.statement == nil {
		s.statement = s.conn.database.statement(s.query)
	}
	return s.conn.execute(ctx, owner, s.statement, !s.implicit || s.conn.tx == nil)
}

// ExecContext implements [driver.StmtExecContext].
func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	owner := s.conn.owner(ctx)
	if owner == nil {
		return callStmtExec(ctx, s.Stmt, args)
	}
	x := s.execute(ctx, owner)
	defer x.end()
	result, err := callStmtExec(x.ctx, s.Stmt, args)
	x.returned(err)
	if err == nil {
		x.affected(result)
	}
	return result, err
}

// QueryContext implements [driver.StmtQueryContext].
func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	owner := s.conn.owner(ctx)
	if owner == nil {
		return callStmtQuery(ctx, s.Stmt, args)
	}
	x := s.execute(ctx, owner)
	defer x.end()
	bare, err := callStmtQuery(x.ctx, s.Stmt, args)
	x.returned(err)
	if err != nil || bare == nil {
		return bare, err
	}
	return x.rows(bare), nil
}

// converterStmt is a statement that knows the types of its columns. Without a converter package sql converts by other
// rules, which no converter can follow, so a statement must not have one if the driver's has none.
type converterStmt struct{ *stmt }

// ColumnConverter implements [driver.ColumnConverter].
func (s converterStmt) ColumnConverter(i int) driver.ValueConverter {
	return s.Stmt.(driver.ColumnConverter).ColumnConverter(i) //nolint:staticcheck // See wrapStmt.
}
