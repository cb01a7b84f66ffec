package sqltrace

import (
	"context"
	"database/sql/driver"

	"github.com/daybook-apm/daybook/internal/childspan"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// tx wraps a [driver.Tx]. Its end belongs to the transaction that it was begun in.
type tx struct {
	driver.Tx   // The driver's own.
	conn        *conn
	ctx         context.Context          // That it was begun with: package sql gives none for its end.
	transaction *transaction.Transaction // nil if it was begun outside of one.
}

// Commit implements [driver.Tx].
func (t *tx) Commit() error { return t.end("COMMIT", t.Tx.Commit) }

// Rollback implements [driver.Tx].
func (t *tx) Rollback() error { return t.end("ROLLBACK", t.Tx.Rollback) }

func (t *tx) end(operation string, end func() error) error {
	t.conn.tx = nil
	defer t.transaction.StartInterval(transaction.SQL).End()
	_, span := t.conn.startControlSpan(t.ctx, t.ctx, t.transaction, operation)
	err := end()
	childspan.End(span, errorType(err))
	recordError(t.transaction, err)
	return err
}
