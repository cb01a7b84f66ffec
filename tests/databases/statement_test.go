package databases_test

import (
	"database/sql"
	"sync"
	"testing"
)

var statementChecks = []check{
	{name: "prepared statements", run: func(t *testing.T, s *session) {
		connection, err := s.db.Conn(s.ctx)
		if err != nil {
			t.Fatal(err)
		}
		tx, err := s.db.BeginTx(s.ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		prepared(t, s, "transaction", tx)
		s.note("commit", tx.Commit())
		prepared(t, s, "pool", s.db)
		prepared(t, s, "connection", connection)
		s.note("close the connection", connection.Close())
		s.ledger(t, "ledger")
	}},
	{name: "one prepared statement for all goroutines", run: func(t *testing.T, s *session) {
		s.db.SetMaxOpenConns(4)
		statement, err := s.db.PrepareContext(s.ctx, s.sql(`SELECT count(*) FROM kinds WHERE id > ?`))
		if err != nil {
			t.Fatal(err)
		}
		var running sync.WaitGroup
		for i := range 16 {
			running.Go(func() {
				for range 10 {
					var count int
					if err := statement.QueryRowContext(s.ctx, i%4).Scan(&count); err != nil || count != 3-i%4 {
						t.Errorf("%d rows with an id above %d (%v), want %d", count, i%4, err, 3-i%4)
					}
				}
			})
		}
		running.Wait()
		s.note("close", statement.Close())
	}},
}

// prepared uses a statement of the handle again and again, in each way, also after its end.
func prepared(t *testing.T, s *session, label string, handle handle) {
	t.Helper()
	insert, err := handle.PrepareContext(s.ctx, s.sql(`INSERT INTO ledger (item, amount) VALUES (?, ?)`))
	if err != nil {
		t.Fatal(err)
	}
	items := []string{"tea", "milk", "tea"} // The last breaks a rule,
	_, inTransaction := handle.(*sql.Tx)
	if inTransaction {
		items = items[:2] // which is the end of a transaction of PostgreSQL.
	}
	for i, item := range items {
		result, err := insert.ExecContext(s.ctx, label+" "+item, i)
		s.result(label+": insert "+item, result, err)
	}
	if !inTransaction {
		_, err = insert.ExecContext(s.ctx, "bread")
		s.note(label+": too few arguments", err)
		_, err = insert.ExecContext(s.ctx, "bread", 1, 2)
		s.note(label+": too many arguments", err)
	}
	find, err := handle.PrepareContext(s.ctx, s.sql(`SELECT item, amount FROM ledger WHERE amount >= ? ORDER BY item, amount`))
	if err != nil {
		t.Fatal(err)
	}
	for _, amount := range []int{0, 1, 100} {
		rows, err := find.QueryContext(s.ctx, amount)
		s.rows(label+": find", rows, err)
	}
	rows, err := find.Query(0) // Without a context, as many programs have it.
	s.rows(label+": find without a context", rows, err)
	var item string
	var amount int
	s.note(label+": row", find.QueryRowContext(s.ctx, 1).Scan(&item, &amount), item, amount)
	s.note(label+": no row", find.QueryRowContext(s.ctx, 100).Scan(&item, &amount))
	if s.driver != "mysql" { // go-sql-driver 1.10.1 waits for ever when MariaDB does not repeat the columns of a statement.
		result, err := find.ExecContext(s.ctx, 1)
		s.result(label+": exec of a query", result, err)
	}
	s.note(label+": close", find.Close(), find.Close(), insert.Close())
	_, err = find.QueryContext(s.ctx, 1)
	s.note(label+": after close", err)
}
