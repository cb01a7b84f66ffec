package databases_test

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"testing"
	"time"
)

var cancellationChecks = []check{
	{name: "cancellation in the middle of a statement", run: func(t *testing.T, s *session) { ended(t, s, context.Canceled) }},
	{name: "deadline in the middle of a statement", run: func(t *testing.T, s *session) { ended(t, s, context.DeadlineExceeded) }},
	{name: "cancellation in the middle of rows", run: func(t *testing.T, s *session) {
		ctx, cancel := context.WithCancel(s.ctx)
		defer cancel()
		rows, err := s.db.QueryContext(ctx, s.stream)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
		cancel()
		count := 1
		for rows.Next() { // Some rows may be on our side already.
			count++
		}
		s.noteEnd(t, "rows", rows.Err(), context.Canceled)
		if count == 100000 {
			t.Error("all rows arrived although the context was canceled after the first")
		}
		s.note("the pool after that", s.number(t, s.db, `SELECT count(*) FROM kinds`))
	}},
	{name: "canceled before", run: func(t *testing.T, s *session) {
		ctx, cancel := context.WithCancel(s.ctx)
		cancel()
		for name, run := range paths(s.db) {
			s.note(name, run(ctx, `SELECT 1`))
		}
		_, err := s.db.BeginTx(ctx, nil)
		s.note("begin", err)
		_, err = s.db.Conn(ctx)
		s.note("conn", err)
		s.note("ping", s.db.PingContext(ctx))
	}},
}

// ended ends the context of a statement that is at work, on each path and each kind of handle.
func ended(t *testing.T, s *session, cause error) {
	endOn := func(label string, handle handle) {
		for name, run := range paths(handle) {
			label := label + ", " + name
			ctx, end := within(s.ctx, cause)
			mark := mark()
			ended := make(chan error, 1)
			go func() { ended <- run(ctx, fmt.Sprintf(s.endless, mark)) }()
			s.eventually(t, nonzero, s.running, mark)
			end()
			select {
			case err := <-ended:
				s.noteEnd(t, label, err, cause)
			case <-time.After(patience):
				t.Fatalf("%s: still waiting %s after its context has ended", label, patience)
			}
			if s.system == "postgresql" { // The driver tells the server; MariaDB finds out by itself, later.
				s.eventually(t, zero, s.running, mark)
			}
			if handle != s.db {
				break // The others have one connection, and most drivers give it up.
			}
		}
	}
	endOn("pool", s.db)
	s.note("the pool after that", s.number(t, s.db, `SELECT count(*) FROM kinds`))

	connection, err := s.db.Conn(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	endOn("connection", connection)
	s.note("close the connection", connection.Close())

	tx, err := s.db.BeginTx(s.ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	endOn("transaction", tx)
	if err := tx.Commit(); err == nil && s.system != "sqlite" {
		t.Error("commit after a statement that did not end: no error")
	}
	s.note("the pool after all", s.number(t, s.db, `SELECT count(*) FROM kinds`))
}

// noteEnd notes an error that must come from the end of a context.
func (s *session) noteEnd(t *testing.T, label string, err, cause error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error, want one because of %q", label, cause)
	}
	s.note(label, err)
}

// within returns a context that ends because of cause when end is called. A deadline of the clock could pass before the
// statement is at work.
func within(parent context.Context, cause error) (ctx context.Context, end func()) {
	ctx, end = context.WithCancel(parent)
	if errors.Is(cause, context.DeadlineExceeded) {
		ctx = timedOut{ctx}
	}
	return ctx, end
}

// timedOut is a context that says, when it has ended, that its deadline has passed.
type timedOut struct{ context.Context }

func (c timedOut) Err() error {
	if c.Context.Err() == nil {
		return nil
	}
	return context.DeadlineExceeded
}

// handle is what statements run on: a pool, a connection or a transaction.
type handle interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
	PrepareContext(context.Context, string) (*sql.Stmt, error)
}

// paths are the ways in which a handle can run a statement, always in the same order.
func paths(handle handle) iter.Seq2[string, func(context.Context, string) error] {
	drain := func(rows *sql.Rows, err error) error {
		if err != nil {
			return err
		}
		for rows.Next() {
		}
		return cmp.Or(rows.Err(), rows.Close())
	}
	return func(yield func(string, func(context.Context, string) error) bool) {
		_ = yield("exec", func(ctx context.Context, query string) error {
			_, err := handle.ExecContext(ctx, query)
			return err
		}) && yield("query", func(ctx context.Context, query string) error {
			return drain(handle.QueryContext(ctx, query))
		}) && yield("query row", func(ctx context.Context, query string) error {
			var value any
			return handle.QueryRowContext(ctx, query).Scan(&value)
		}) && yield("prepared exec", func(ctx context.Context, query string) error {
			statement, err := handle.PrepareContext(ctx, query)
			if err != nil {
				return err
			}
			_, err = statement.ExecContext(ctx)
			return cmp.Or(err, statement.Close())
		}) && yield("prepared query", func(ctx context.Context, query string) error {
			statement, err := handle.PrepareContext(ctx, query)
			if err != nil {
				return err
			}
			return cmp.Or(drain(statement.QueryContext(ctx)), statement.Close())
		})
	}
}

var lastMark atomic.Int64

// mark returns a text that no statement has had before.
func mark() string { return fmt.Sprintf("daybook-mark-%d-", lastMark.Add(1)) }
