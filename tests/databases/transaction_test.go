package databases_test

import (
	"context"
	"database/sql"
	"testing"
)

var transactionChecks = []check{
	{name: "commit and rollback", run: commitAndRollback},
	{name: "isolation", run: isolation},
	{name: "read-only transaction", run: func(t *testing.T, s *session) {
		tx, err := s.db.BeginTx(s.ctx, &sql.TxOptions{ReadOnly: true})
		s.note("begin", err)
		if err != nil {
			return
		}
		rows, err := tx.QueryContext(s.ctx, `SELECT count(*) FROM kinds`)
		s.rows("read", rows, err)
		_, err = tx.ExecContext(s.ctx, `INSERT INTO ledger (item) VALUES ('not allowed')`)
		s.note("write", err)
		s.note("commit", tx.Commit())
		s.ledger(t, "ledger")
	}},
	{name: "transaction whose context ends", run: func(t *testing.T, s *session) {
		ctx, cancel := context.WithCancel(s.ctx)
		tx, err := s.db.BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.ExecContext(s.ctx, `INSERT INTO ledger (item) VALUES ('lost')`); err != nil {
			t.Fatal(err)
		}
		cancel()
		// Which error it is depends on whether database/sql has rolled back by now.
		err = tx.Commit()
		s.note("commit fails", err != nil)
		if err == nil {
			t.Error("commit after the context's end: no error")
		}
		s.note("the pool after that", s.number(t, s.db, `SELECT count(*) FROM kinds`))
		s.ledger(t, "ledger")
	}},
	{name: "savepoints", run: func(t *testing.T, s *session) {
		tx, err := s.db.BeginTx(s.ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, statement := range []string{
			`INSERT INTO ledger (item) VALUES ('kept')`, `SAVEPOINT here`, `INSERT INTO ledger (item) VALUES ('taken back')`,
			`INSERT INTO ledger (item) VALUES ('kept')`, `ROLLBACK TO SAVEPOINT here`, `INSERT INTO ledger (item) VALUES ('after')`,
		} {
			result, err := tx.ExecContext(s.ctx, statement)
			s.result(statement, result, err)
		}
		s.note("commit", tx.Commit())
		s.ledger(t, "ledger")
	}},
	{name: "statements of the pool in a transaction", run: func(t *testing.T, s *session) {
		insert, err := s.db.PrepareContext(s.ctx, s.sql(`INSERT INTO ledger (item, amount) VALUES (?, ?)`))
		if err != nil {
			t.Fatal(err)
		}
		defer insert.Close()
		tx, err := s.db.BeginTx(s.ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		result, err := tx.StmtContext(s.ctx, insert).ExecContext(s.ctx, "tea", 1)
		s.result("the pool's", result, err)
		own, err := tx.PrepareContext(s.ctx, s.sql(`SELECT amount FROM ledger WHERE item = ?`))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := own.QueryContext(s.ctx, "tea")
		s.rows("its own", rows, err)
		s.note("rollback", tx.Rollback())
		_, err = own.QueryContext(s.ctx, "tea")
		s.note("its own after the end", err)
		result, err = insert.ExecContext(s.ctx, "milk", 2)
		s.result("the pool's after the end", result, err)
		s.ledger(t, "ledger")
	}},
}

func commitAndRollback(t *testing.T, s *session) {
	for _, end := range []struct {
		name string
		call func(*sql.Tx) error
		want int
	}{{"commit", (*sql.Tx).Commit, 1}, {"rollback", (*sql.Tx).Rollback, 0}} {
		tx, err := s.db.BeginTx(s.ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		result, err := tx.ExecContext(s.ctx, s.sql(`INSERT INTO ledger (item) VALUES (?)`), "by "+end.name)
		s.result(end.name+": insert", result, err)
		s.note(end.name, end.call(tx))
		s.note(end.name+": commit again", tx.Commit())
		s.note(end.name+": rollback again", tx.Rollback())
		_, err = tx.ExecContext(s.ctx, `SELECT 1`)
		s.note(end.name+": exec again", err)
		if got := s.number(t, s.admin, `SELECT count(*) FROM ledger WHERE item = ?`, "by "+end.name); got != end.want {
			t.Errorf("%d rows after %s, want %d", got, end.name, end.want)
		}
	}
	s.ledger(t, "ledger")

	tx, err := s.db.Begin() // Without a context, as many programs have it.
	if err != nil {
		t.Fatal(err)
	}
	result, err := tx.Exec(`UPDATE ledger SET amount = 5`) // Without a context, as many programs have it.
	s.result("update without a context", result, err)
	s.note("commit without a context", tx.Commit())
	s.ledger(t, "ledger after that")
}

// isolation begins a transaction at each level and looks at what it sees of another program's.
func isolation(t *testing.T, s *session) {
	for level := sql.LevelDefault; level <= sql.LevelLinearizable; level++ {
		s.write(t, `DELETE FROM ledger`)
		tx, err := s.db.BeginTx(s.ctx, &sql.TxOptions{Isolation: level})
		s.note(level.String()+": begin", err)
		if err != nil {
			continue
		}
		if s.system == "mariadb" && level == sql.LevelSerializable {
			s.note(level.String()+": rollback", tx.Rollback()) // Its reads would wait for the other's writes.
			continue
		}
		seen := []int{s.number(t, tx, `SELECT count(*) FROM ledger`)}
		other, err := s.admin.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := other.ExecContext(t.Context(), `INSERT INTO ledger (item) VALUES ('of another')`); err != nil {
			t.Fatal(err)
		}
		seen = append(seen, s.number(t, tx, `SELECT count(*) FROM ledger`))
		if err := other.Commit(); err != nil {
			t.Fatal(err)
		}
		seen = append(seen, s.number(t, tx, `SELECT count(*) FROM ledger`))
		s.note(level.String()+": rows seen at first, while the other writes, after its commit", seen)
		s.note(level.String()+": commit", tx.Commit())
	}
}
