package sqltrace

import (
	"context"
	"database/sql/driver"
	"reflect"

	"github.com/daybook-apm/daybook/internal/childspan"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// conn wraps a [driver.Conn]. It has every optional interface whose absence package sql can be told in another way, so that
// what it does is the same; [conn.shape] adds the others. As with any driver's connection, one goroutine
// uses it at a time.
type conn struct {
	driver.Conn // The driver's own.
	database    *database
	otelsql     bool             // The driver's is otelsql's, around the real one.
	tx          *tx              // The open SQL transaction; nil if there is none, or nobody records it.
	skipped     bool             // The driver has skipped a statement: package sql prepares it next.
	call        transaction.Call // What is executed now; rows have a call of their own.
}

var (
	_ driver.Pinger             = (*conn)(nil)
	_ driver.ConnPrepareContext = (*conn)(nil)
	_ driver.ConnBeginTx        = (*conn)(nil)
	_ driver.NamedValueChecker  = (*conn)(nil)
)

func wrapConn(bare driver.Conn, db *database) driver.Conn {
	return (&conn{Conn: bare, database: db, otelsql: packagePath(reflect.TypeOf(bare)) == otelsqlPath}).shape()
}

// Raw returns the driver's own connection, for programs that get at it by [sql.Conn.Raw].
func (c *conn) Raw() driver.Conn { return c.Conn }

// transactionOf returns the transaction that work on the connection belongs to: the one of the context or, if it has
// none, the one that the open SQL transaction was begun in. It may be nil.
func (c *conn) transactionOf(ctx context.Context) *transaction.Transaction {
	if t := transaction.From(ctx); t != nil || c.tx == nil {
		return t
	}
	return c.tx.transaction
}

// owner returns the context that a statement is recorded under, or nil if nobody records it.
func (c *conn) owner(ctx context.Context) context.Context {
	if c.tx != nil && c.tx.transaction != nil && transaction.From(ctx) == nil {
		return c.tx.ctx
	}
	if transaction.From(ctx) == nil && transaction.AgentFrom(ctx) == nil {
		return nil
	}
	return ctx
}

// Ping implements [driver.Pinger]. To package sql, a connection without it answers.
func (c *conn) Ping(ctx context.Context) error {
	pinger, ok := c.Conn.(driver.Pinger)
	if !ok {
		return nil
	}
	t := c.transactionOf(ctx)
	defer t.StartInterval(transaction.SQL).End()
	err := pinger.Ping(ctx)
	recordError(t, err)
	return err
}

// CheckNamedValue implements [driver.NamedValueChecker]. After driver.ErrSkip package sql goes on as if it was absent.
func (c *conn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

// Prepare implements [driver.Conn].
func (c *conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// PrepareContext implements [driver.ConnPrepareContext].
func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	bare, err, skipped := driver.Stmt(nil), error(nil), c.skipped
	c.skipped = false
	if skipped {
		bare, err = c.prepareSkipped(ctx, query)
	} else {
		bare, err = c.prepare(ctx, query)
	}
	if err != nil || bare == nil {
		return bare, err
	}
	return wrapStmt(bare, c, query, skipped), nil
}

func (c *conn) prepare(ctx context.Context, query string) (driver.Stmt, error) {
	t := c.transactionOf(ctx)
	defer t.StartInterval(transaction.SQL).End()
	bare, err := callPrepare(ctx, c.Conn, query)
	recordRetried(t, err)
	return bare, err
}

// prepareSkipped prepares the statement that the driver has skipped. That is no call, unless it fails: the statement,
// which the caller did execute, has then failed here.
func (c *conn) prepareSkipped(ctx context.Context, query string) (driver.Stmt, error) {
	owner := c.owner(ctx)
	if owner == nil {
		return callPrepare(ctx, c.Conn, query)
	}
	x := c.execute(ctx, owner, c.database.statement(query), c.tx == nil)
	defer x.end()
	bare, err := callPrepare(x.ctx, c.Conn, query)
	if err != nil {
		x.returned(err)
	} else {
		x.abandon()
	}
	return bare, err
}

// exec executes a statement. It is there for connections that execute without preparing.
func (c *conn) exec(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	owner := c.owner(ctx)
	if owner == nil {
		return callExec(ctx, c.Conn, query, args)
	}
	x := c.execute(ctx, owner, c.database.statement(query), c.tx == nil)
	defer x.end()
	result, err := callExec(x.ctx, c.Conn, query, args)
	if x.skipped(err) {
		return result, err
	}
	x.returned(err)
	if err == nil {
		x.affected(result)
	}
	return result, err
}

// query is exec for statements that return rows.
func (c *conn) query(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	owner := c.owner(ctx)
	if owner == nil {
		return callQuery(ctx, c.Conn, query, args)
	}
	x := c.execute(ctx, owner, c.database.statement(query), c.tx == nil)
	defer x.end()
	bare, err := callQuery(x.ctx, c.Conn, query, args)
	if x.skipped(err) {
		return bare, err
	}
	x.returned(err)
	if err != nil || bare == nil {
		return bare, err
	}
	return x.rows(bare), nil
}

// BeginTx implements [driver.ConnBeginTx].
func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.tx = nil
	t := transaction.From(ctx)
	defer t.StartInterval(transaction.SQL).End()
	traced, span := c.startControlSpan(ctx, ctx, t, "BEGIN")
	bare, err := callBegin(traced, c.Conn, opts)
	childspan.End(span, errorType(err))
	recordRetried(t, err)
	if err != nil || bare == nil || c.owner(ctx) == nil {
		return bare, err
	}
	c.tx = &tx{Tx: bare, conn: c, ctx: transaction.Attach(ctx), transaction: t}
	return c.tx, nil
}

// Begin implements [driver.Conn].
func (c *conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}
