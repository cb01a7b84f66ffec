package databases_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/lib/pq"
	"modernc.org/sqlite"
)

var errorChecks = []check{
	{name: "errors", run: errorsOfMistakes},
	{name: "errors of opening", run: errorsOfOpening},
}

// errorsOfMistakes has the database refuse statements on each path that a statement can take.
func errorsOfMistakes(t *testing.T, s *session) {
	refused := 0
	for _, mistake := range s.mistakes {
		query := s.sql(mistake.query)
		path := func(name string) string { return mistake.name + " by " + name }

		result, err := s.db.ExecContext(s.ctx, query, mistake.arguments...)
		s.result(path("exec"), result, err)
		if err != nil {
			refused++
		}
		rows, err := s.db.QueryContext(s.ctx, query, mistake.arguments...)
		s.rows(path("query"), rows, err)
		var value any
		s.note(path("query row"), s.db.QueryRowContext(s.ctx, query, mistake.arguments...).Scan(&value))

		statement, err := s.db.PrepareContext(s.ctx, query)
		s.note(path("prepare"), err)
		if err == nil {
			if !strings.HasPrefix(query, "SELECT") { // See the prepared statements: go-sql-driver cannot.
				result, err := statement.ExecContext(s.ctx, mistake.arguments...)
				s.result(path("prepared exec"), result, err)
			}
			rows, err := statement.QueryContext(s.ctx, mistake.arguments...)
			s.rows(path("prepared query"), rows, err)
			s.note(path("close"), statement.Close())
		}

		tx, err := s.db.BeginTx(s.ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = tx.ExecContext(s.ctx, query, mistake.arguments...)
		s.note(path("exec in a transaction"), err)
		// After a refusal PostgreSQL refuses everything up to the rollback, the others go on.
		_, err = tx.ExecContext(s.ctx, `SELECT 1`)
		s.note(path("the next one in the transaction"), err)
		s.note(path("commit"), tx.Commit())
		s.write(t, `DELETE FROM ledger`)
	}
	if refused < len(s.mistakes)-2 { // A mistake half way through the rows, or one that only a query shows, may not stop an exec.
		t.Errorf("%d of %d mistakes were refused: they do not test what they are meant to", refused, len(s.mistakes))
	}
}

// errorsOfOpening opens what is not there.
func errorsOfOpening(t *testing.T, s *session) {
	_, err := s.way.open("no such driver", s.dsn)
	s.note("unknown driver", err != nil)
	for i, dsn := range s.astray(s.dsn) {
		name := [...]string{"nobody there", "unknown database", "malformed name"}[i]
		db, err := s.way.open(s.driver, dsn)
		s.note(name+": open", err)
		if err != nil {
			continue
		}
		s.note(name+": ping", db.PingContext(s.ctx))
		_, err = db.ExecContext(s.ctx, `SELECT 1`)
		s.note(name+": exec", err)
		s.note(name+": close", db.Close())
	}
}

// passing is what differs from run to run in the text of an error: ports of our own end of a connection, addresses of
// values.
var passing = regexp.MustCompile(`:\d{4,5}\b|0x[0-9a-f]+`)

// describe writes an error as a program can look at it: the types and texts of all that it wraps, the known values that
// it is, and what the drivers' own types tell.
func describe(err error) string {
	var text strings.Builder
	var walk func(error)
	walk = func(err error) {
		fmt.Fprintf(&text, "%T(%s)", err, passing.ReplaceAllString(err.Error(), "…"))
		switch err := err.(type) { //nolint:errorlint // This is the walk itself.
		case interface{ Unwrap() error }:
			if inner := err.Unwrap(); inner != nil {
				text.WriteString(" of ")
				walk(inner)
			}
		case interface{ Unwrap() []error }:
			for _, inner := range err.Unwrap() {
				text.WriteString(" of ")
				walk(inner)
			}
		}
	}
	walk(err)
	text.WriteString(kinds(err))
	if pgxError := (*pgconn.PgError)(nil); errors.As(err, &pgxError) {
		fmt.Fprintf(&text, " pgx %s %s at %d: %s, %s, %s", pgxError.Severity, pgxError.SQLState(), pgxError.Position, pgxError.Detail, pgxError.Hint, pgxError.ConstraintName)
	}
	if pqError := (*pq.Error)(nil); errors.As(err, &pqError) {
		fmt.Fprintf(&text, " pq %s %s at %s: %s, %s, %s", pqError.Severity, pqError.SQLState(), pqError.Position, pqError.Detail, pqError.Hint, pqError.Constraint)
	}
	if mysqlError := (*mysql.MySQLError)(nil); errors.As(err, &mysqlError) {
		fmt.Fprintf(&text, " mysql %d %s", mysqlError.Number, mysqlError.SQLState)
	}
	if sqliteError := (*sqlite.Error)(nil); errors.As(err, &sqliteError) {
		fmt.Fprintf(&text, " sqlite %d", sqliteError.Code())
	}
	return text.String()
}

// kinds names the well-known errors that err is. Programs compare some of them with ==, which only an unchanged error
// survives.
func kinds(err error) string {
	var names strings.Builder
	for _, known := range []error{
		sql.ErrNoRows, sql.ErrTxDone, sql.ErrConnDone, driver.ErrBadConn, driver.ErrSkip, driver.ErrRemoveArgument,
		context.Canceled, context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF, mysql.ErrInvalidConn,
	} {
		switch {
		case err == known: //nolint:errorlint // As programs compare, and database/sql itself.
			fmt.Fprintf(&names, " == %q", known.Error())
		case errors.Is(err, known):
			fmt.Fprintf(&names, " is %q", known.Error())
		}
	}
	return names.String()
}
