package workload

import (
	"context"
	"database/sql/driver"
	"io"
	"reflect"
)

// Connector returns a connector to a fake database that answers at once: two rows of an integer
// and a string to each query, one affected row to each exec. Its connections implement the context
// interfaces, and its rows the column types, as current drivers do.
func Connector() driver.Connector { return connector{} }

type connector struct{}

func (connector) Connect(context.Context) (driver.Conn, error) { return &conn{}, nil }
func (connector) Driver() driver.Driver                        { return Driver{} }

// Driver is the driver of [Connector], for agents that wrap drivers. The name it is opened with
// is not used.
type Driver struct{}

// Open implements [driver.Driver].
func (Driver) Open(string) (driver.Conn, error) { return &conn{}, nil }

// OpenConnector implements [driver.DriverContext].
func (Driver) OpenConnector(string) (driver.Connector, error) { return connector{}, nil }

type conn struct{}

var (
	_ driver.QueryerContext     = (*conn)(nil)
	_ driver.ExecerContext      = (*conn)(nil)
	_ driver.ConnPrepareContext = (*conn)(nil)
	_ driver.ConnBeginTx        = (*conn)(nil)
	_ driver.Pinger             = (*conn)(nil)
	_ driver.SessionResetter    = (*conn)(nil)
	_ driver.Validator          = (*conn)(nil)
	_ driver.NamedValueChecker  = (*conn)(nil)
)

func (*conn) Prepare(string) (driver.Stmt, error) { return stmt{}, nil }

func (*conn) PrepareContext(context.Context, string) (driver.Stmt, error) { return stmt{}, nil }

func (*conn) Close() error { return nil }

func (*conn) Begin() (driver.Tx, error) { return tx{}, nil }

func (*conn) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) { return tx{}, nil }

func (*conn) Ping(context.Context) error { return nil }

func (*conn) ResetSession(context.Context) error { return nil }

func (*conn) IsValid() bool { return true }

func (*conn) CheckNamedValue(*driver.NamedValue) error { return nil }

func (*conn) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return &rows{}, nil
}

func (*conn) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	return driver.RowsAffected(1), nil
}

type stmt struct{}

func (stmt) Close() error { return nil }

func (stmt) NumInput() int { return -1 }

func (stmt) Exec([]driver.Value) (driver.Result, error) { return driver.RowsAffected(1), nil }

func (stmt) Query([]driver.Value) (driver.Rows, error) { return &rows{}, nil }

type tx struct{}

func (tx) Commit() error { return nil }

func (tx) Rollback() error { return nil }

// rowsPerQuery is how many rows each query returns.
const rowsPerQuery = 2

type rows struct{ read int }

var (
	_ driver.RowsColumnTypeDatabaseTypeName = (*rows)(nil)
	_ driver.RowsColumnTypeScanType         = (*rows)(nil)
	_ driver.RowsColumnTypeLength           = (*rows)(nil)
	_ driver.RowsColumnTypePrecisionScale   = (*rows)(nil)
)

var columns = []string{"id", "name"}

func (*rows) Columns() []string { return columns }

func (*rows) Close() error { return nil }

func (r *rows) Next(dest []driver.Value) error {
	if r.read == rowsPerQuery {
		return io.EOF
	}
	r.read++
	dest[0], dest[1] = int64(7), "seven"
	return nil
}

func (*rows) ColumnTypeDatabaseTypeName(int) string { return "TEXT" }

func (*rows) ColumnTypeScanType(int) reflect.Type { return reflect.TypeFor[string]() }

func (*rows) ColumnTypeLength(int) (int64, bool) { return 0, false }

func (*rows) ColumnTypePrecisionScale(int) (precision, scale int64, ok bool) { return 0, 0, false }
