package sqltrace

import (
	"context"
	"database/sql/driver"
	"errors"
	"reflect"
	"strconv"

	"github.com/daybook-apm/daybook/internal/semconv"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// The error.type of failures that have no number of the database.
const (
	timeoutError       = transaction.TimeoutError
	badConnectionError = "bad_connection"
)

// errorType returns the error.type of what a driver returned, empty for nil: canceled or timeout if a context was the
// reason, the SQLSTATE, the number of MySQL or SQL Server, the code of SQLite, bad_connection, else the Go type.
// It never asks for the text, which may hold data, and survives whatever the methods of a foreign error do.
func errorType(err error) (class string) {
	if err == nil {
		return ""
	}
	defer func() {
		if recover() != nil {
			class = reflect.TypeOf(err).String()
		}
	}()
	if errors.Is(err, context.Canceled) {
		return transaction.CanceledError
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return timeoutError
	}
	var state interface{ SQLState() string }
	if errors.As(err, &state) {
		if s := state.SQLState(); isSQLState(s) {
			return s
		}
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		if n := number(e); n != 0 {
			return strconv.FormatInt(n, 10)
		}
	}
	if errors.Is(err, driver.ErrBadConn) {
		return badConnectionError
	}
	return semconv.ErrorType(err)
}

// isSQLState reports whether s is five digits or capital letters: there are few of those.
func isSQLState(s string) bool {
	if len(s) != 5 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// number returns the number of a database's error, or 0. The drivers' packages are not imported for it: modernc's SQLite
// has a method Code, mysql.MySQLError and mssql.Error have a field Number, mattn's sqlite3.Error has a field Code.
func number(err error) int64 {
	if c, ok := err.(interface{ Code() int }); ok {
		return int64(c.Code())
	}
	v := reflect.Indirect(reflect.ValueOf(err))
	if v.Kind() != reflect.Struct {
		return 0
	}
	switch v.Type().Name() {
	case "MySQLError", "Error":
	default:
		return 0
	}
	f := v.FieldByName("Number")
	if !f.IsValid() {
		f = v.FieldByName("Code")
	}
	switch {
	case f.CanInt():
		return f.Int()
	case f.CanUint():
		return int64(f.Uint())
	}
	return 0
}

// isBadConn reports whether package sql takes err for a broken connection.
func isBadConn(err error) (bad bool) {
	if err == nil {
		return false
	}
	defer func() { _ = recover() }() // Package sql will ask the error again.
	return errors.Is(err, driver.ErrBadConn)
}

// recordError counts a failure of what is no statement: a ping, a commit.
func recordError(t *transaction.Transaction, err error) {
	if t != nil && err != nil {
		t.RecordWith(errorType(err), err)
	}
}

// recordRetried is recordError for what package sql tries again if the connection was bad: to connect, to prepare,
// to begin.
func recordRetried(t *transaction.Transaction, err error) {
	if !isBadConn(err) {
		recordError(t, err)
	}
}
