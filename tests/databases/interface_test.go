package databases_test

import (
	"cmp"
	"database/sql/driver"
	"fmt"
	"io"
	"testing"
)

// interfaceChecks call what a driver offers by hand, as database/sql does. A wrapped value may have an optional
// interface that the driver's own lacks if it answers as database/sql does by itself where there is none.
var interfaceChecks = []check{
	{name: "driver interfaces called by hand", run: func(t *testing.T, s *session) {
		connection, err := s.db.Conn(s.ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		err = connection.Raw(func(raw any) error {
			return cmp.Or(s.connectionByHand(raw.(driver.Conn)), s.statementsByHand(raw.(driver.Conn)), s.checksByHand(raw.(driver.Conn)))
		})
		if err != nil {
			t.Fatal(err)
		}
	}},
}

// connectionByHand runs what needs no statement of its own.
func (s *session) connectionByHand(connection driver.Conn) error {
	_, execs := connection.(driver.ExecerContext)
	_, oldExecs := connection.(driver.Execer) //nolint:staticcheck // Deprecated, and still looked for by database/sql.
	_, queries := connection.(driver.QueryerContext)
	_, oldQueries := connection.(driver.Queryer) //nolint:staticcheck // Deprecated, and still looked for by database/sql.
	s.note("runs statements without preparing them", execs || oldExecs, queries || oldQueries)

	if querier, ok := connection.(driver.QueryerContext); ok {
		rows, err := querier.QueryContext(s.ctx, `SELECT id, name FROM kinds ORDER BY id`, nil)
		s.rowsByHand("query", rows, err)
		// Some drivers leave what has arguments to a prepared statement.
		rows, err = querier.QueryContext(s.ctx, s.sql(`SELECT name FROM kinds WHERE id = ?`), one)
		s.rowsByHand("query with an argument", rows, err)
	}
	if execer, ok := connection.(driver.ExecerContext); ok {
		_, err := execer.ExecContext(s.ctx, s.sql(`DELETE FROM ledger WHERE amount = ?`), one)
		s.note("exec with an argument", err)
	}
	pinger, ok := connection.(driver.Pinger)
	s.note("ping", !ok || pinger.Ping(s.ctx) == nil)
	validator, ok := connection.(driver.Validator)
	s.note("valid", !ok || validator.IsValid())
	resetter, ok := connection.(driver.SessionResetter)
	s.note("reset", !ok || resetter.ResetSession(s.ctx) == nil)

	_, begins := connection.(driver.ConnBeginTx)
	s.note("begins with options", begins)
	tx, err := connection.Begin() //nolint:staticcheck // Deprecated for programs; every driver has it.
	if err != nil {
		return err
	}
	s.note("rollback", tx.Rollback())
	return nil
}

// statementsByHand prepares in the old and in the new way, and runs in both.
func (s *session) statementsByHand(connection driver.Conn) error {
	statement, err := connection.Prepare(`SELECT id, name, exact FROM kinds ORDER BY id`)
	if err != nil {
		return err
	}
	s.note("inputs", statement.NumInput())
	rows, err := statement.Query(nil) //nolint:staticcheck // Deprecated for programs; a driver may refuse it, as pgx does.
	s.rowsByHand("old query of a statement", rows, err)
	s.note("close", statement.Close())

	preparer, ok := connection.(driver.ConnPrepareContext)
	s.note("prepares with a context", ok)
	if !ok {
		return nil
	}
	statement, err = preparer.PrepareContext(s.ctx, s.sql(`SELECT name FROM kinds WHERE id = ?`))
	if err != nil {
		return err
	}
	s.note("inputs", statement.NumInput())
	querier, ok := statement.(driver.StmtQueryContext)
	s.note("queries with a context", ok)
	if ok {
		rows, err := querier.QueryContext(s.ctx, one)
		s.rowsByHand("query of a statement", rows, err)
	}
	_, ok = statement.(driver.StmtExecContext)
	s.note("execs with a context", ok)
	s.note("close", statement.Close())
	return nil
}

// checksByHand asks who checks the arguments, of a connection and of a statement: without a checker database/sql does
// what it does after driver.ErrSkip. A statement's own comes first, and hides the connection's.
func (s *session) checksByHand(connection driver.Conn) error {
	statement, err := connection.Prepare(s.sql(`SELECT name FROM kinds WHERE id = ?`))
	if err != nil {
		return err
	}
	_, converts := statement.(driver.ColumnConverter) //nolint:staticcheck // Deprecated, and still looked for by database/sql.
	s.note("converts arguments", converts)
	for _, value := range []any{int64(1), 7, "text", []string{"a"}, uint64(1 << 63), price{5}, driver.ErrRemoveArgument} {
		for _, who := range []struct {
			name    string
			holders []any
		}{{"connection", []any{connection}}, {"statement", []any{statement, connection}}} {
			argument := driver.NamedValue{Ordinal: 1, Value: value}
			err := driver.ErrSkip
			for _, holder := range who.holders {
				if checker, ok := holder.(driver.NamedValueChecker); ok {
					err = checker.CheckNamedValue(&argument)
					break
				}
			}
			s.note(fmt.Sprintf("check of %T by the %s", value, who.name), argument, err)
		}
	}
	return statement.Close()
}

var one = []driver.NamedValue{{Ordinal: 1, Value: int64(1)}}

// rowsByHand notes the driver's rows to their end, which must be exactly io.EOF, and closes them.
func (s *session) rowsByHand(label string, rows driver.Rows, err error) {
	if err != nil {
		s.note(label, err)
		return
	}
	s.note(label+": columns", rows.Columns())
	values := make([]driver.Value, len(rows.Columns()))
	for err = rows.Next(values); err == nil; err = rows.Next(values) {
		row := make([]any, len(values)) // A driver's value has a type of its own.
		for i, value := range values {
			row[i] = value
		}
		s.note(label+": row", row...)
	}
	s.note(label+": end", err == io.EOF, err) //nolint:errorlint // As database/sql compares it.
	sets, ok := rows.(driver.RowsNextResultSet)
	s.note(label+": more sets", ok && sets.HasNextResultSet())
	s.note(label+": close", rows.Close())
}
