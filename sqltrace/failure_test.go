package sqltrace_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/daybook-apm/daybook/sqltrace"
)

// The errors of drivers, as they declare them.
type (
	stateError struct{ state string } // pgconn.PgError, pq.Error.
	codeError  struct{ code int }     // modernc's sqlite.Error.
	MySQLError struct {
		Number   uint16
		SQLState [5]byte
		Message  string
	}
	errNo int
	Error struct { // mattn's sqlite3.Error.
		Code errNo
	}
	hostileError struct{ part string }
)

func (*stateError) Error() string      { panic("the text was read") }
func (e *stateError) SQLState() string { return e.state }
func (*codeError) Error() string       { panic("the text was read") }
func (e *codeError) Code() int         { return e.code }
func (*MySQLError) Error() string      { panic("the text was read") }
func (Error) Error() string            { panic("the text was read") }

func (e hostileError) do(part string) {
	if e.part == part {
		panic(part)
	}
}

func (e hostileError) Error() string    { panic("the text was read") }
func (e hostileError) SQLState() string { e.do("state"); return "no state of SQL" }
func (e hostileError) Code() int        { e.do("code"); return 0 }
func (e hostileError) Is(error) bool    { e.do("is"); return false }
func (e hostileError) As(any) bool      { e.do("as"); return false }
func (e hostileError) Unwrap() error    { e.do("unwrap"); return nil }

func TestErrorType(t *testing.T) {
	wrap := func(err error) error { return wrapped{err} }
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"nil":                  {nil, ""},
		"canceled":             {wrap(context.Canceled), "canceled"},
		"timeout":              {wrap(context.DeadlineExceeded), "timeout"},
		"state":                {wrap(&stateError{"23505"}), "23505"},
		"state with letters":   {&stateError{"HV00J"}, "HV00J"},
		"canceled with state":  {errors.Join(&stateError{"57014"}, context.Canceled), "canceled"},
		"empty state":          {&stateError{}, "*sqltrace_test.stateError"},
		"long state":           {&stateError{"no state"}, "*sqltrace_test.stateError"},
		"low state":            {&stateError{"abcde"}, "*sqltrace_test.stateError"},
		"mysql":                {wrap(&MySQLError{Number: 1062}), "1062"},
		"mysql without number": {&MySQLError{}, "*sqltrace_test.MySQLError"},
		"mysql nil":            {(*MySQLError)(nil), "*sqltrace_test.MySQLError"},
		"sqlite method":        {wrap(&codeError{2067}), "2067"},
		"sqlite field":         {wrap(Error{Code: 5}), "5"},
		"sqlite nil":           {(*codeError)(nil), "*sqltrace_test.codeError"},
		"bad connection":       {wrap(driver.ErrBadConn), "bad_connection"},
		"unexpected end":       {io.ErrUnexpectedEOF, "*errors.errorString"},
		"hostile state":        {hostileError{"state"}, "sqltrace_test.hostileError"},
		"hostile code":         {hostileError{"code"}, "sqltrace_test.hostileError"},
		"hostile is":           {hostileError{"is"}, "sqltrace_test.hostileError"},
		"hostile as":           {hostileError{"as"}, "sqltrace_test.hostileError"},
		"hostile unwrap":       {hostileError{"unwrap"}, "sqltrace_test.hostileError"},
		"not hostile":          {hostileError{}, "github.com/daybook-apm/daybook/sqltrace_test.hostileError"},
		"fmt":                  {fmt.Errorf("a: %w", &codeError{5}), "5"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := sqltrace.ErrorType(test.err); got != test.want {
				t.Errorf("ErrorType(%T) = %q, want %q", test.err, got, test.want)
			}
		})
	}
}

// wrapped is an error in an error.
type wrapped struct{ err error }

func (wrapped) Error() string   { panic("the text was read") }
func (w wrapped) Unwrap() error { return w.err }

func BenchmarkErrorType(b *testing.B) {
	for name, err := range map[string]error{
		"state": wrapped{&stateError{"23505"}}, "mysql": &MySQLError{Number: 1062}, "other": errFake,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sqltrace.ErrorType(err)
			}
		})
	}
}
