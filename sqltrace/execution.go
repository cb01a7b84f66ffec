package sqltrace

import (
	"context"
	"database/sql/driver"

	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/childspan"
	"github.com/daybook-apm/daybook/internal/sqltext"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// retries is how often package sql makes an attempt again that ended with driver.ErrBadConn.
const retries = 2

// execution is a statement while the driver executes it. Its call is that of the connection, so that it costs no
// allocation. A deferred end closes it also if the driver panics.
type execution struct {
	conn    *conn
	ctx     context.Context // What the driver gets.
	span    trace.Span      // nil: not traced live. It is not ended, and so not exported, if there was no call.
	result  transaction.Result
	retried bool // Package sql tries it again after driver.ErrBadConn.
}

func (c *conn) execute(ctx, owner context.Context, s *sqltext.Statement, retried bool) execution {
	c.call = transaction.StartStatement(owner, s)
	ctx, span := c.startStatementSpan(ctx, owner, s)
	return execution{c, ctx, span, transaction.Result{ErrorType: transaction.PanicError}, retried}
}

// skipped takes the statement back if the driver does not execute it without preparing it.
func (x *execution) skipped(err error) bool {
	x.conn.skipped = err == driver.ErrSkip //nolint:errorlint // As package sql compares it.
	if x.conn.skipped {
		x.abandon()
	}
	return x.conn.skipped
}

// abandon takes the statement back.
func (x *execution) abandon() {
	x.conn.call.Abandon()
	x.span = nil
}

// returned takes the error, or nil, that the driver returned.
func (x *execution) returned(err error) {
	if x.retried && isBadConn(err) && x.conn.call.Retry(retries) {
		x.span = nil
		return
	}
	x.result.ErrorType = errorType(err)
	x.conn.call.Explain(err)
}

// affected takes the result of a statement that did not fail.
func (x *execution) affected(r driver.Result) {
	x.result.Rows = x.conn.database.rowsAffected(r)
}

// rows ends the call and returns what reads its rows.
func (x *execution) rows(bare driver.Rows) driver.Rows {
	x.conn.call.End(x.result)
	return (&rows{bare, x.conn.call}).shape()
}

// end ends the call, unless it was taken back or has ended. An idle connection must not keep a transaction alive.
func (x *execution) end() {
	x.conn.call.End(x.result)
	x.conn.call = transaction.Call{}
	childspan.End(x.span, x.result.ErrorType)
}
