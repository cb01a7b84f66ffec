package databases_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/lib/pq"
)

var copyChecks = []check{
	{name: "COPY as a prepared statement", on: []string{"postgres"}, run: copyAsStatement},
	{name: "COPY through the driver's connection", on: []string{"pgx"}, run: copyThroughRaw},
	{name: "LOAD DATA", on: []string{"mysql"}, run: loadData},
}

// copyAsStatement loads rows as lib/pq has it: each Exec is a row, the one without arguments ends the COPY.
func copyAsStatement(t *testing.T, s *session) {
	for _, amount := range []int{1, -1} { // The second breaks a rule, which shows at the end only.
		tx, err := s.db.BeginTx(s.ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		statement, err := tx.PrepareContext(s.ctx, pq.CopyIn("ledger", "item", "amount")) //nolint:staticcheck // Deprecated, and what services use.
		if err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			if _, err := statement.ExecContext(s.ctx, fmt.Sprintf("item %d of %d", i, amount), amount); err != nil {
				s.note("row", err)
				break
			}
		}
		_, err = statement.QueryContext(s.ctx)
		s.note("query", err)
		result, err := statement.ExecContext(s.ctx)
		s.result("flush", result, err)
		s.note("close", statement.Close())
		s.note("commit", tx.Commit())
		s.note("rows", s.number(t, s.db, `SELECT count(*) FROM ledger`))
	}
	if got := s.number(t, s.admin, `SELECT count(*) FROM ledger WHERE amount = 1`); got != 100 {
		t.Errorf("%d rows were copied, want 100", got)
	}
	_, err := s.db.PrepareContext(s.ctx, pq.CopyIn("ledger", "item")) //nolint:staticcheck // Deprecated, and what services use.
	s.note("outside a transaction", err)
}

// copyThroughRaw loads rows as pgx has it, on its own connection.
func copyThroughRaw(t *testing.T, s *session) {
	connection, err := s.db.Conn(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	for _, amount := range []int{1, -1} {
		err = connection.Raw(func(raw any) error {
			own := unwrap(raw).(*stdlib.Conn).Conn()
			copied, err := own.CopyFrom(s.ctx, pgx.Identifier{"ledger"}, []string{"item", "amount"},
				pgx.CopyFromSlice(100, func(i int) ([]any, error) { return []any{fmt.Sprintf("item %d of %d", i, amount), amount}, nil }))
			s.note("copied", copied)
			return err
		})
		s.note("raw", err)
		s.note("rows", s.number(t, connection, `SELECT count(*) FROM ledger`))
	}
	if got := s.number(t, s.admin, `SELECT count(*) FROM ledger WHERE amount = 1`); got != 100 {
		t.Errorf("%d rows were copied, want 100", got)
	}
}

// loadData loads rows as go-sql-driver has it: the server asks for the file, a reader of our process gives it.
func loadData(t *testing.T, s *session) {
	mysql.RegisterReaderHandler("ledger", func() io.Reader {
		var text strings.Builder
		for i := range 100 {
			fmt.Fprintf(&text, "item %d,%d\n", i, i)
		}
		return strings.NewReader(text.String())
	})
	defer mysql.DeregisterReaderHandler("ledger")
	load := `LOAD DATA LOCAL INFILE 'Reader::%s' INTO TABLE ledger FIELDS TERMINATED BY ',' (item, amount)`
	result, err := s.db.ExecContext(s.ctx, fmt.Sprintf(load, "ledger"))
	s.result("load", result, err)
	result, err = s.db.ExecContext(s.ctx, fmt.Sprintf(load, "nowhere"))
	s.result("load from nowhere", result, err)
	if got := s.number(t, s.db, `SELECT count(*) FROM ledger`); got != 100 {
		t.Errorf("%d rows were loaded, want 100", got)
	}
}
