package databases_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"runtime"
	"testing"
)

var connectionChecks = []check{
	{name: "ping", run: func(t *testing.T, s *session) {
		s.note("ping", s.db.PingContext(s.ctx), s.db.Ping())
		connection, err := s.db.Conn(s.ctx)
		if err != nil {
			t.Fatal(err)
		}
		s.note("ping of a connection", connection.PingContext(s.ctx), connection.Close(), connection.PingContext(s.ctx))
		s.note("close", s.db.Close(), s.db.PingContext(s.ctx), s.db.Close())
		_, err = s.db.ExecContext(s.ctx, `SELECT 1`)
		s.note("exec after close", err)
	}},
	{name: "a connection of one's own", run: ownConnection},
	{name: "the driver's connection", run: rawConnection},
	{name: "the pool's figures", run: func(t *testing.T, s *session) {
		s.db.SetMaxOpenConns(2)
		first, err := s.db.Conn(s.ctx)
		if err != nil {
			t.Fatal(err)
		}
		second, err := s.db.Conn(s.ctx)
		if err != nil {
			t.Fatal(err)
		}
		s.figures("two taken")
		ctx, cancel := context.WithCancel(s.ctx)
		third := make(chan error, 1)
		go func() {
			_, err := s.db.Conn(ctx)
			third <- err
		}()
		for s.db.Stats().WaitCount == 0 { // The pool tells nobody that somebody waits.
			runtime.Gosched()
		}
		cancel()
		s.note("third", <-third)
		s.note("close", first.Close(), second.Close())
		s.figures("none taken")
	}},
}

// figures notes what the pool tells of itself, but for the times.
func (s *session) figures(label string) {
	stats := s.db.Stats()
	s.note(label, fmt.Sprintf("max %d open %d used %d idle %d waits %d", stats.MaxOpenConnections, stats.OpenConnections, stats.InUse, stats.Idle, stats.WaitCount))
}

func ownConnection(t *testing.T, s *session) {
	connection, err := s.db.Conn(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	// What belongs to the session is there again on the same connection.
	_, err = connection.ExecContext(s.ctx, `CREATE TEMPORARY TABLE mine (id integer)`)
	s.note("create", err)
	result, err := connection.ExecContext(s.ctx, s.sql(`INSERT INTO mine VALUES (?)`), 7)
	s.result("insert", result, err)
	rows, err := connection.QueryContext(s.ctx, `SELECT id FROM mine`)
	s.rows("query", rows, err)
	tx, err := connection.BeginTx(s.ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = tx.ExecContext(s.ctx, `DELETE FROM mine`)
	s.note("delete", err, tx.Rollback())
	s.note("left", s.number(t, connection, `SELECT count(*) FROM mine`))
	_, err = connection.ExecContext(s.ctx, `DROP TABLE mine`)
	s.note("drop", err)
	s.note("close", connection.Close(), connection.Close())
	_, err = connection.ExecContext(s.ctx, `SELECT 1`)
	s.note("exec after close", err)
}

var errOfProgram = errors.New("the program's own")

// rawConnection looks at what sql.Conn.Raw gives and at how the pool treats the connection afterwards.
func rawConnection(t *testing.T, s *session) {
	s.db.SetMaxOpenConns(1)
	raw := func(use func(any) error) error {
		connection, err := s.db.Conn(s.ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		return connection.Raw(use)
	}
	var first, second any
	s.note("nil", raw(func(connection any) error { first = unwrap(connection); return nil }))
	s.note("type", fmt.Sprintf("%T", first))
	s.note("error", raw(func(any) error { return errOfProgram }))
	s.note("again", raw(func(connection any) error { second = unwrap(connection); return nil }))
	if first != second {
		t.Error("the pool has another connection although nothing was wrong with the first")
	}
	s.note("bad connection", raw(func(any) error { return driver.ErrBadConn }))
	s.note("after a bad one", raw(func(connection any) error { second = unwrap(connection); return nil }))
	if first == second {
		t.Error("the pool kept a connection that was said to be bad")
	}
	func() {
		defer func() { s.note("panic", recover()) }()
		_ = raw(func(any) error { panic("the program's own") })
	}()
	s.figures("after all")
	s.note("the pool after that", s.number(t, s.db, `SELECT count(*) FROM kinds`))
}
