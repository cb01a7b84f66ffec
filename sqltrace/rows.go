package sqltrace

import (
	"database/sql/driver"
	"io"
	"reflect"

	"github.com/daybook-apm/daybook/internal/transaction"
)

// rows wraps [driver.Rows]. Time in Next, NextResultSet and Close is fetch time, the time between them is the caller's.
// It has every optional interface that a driver's rows may have up to Go 1.26, and answers for one that they have not
// as package sql does: no other result set, nothing known of a column. Package sql calls it under the lock of its
// connection, also from the goroutine that closes rows when their context is done.
type rows struct {
	driver.Rows // The driver's own.
	call        transaction.Call
}

var (
	_ driver.RowsNextResultSet              = (*rows)(nil)
	_ driver.RowsColumnTypeDatabaseTypeName = (*rows)(nil)
	_ driver.RowsColumnTypeLength           = (*rows)(nil)
	_ driver.RowsColumnTypeNullable         = (*rows)(nil)
	_ driver.RowsColumnTypePrecisionScale   = (*rows)(nil)
	_ driver.RowsColumnTypeScanType         = (*rows)(nil)
)

// Next implements [driver.Rows].
func (r *rows) Next(dest []driver.Value) error {
	r.call.StartFetch()
	return r.fetched(1, r.Rows.Next(dest))
}

// fetched takes what a reading has returned. After the last row the fetch goes on until Close, which package sql
// calls at once if there is no other result set: that saves two readings of the clock for each query.
func (r *rows) fetched(n int64, err error) error {
	switch err {
	case nil:
		r.call.StopFetch(n, "")
	case io.EOF: //nolint:errorlint // As package sql compares it.
	default:
		r.call.Explain(err)
		r.call.StopFetch(0, errorType(err))
	}
	return err
}

// HasNextResultSet implements [driver.RowsNextResultSet]. Package sql asks after the last row of each result set.
func (r *rows) HasNextResultSet() bool {
	next, ok := r.Rows.(driver.RowsNextResultSet)
	if !ok || !next.HasNextResultSet() {
		return false
	}
	r.call.StopFetch(0, "") // The caller may take his time.
	return true
}

// NextResultSet implements [driver.RowsNextResultSet].
func (r *rows) NextResultSet() error {
	next, ok := r.Rows.(driver.RowsNextResultSet)
	if !ok {
		return io.EOF
	}
	r.call.StartFetch()
	return r.fetched(0, next.NextResultSet())
}

// Close implements [driver.Rows].
func (r *rows) Close() error {
	r.call.StartFetch()
	failure := transaction.PanicError // Unless the driver returns.
	defer func() {
		r.call.StopFetch(0, failure)
		r.call.Close()
	}()
	err := r.Rows.Close()
	failure = errorType(err)
	return err
}

// ColumnTypeScanType implements [driver.RowsColumnTypeScanType].
func (r *rows) ColumnTypeScanType(i int) reflect.Type {
	if known, ok := r.Rows.(driver.RowsColumnTypeScanType); ok {
		return known.ColumnTypeScanType(i)
	}
	return reflect.TypeFor[any]()
}

// ColumnTypeDatabaseTypeName implements [driver.RowsColumnTypeDatabaseTypeName].
func (r *rows) ColumnTypeDatabaseTypeName(i int) string {
	if known, ok := r.Rows.(driver.RowsColumnTypeDatabaseTypeName); ok {
		return known.ColumnTypeDatabaseTypeName(i)
	}
	return ""
}

// ColumnTypeLength implements [driver.RowsColumnTypeLength].
func (r *rows) ColumnTypeLength(i int) (length int64, ok bool) {
	if known, ok := r.Rows.(driver.RowsColumnTypeLength); ok {
		return known.ColumnTypeLength(i)
	}
	return 0, false
}

// ColumnTypeNullable implements [driver.RowsColumnTypeNullable].
func (r *rows) ColumnTypeNullable(i int) (nullable, ok bool) {
	if known, ok := r.Rows.(driver.RowsColumnTypeNullable); ok {
		return known.ColumnTypeNullable(i)
	}
	return false, false
}

// ColumnTypePrecisionScale implements [driver.RowsColumnTypePrecisionScale].
func (r *rows) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	if known, ok := r.Rows.(driver.RowsColumnTypePrecisionScale); ok {
		return known.ColumnTypePrecisionScale(i)
	}
	return 0, 0, false
}
