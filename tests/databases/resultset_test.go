package databases_test

import "testing"

var resultSetChecks = []check{
	{name: "several statements in one text", run: func(t *testing.T, s *session) {
		s.write(t, `INSERT INTO ledger (item, amount) VALUES ('tea', 1), ('milk', 2)`)
		for _, text := range []string{
			`SELECT 1 AS one; SELECT item, amount FROM ledger ORDER BY item; SELECT 2 AS two WHERE 1 = 0`,
			`SELECT 1 AS one; SELECT * FROM nowhere`,
			`UPDATE ledger SET amount = amount + 1; SELECT amount FROM ledger ORDER BY amount`,
			`;`,
			``,
		} {
			rows, err := s.db.QueryContext(s.ctx, text)
			s.rows("query "+text, rows, err)
			result, err := s.db.ExecContext(s.ctx, text)
			s.result("exec "+text, result, err)
			statement, err := s.db.PrepareContext(s.ctx, text)
			s.note("prepare "+text, err)
			if err == nil {
				s.note("close "+text, statement.Close())
			}
		}
		rows, err := s.db.QueryContext(s.ctx, s.sql(`SELECT ?; SELECT ?`), "1", "2")
		s.rows("query with arguments", rows, err)
		result, err := s.db.ExecContext(s.ctx, `UPDATE ledger SET amount = 9; UPDATE ledger SET amount = 8 WHERE item = 'tea'`)
		s.result("exec of two updates", result, err)
		s.ledger(t, "ledger")
	}},
	{name: "a result that is left before its last set", run: func(t *testing.T, s *session) {
		s.db.SetMaxOpenConns(1)
		rows, err := s.db.QueryContext(s.ctx, `SELECT 1 AS one; SELECT 2 AS two; SELECT 3 AS three`)
		if err != nil {
			s.note("refused", err)
			return
		}
		s.note("first", rows.Next(), rows.NextResultSet(), rows.Next(), rows.Close(), rows.Err())
		s.note("the connection after that", s.number(t, s.db, `SELECT count(*) FROM kinds`))
	}},
	{name: "stored procedure", on: []string{"mariadb"}, run: func(t *testing.T, s *session) {
		s.write(t, `INSERT INTO ledger (item, amount) VALUES ('tea', 1), ('milk', 2)`)
		rows, err := s.db.QueryContext(s.ctx, `CALL two_sets(7)`)
		s.rows("query", rows, err)
		rows, err = s.db.QueryContext(s.ctx, `CALL two_sets(?)`, 8)
		s.rows("query with an argument", rows, err)
		result, err := s.db.ExecContext(s.ctx, `CALL two_sets(?)`, 9)
		s.result("exec", result, err)
	}},
}
