package databases_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/daybook-apm/daybook/apm"
)

// truths let statements take known times on a real database and measure from outside what the account of the
// transaction must say afterwards. They run in a transaction, on connections that are open already.
var truths = []struct {
	name string
	on   []string // As in [check].
	run  func(*testing.T, *session) figures
}{
	{name: "exec", run: func(t *testing.T, s *session) figures {
		begin := time.Now()
		if _, err := s.db.ExecContext(s.ctx, s.sleep(nap)); err != nil {
			t.Fatal(err)
		}
		return figures{sql: time.Since(begin), calls: 1}
	}},
	{name: "query row", run: func(t *testing.T, s *session) figures {
		begin := time.Now()
		var value any
		if err := s.db.QueryRowContext(s.ctx, s.sleep(nap)).Scan(&value); err != nil {
			t.Fatal(err)
		}
		return figures{either: time.Since(begin), calls: 1, rows: 1}
	}},
	{name: "prepared statement", run: func(t *testing.T, s *session) figures {
		begin := time.Now()
		statement, err := s.db.PrepareContext(s.ctx, s.sleep(nap))
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			var value any
			if err := statement.QueryRowContext(s.ctx).Scan(&value); err != nil {
				t.Fatal(err)
			}
		}
		took := time.Since(begin)
		if err := statement.Close(); err != nil {
			t.Fatal(err)
		}
		return figures{either: took, calls: 3, rows: 3}
	}},
	{name: "rows that trickle in", run: rowsThatTrickle},
	{name: "rows between which the program thinks", run: func(t *testing.T, s *session) figures {
		rows, err := s.db.QueryContext(s.ctx, s.trickle(5, time.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var want figures
		for rows.Next() {
			want.rows++
			begin := time.Now()
			time.Sleep(nap / 4) // The work of the program itself.
			want.own += time.Since(begin)
		}
		want.calls = 1
		return want
	}},
	{name: "many quick statements", run: func(t *testing.T, s *session) figures {
		for range 200 {
			s.number(t, s.db, `SELECT count(*) FROM kinds WHERE id > ?`, 1) // Prepared behind driver.ErrSkip on some drivers.
		}
		return figures{calls: 200, rows: 200}
	}},
	{name: "statements in a transaction", run: func(t *testing.T, s *session) figures {
		begin := time.Now()
		tx, err := s.db.BeginTx(s.ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := tx.ExecContext(s.ctx, s.sleep(nap)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := tx.ExecContext(s.ctx, s.sql(`INSERT INTO ledger (item) VALUES (?)`), "tea"); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		return figures{sql: time.Since(begin), calls: 3} // Begin and commit take time and are no calls.
	}},
	{name: "failing statements", run: func(t *testing.T, s *session) figures {
		for range 3 {
			if _, err := s.db.ExecContext(s.ctx, `SELECT * FROM nowhere`); err == nil {
				t.Fatal("no error")
			}
		}
		return figures{calls: 3, errors: 3}
	}},
	{name: "statement that is canceled", run: func(t *testing.T, s *session) figures {
		ctx, end := within(s.ctx, context.DeadlineExceeded)
		defer end()
		mark := mark()
		begun := make(chan struct{})
		go func() {
			defer end()
			defer close(begun)
			s.eventually(t, nonzero, s.running, mark)
		}()
		begin := time.Now()
		if _, err := s.db.ExecContext(ctx, fmt.Sprintf(s.endless, mark)); err == nil {
			t.Fatal("no error")
		}
		took := time.Since(begin)
		<-begun
		return figures{sql: took, calls: 1, errors: 1}
	}},
	{name: "statement that is tried again", on: []string{"postgres", "mysql"}, run: func(t *testing.T, s *session) figures {
		db, cut := s.openToCut(t)
		if err := db.PingContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		cut()
		s.number(t, db, `SELECT count(*) FROM kinds`) // The driver says driver.ErrBadConn, database/sql takes another connection.
		return figures{calls: 1, rows: 1}
	}},
	{name: "parallel statements", run: func(t *testing.T, s *session) figures {
		begin := time.Now()
		var running sync.WaitGroup
		for range 4 {
			running.Go(func() {
				if _, err := s.db.ExecContext(s.ctx, s.sleep(nap)); err != nil {
					t.Error(err)
				}
			})
		}
		running.Wait()
		return figures{sql: time.Since(begin), calls: 4} // The time counts once, the calls each.
	}},
}

// nap is how long a statement takes, by the server's clock.
const nap = 100 * time.Millisecond

// figures are what was measured from outside; what is zero was not measured. The driver decides in which of its calls
// it waits for the first row: where only both together are known, they are in either.
type figures struct {
	sql, fetch, either, own time.Duration
	calls, rows, errors     uint64
}

// rowsThatTrickle measures the statement and the reading of its rows apart.
func rowsThatTrickle(t *testing.T, s *session) figures {
	want := figures{calls: 1}
	begin := time.Now()
	rows, err := s.db.QueryContext(s.ctx, s.trickle(5, nap))
	want.sql = time.Since(begin)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	begin = time.Now()
	for rows.Next() {
		want.rows++
	}
	want.fetch = time.Since(begin)
	if err := rows.Err(); err != nil || want.rows != 5 || want.fetch < nap {
		t.Fatalf("%d rows in %s (%v), want 5 that come one after the other", want.rows, want.fetch, err)
	}
	return want
}

// What the library says a transaction spent in a real database is what it spent there.
func TestTruth(t *testing.T) {
	for _, target := range targets {
		t.Run(target.name, func(t *testing.T) {
			for _, truth := range truths {
				if !target.isOneOf(truth.on) {
					continue
				}
				t.Run(truth.name, func(t *testing.T) {
					s := &session{target: target, way: wrapped[0], ctx: t.Context()}
					s.admin = s.open(t, bare)
					s.db = s.open(t, s.way)
					s.connect(t, 4)
					// On a busy machine the program may be stopped between two looks at the clock, ours and the
					// library's. That does not happen every time; a false account does.
					var differences []string
					for range 5 {
						differences = s.hold(t, truth.run)
						if len(differences) == 0 {
							return
						}
					}
					for _, difference := range differences {
						t.Error(difference)
					}
				})
			}
		})
	}
}

// hold runs a truth once in a transaction of its own and returns in which times its account differs.
func (s *session) hold(t *testing.T, run func(*testing.T, *session) figures) []string {
	t.Helper()
	s.write(t, `DELETE FROM ledger`)
	var end func() apm.EndpointStats
	s.ctx, end = account(t)
	begin := time.Now()
	want := run(t, s)
	took := time.Since(begin)
	return want.compare(t, end(), took)
}

// connect opens connections beforehand, since a truth is about statements.
func (s *session) connect(t *testing.T, number int) {
	t.Helper()
	s.db.SetMaxOpenConns(number)
	s.db.SetMaxIdleConns(number)
	for range number {
		connection, err := s.db.Conn(s.ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
	}
}

// compare holds an account against the figures. Counts, and that the phases add up, must be exact: else the test has
// failed. It returns the times that do not agree within 3 % or 2 ms, whichever is more.
func (want figures) compare(t *testing.T, got apm.EndpointStats, took time.Duration) (differences []string) {
	t.Helper()
	count := func(what string, got, want uint64) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
	agree := func(what string, got, want time.Duration) {
		if want == 0 {
			return
		}
		if tolerance := max(want*3/100, 2*time.Millisecond); (got - want).Abs() > tolerance {
			differences = append(differences, fmt.Sprintf("%s: %s, measured %s from outside", what, got, want))
		}
	}
	var calls, failures, rows uint64
	var total, fetch time.Duration
	for _, statement := range got.Statements {
		calls, failures, rows = calls+statement.Calls, failures+statement.Errors, rows+statement.Rows
		total, fetch = total+statement.Total, fetch+statement.Fetch
	}
	count("transactions", got.Calls, 1)
	count("SQL calls", got.SQLCalls, want.calls)
	count("calls of all statements", calls, want.calls)
	count("errors of all statements", failures, want.errors)
	if want.rows != 0 {
		count("rows of all statements", rows, want.rows)
	}
	count("external calls and segments", got.ExternalCalls+got.SegmentCalls, 0)

	agree("duration", got.Duration.Total, took)
	agree("SQL time", got.SQL, want.sql)
	agree("fetch time", got.Fetch, want.fetch)
	agree("fetch time of all statements", fetch, want.fetch)
	agree("SQL and fetch time", got.SQL+got.Fetch, want.either)
	agree("own time", got.App, want.own)
	if sum := got.SQL + got.Fetch + got.External + got.Segment + got.App; sum != got.Duration.Total {
		t.Errorf("the phases add up to %s, the duration is %s", sum, got.Duration.Total)
	}
	if total > 4*(got.SQL+2*time.Millisecond) { // Four at most at once.
		differences = append(differences, fmt.Sprintf("all statements together: %s, the transaction says %s of SQL", total, got.SQL))
	}
	return differences
}
