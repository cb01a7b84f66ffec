package databases_test

import "testing"

var resultChecks = []check{
	{name: "results", run: func(t *testing.T, s *session) {
		for _, step := range []struct {
			query     string
			arguments []any
		}{
			{query: `INSERT INTO ledger (item, amount) VALUES ('tea', 1)`},
			{query: `INSERT INTO ledger (item, amount) VALUES (?, ?), (?, ?)`, arguments: []any{"milk", 2, "bread", 3}},
			{query: `UPDATE ledger SET amount = amount + 1`},
			{query: `UPDATE ledger SET amount = amount`},
			{query: `UPDATE ledger SET amount = ? WHERE item = ?`, arguments: []any{9, "nothing"}},
			{query: `SELECT * FROM ledger`},
			{query: `DELETE FROM ledger WHERE amount > ?`, arguments: []any{2}},
			{query: `CREATE TEMPORARY TABLE passing (id integer)`},
			{query: `DROP TABLE passing`},
		} {
			// One connection, since a temporary table belongs to it.
			s.db.SetMaxOpenConns(1)
			result, err := s.db.ExecContext(s.ctx, s.sql(step.query), step.arguments...)
			s.result(step.query, result, err)
		}
		s.ledger(t, "ledger")
		result, err := s.db.Exec(`DELETE FROM ledger`)
		s.result("without a context", result, err)
	}},
	{name: "returning", run: func(t *testing.T, s *session) {
		rows, err := s.db.QueryContext(s.ctx, s.sql(`INSERT INTO ledger (item, amount) VALUES (?, 1), ('milk', 2) RETURNING id, item`), "tea")
		s.rows("insert", rows, err)
		var id int
		s.note("row", s.db.QueryRowContext(s.ctx, `INSERT INTO ledger (item) VALUES ('bread') RETURNING id`).Scan(&id), id)
		s.note("refused row", s.db.QueryRowContext(s.ctx, `INSERT INTO ledger (item) VALUES ('bread') RETURNING id`).Scan(&id))
		s.ledger(t, "ledger")
	}},
}
