package databases_test

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"sync"
	"testing"
)

var poolChecks = []check{
	{name: "32 goroutines on a pool of 4", run: crowd},
	{name: "connection cut while idle", on: []string{"postgres", "mysql"}, run: cutIdle},
	{name: "connection killed in a transaction", on: []string{"postgresql", "mariadb"}, run: killedInTransaction},
	{name: "connection killed under a statement", on: []string{"postgresql", "mariadb"}, run: killedUnderStatement},
	{name: "no idle connections", run: func(t *testing.T, s *session) {
		s.db.SetMaxIdleConns(-1)
		for range 3 {
			s.note("number", s.number(t, s.db, `SELECT count(*) FROM kinds`))
			s.figures("pool")
		}
		s.note("closed for being idle", s.db.Stats().MaxIdleClosed)
	}},
}

// crowd has many goroutines do what services do, on few connections.
func crowd(t *testing.T, s *session) {
	const goroutines, rounds = 32, 5
	s.db.SetMaxOpenConns(4)
	insert, err := s.db.PrepareContext(s.ctx, s.sql(`INSERT INTO ledger (item, amount) VALUES (?, ?)`))
	if err != nil {
		t.Fatal(err)
	}
	defer insert.Close()
	options := &sql.TxOptions{}
	if s.system == "mariadb" {
		options.Isolation = sql.LevelReadCommitted // At its usual level updates lock gaps, and inserts into these are deadlocks.
	}
	round := func(goroutine, round int) error {
		item := fmt.Sprintf("%d of %d", round, goroutine)
		if _, err := insert.ExecContext(s.ctx, item, 1); err != nil {
			return fmt.Errorf("insert: %w", err)
		}
		tx, err := s.db.BeginTx(s.ctx, options)
		if err != nil {
			return fmt.Errorf("begin: %w", err)
		}
		defer tx.Rollback() // Nothing is left of it after the commit.
		if _, err := tx.ExecContext(s.ctx, s.sql(`UPDATE ledger SET amount = amount + 1 WHERE item = ?`), item); err != nil {
			return fmt.Errorf("update: %w", err)
		}
		if round%5 == 4 {
			return tx.Rollback()
		}
		if err := tx.Commit(); err != nil {
			return fmt.Errorf("commit: %w", err)
		}
		rows, err := s.db.QueryContext(s.ctx, s.sql(`SELECT amount FROM ledger WHERE item = ?`), item)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		defer rows.Close()
		var amount int
		for rows.Next() {
			if err := rows.Scan(&amount); err != nil {
				return fmt.Errorf("scan: %w", err)
			}
		}
		if amount != 2 {
			return fmt.Errorf("the amount is %d, want 2", amount)
		}
		return rows.Err()
	}
	var running sync.WaitGroup
	for goroutine := range goroutines {
		running.Go(func() {
			for i := range rounds {
				if err := round(goroutine, i); err != nil {
					t.Errorf("round %d of goroutine %d: %v", i, goroutine, err)
				}
			}
		})
	}
	running.Wait()
	stats := s.db.Stats()
	if stats.OpenConnections > 4 || stats.InUse != 0 {
		t.Errorf("%d connections are open and %d in use, want at most 4 and none", stats.OpenConnections, stats.InUse)
	}
	rows, amount := s.number(t, s.admin, `SELECT count(*) FROM ledger`), s.number(t, s.admin, `SELECT sum(amount) FROM ledger`)
	s.note("rows and amount", rows, amount)
	if wantRows, wantAmount := goroutines*rounds, goroutines*(2*rounds-1); rows != wantRows || amount != wantAmount {
		t.Errorf("%d rows with the amount %d, want %d with %d", rows, amount, wantRows, wantAmount)
	}
}

// end has the server end the connection with this number, and waits until it is gone.
func (s *session) end(t *testing.T, number int) {
	t.Helper()
	s.write(t, fmt.Sprintf(s.kill, number))
	s.eventually(t, zero, fmt.Sprintf(s.alive, number))
}

// cutIdle cuts the connection that lies in the pool, on our side, where the driver must notice at once. It says so by
// driver.ErrBadConn, and the pool takes another connection without the program seeing anything.
// (pgx does so on some runs and not on others.)
func cutIdle(t *testing.T, s *session) {
	db, cut := s.openToCut(t)
	for name, run := range paths(db) {
		before := s.number(t, db, s.session)
		cut()
		err := run(s.ctx, `SELECT 1`)
		s.note(name, err)
		if err != nil {
			t.Errorf("%s: the pool did not take another connection unseen: %v", name, err)
		}
		if after := s.number(t, db, s.session); after == before {
			t.Errorf("%s: the pool still has the connection that was cut", name)
		}
	}
	cut()
	tx, err := db.BeginTx(s.ctx, nil)
	s.note("begin", err)
	if err == nil {
		s.note("rollback", tx.Rollback())
	}
	s.note("ping", db.PingContext(s.ctx))
}

// openToCut opens the target with one connection, which cut cuts while it is idle.
func (s *session) openToCut(t *testing.T) (db *sql.DB, cut func()) {
	t.Helper()
	var last net.Conn
	db = s.way.openDB(s.connector(t, func(ctx context.Context, network, address string) (net.Conn, error) {
		var err error
		last, err = new(net.Dialer).DialContext(ctx, network, address)
		return last, err
	}))
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	return db, func() {
		t.Helper()
		if err := last.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func killedInTransaction(t *testing.T, s *session) {
	tx, err := s.db.BeginTx(s.ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(s.ctx, `INSERT INTO ledger (item) VALUES ('lost')`); err != nil {
		t.Fatal(err)
	}
	s.end(t, s.number(t, tx, s.session))
	_, err = tx.ExecContext(s.ctx, `INSERT INTO ledger (item) VALUES ('lost as well')`)
	// What the error is depends on whether the driver still reads the server's last words.
	s.note("exec fails", err != nil)
	if err == nil {
		t.Error("exec in a transaction whose connection is gone: no error")
	}
	s.note("commit fails", tx.Commit() != nil)
	s.note("rollback fails", tx.Rollback() != nil)
	s.note("the pool after that", s.number(t, s.db, `SELECT count(*) FROM kinds`))
	s.ledger(t, "ledger")
}

// killedUnderStatement ends the connection that a statement runs on. A driver may call that driver.ErrBadConn (lib/pq
// does): then database/sql runs the statement again, and each of these is killed as well, until it gives up.
func killedUnderStatement(t *testing.T, s *session) {
	for name, run := range paths(s.db) {
		mark := mark()
		ended := make(chan error, 1)
		go func() { ended <- run(s.ctx, fmt.Sprintf(s.endless, mark)) }()
		var err error
		killed := 0
		s.eventually(t, func(connection int) bool {
			if connection != 0 {
				s.end(t, connection)
				killed++
			}
			select {
			case err = <-ended:
				return true
			default:
				return false
			}
		}, s.running, mark)
		s.note(name, killed, err)
		if err == nil {
			t.Errorf("%s: no error although its connection is gone", name)
		}
	}
	s.note("the pool after that", s.number(t, s.db, `SELECT count(*) FROM kinds`))
}
