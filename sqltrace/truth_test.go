package sqltrace_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/daybook-apm/daybook/internal/transaction"
	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
	"github.com/daybook-apm/daybook/sqltrace"
)

const ms = time.Millisecond

// begin begins a transaction, which is the context to go on with.
func begin(ctx context.Context) *transaction.Transaction {
	t := &transaction.Transaction{}
	t.Begin(ctx, transaction.AgentFrom(ctx), transaction.Request{Kind: transaction.Job, Route: "job"})
	return t
}

// truth is what the ledger must have been told of one transaction.
type truth struct {
	SQL, Fetch, App time.Duration
	Calls           int64
	Errors          map[string]int64
	Statements      []total
}

// total is a statement's total, by its summary.
type total struct {
	Summary             string
	Calls, Errors, Rows int64
	Time, Max, Fetch    time.Duration
}

func totalOf(s transaction.StatementTotal) total {
	return total{s.Statement.Summary, s.Calls, s.Errors, s.Rows, s.Time, s.Max, s.Fetch}
}

func truthOf(t transactiontest.Transaction) truth {
	got := truth{
		SQL:   t.Spent[transaction.SQL],
		Fetch: t.Spent[transaction.Fetch],
		App:   t.Spent[transaction.App],
		Calls: t.Calls[transaction.SQL],
	}
	for _, e := range t.Errors {
		if got.Errors == nil {
			got.Errors = make(map[string]int64)
		}
		got.Errors[e.Type] += e.Count
	}
	for _, s := range t.Statements {
		got.Statements = append(got.Statements, totalOf(s))
	}
	return got
}

// The queries of the truth tests, and a driver that needs a different time for everything.
func slowFake() *fakeDriver {
	d := newFake(map[string]script{
		"SELECT a": {executing: 50 * ms, fetching: 10 * ms, closing: 3 * ms, rows: []int{2}},
		"SELECT b": {executing: 50 * ms, fetching: 10 * ms, closing: 3 * ms, rows: []int{1, 2}},
		"SELECT c": {executing: 50 * ms, fetching: 10 * ms, rows: []int{1}, nextErr: errFakeNext},
		"SELECT d": {executing: 50 * ms, err: errFake},
		"SELECT e": {executing: 50 * ms, panics: true},
		"SELECT f": {executing: 50 * ms, fetching: 10 * ms, nextPanics: true},
		"SELECT g": {executing: 50 * ms, closing: 3 * ms, closePanic: true},
		"SELECT h": {executing: 50 * ms, bad: 1},
		"SELECT i": {executing: 50 * ms, bad: 100},
		"SELECT j": {executing: 50 * ms, rows: []int{1}, closeErr: errFake},
		"UPDATE a": {executing: 40 * ms, rows: []int{9}},
		"UPDATE b": {executing: 40 * ms, skip: true, rows: []int{9}},
		"UPDATE c": {skip: true, prepareErr: errFake},
		"UPDATE d": {prepareErr: errFake},
		"UPDATE e": {executing: 40 * ms, skip: true, bad: 100},
		"UPDATE f": {prepareErr: driver.ErrBadConn},
		"SELECT k": {executing: 50 * ms, fetching: 10 * ms, closing: 3 * ms, rows: []int{2}, skip: true},
	})
	d.connecting, d.pinging = 7*ms, 5*ms
	d.preparing, d.beginning, d.committing = 20*ms, 11*ms, 13*ms
	return d
}

func TestTruth(t *testing.T) {
	think := func() { time.Sleep(100 * ms) }
	scan := func(rows *sql.Rows, err error) {
		if err != nil {
			return
		}
		defer rows.Close()
		for rows.Next() {
			think()
		}
	}
	tests := map[string]struct {
		do   func(t *testing.T, ctx context.Context, db *sql.DB)
		want truth
	}{
		"query": {
			func(_ *testing.T, ctx context.Context, db *sql.DB) { scan(db.QueryContext(ctx, "SELECT a")) },
			// Two rows and the end of them, and the caller thinks about each row.
			truth{50 * ms, 33 * ms, 200 * ms, 1, nil, []total{{"SELECT", 1, 0, 2, 50 * ms, 50 * ms, 33 * ms}}},
		},
		"half of the rows": {
			func(t *testing.T, ctx context.Context, db *sql.DB) {
				rows, err := db.QueryContext(ctx, "SELECT a")
				if err != nil {
					t.Fatal(err)
				}
				rows.Next()
				think()
				rows.Close()
				think()
			},
			truth{50 * ms, 13 * ms, 200 * ms, 1, nil, []total{{"SELECT", 1, 0, 1, 50 * ms, 50 * ms, 13 * ms}}},
		},
		"query row": {
			func(t *testing.T, ctx context.Context, db *sql.DB) {
				var id int
				if err := db.QueryRowContext(ctx, "SELECT a").Scan(&id); err != nil {
					t.Error(err)
				}
			},
			truth{50 * ms, 13 * ms, 0, 1, nil, []total{{"SELECT", 1, 0, 1, 50 * ms, 50 * ms, 13 * ms}}},
		},
		"result sets": {
			func(t *testing.T, ctx context.Context, db *sql.DB) {
				rows, err := db.QueryContext(ctx, "SELECT b")
				if err != nil {
					t.Fatal(err)
				}
				defer rows.Close()
				for {
					for rows.Next() {
					}
					think()
					if !rows.NextResultSet() {
						return
					}
				}
			},
			// Row, end; next set; row, row, end, which closes.
			truth{50 * ms, 63 * ms, 200 * ms, 1, nil, []total{{"SELECT", 1, 0, 3, 50 * ms, 50 * ms, 63 * ms}}},
		},
		"exec": {
			func(t *testing.T, ctx context.Context, db *sql.DB) {
				if _, err := db.ExecContext(ctx, "UPDATE a"); err != nil {
					t.Error(err)
				}
				think()
			},
			truth{40 * ms, 0, 100 * ms, 1, nil, []total{{"UPDATE a", 1, 0, 9, 40 * ms, 40 * ms, 0}}},
		},
		"skipped": {
			func(t *testing.T, ctx context.Context, db *sql.DB) {
				if _, err := db.ExecContext(ctx, "UPDATE b"); err != nil {
					t.Error(err)
				}
				scan(db.QueryContext(ctx, "SELECT k"))
			},
			// Each is prepared, which is time but no call.
			truth{130 * ms, 33 * ms, 200 * ms, 2, nil, []total{
				{"UPDATE b", 1, 0, 9, 40 * ms, 40 * ms, 0}, {"SELECT", 1, 0, 2, 50 * ms, 50 * ms, 33 * ms},
			}},
		},
		"skipped, cannot be prepared": {
			func(t *testing.T, ctx context.Context, db *sql.DB) {
				_, err := db.ExecContext(ctx, "UPDATE c")
				checkError(t, err, errFake)
			},
			truth{20 * ms, 0, 0, 1, map[string]int64{"*errors.errorString": 1}, []total{
				{"UPDATE c", 1, 1, 0, 20 * ms, 20 * ms, 0},
			}},
		},
		"cannot be prepared": {
			func(t *testing.T, ctx context.Context, db *sql.DB) {
				_, err := db.PrepareContext(ctx, "UPDATE d")
				checkError(t, err, errFake)
			},
			truth{20 * ms, 0, 0, 0, map[string]int64{"*errors.errorString": 1}, nil},
		},
		"prepared": {
			func(t *testing.T, ctx context.Context, db *sql.DB) {
				s, err := db.PrepareContext(ctx, "SELECT a")
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				think()
				scan(s.QueryContext(ctx))
				if _, err := s.ExecContext(ctx); err != nil {
					t.Error(err)
				}
				// Not of this transaction: the context of the execution says so.
				if _, err := s.ExecContext(context.Background()); err != nil {
					t.Error(err)
				}
			},
			truth{120 * ms, 33 * ms, 350 * ms, 2, nil, []total{{"SELECT", 2, 0, 4, 100 * ms, 50 * ms, 33 * ms}}},
		},
		"transaction": {
			func(t *testing.T, ctx context.Context, db *sql.DB) {
				tx, err := db.BeginTx(ctx, nil)
				if err != nil {
					t.Fatal(err)
				}
				think()
				for _, ctx := range []context.Context{ctx, context.Background()} { // The second knows only the tx.
					if _, err := tx.ExecContext(ctx, "UPDATE a"); err != nil {
						t.Error(err)
					}
				}
				if err := tx.Commit(); err != nil {
					t.Error(err)
				}
				if tx, err = db.BeginTx(ctx, nil); err != nil {
					t.Fatal(err)
				}
				if err := tx.Rollback(); err != nil {
					t.Error(err)
				}
			},
			truth{128 * ms, 0, 100 * ms, 2, nil, []total{{"UPDATE a", 2, 0, 18, 80 * ms, 40 * ms, 0}}},
		},
		"ping and connect": {
			func(t *testing.T, ctx context.Context, db *sql.DB) {
				if err := db.PingContext(ctx); err != nil {
					t.Error(err)
				}
				db.SetMaxIdleConns(0) // Closes the idle one.
				if err := db.PingContext(ctx); err != nil {
					t.Error(err)
				}
			},
			truth{SQL: 24 * ms},
		},
		"parallel": {
			func(t *testing.T, ctx context.Context, db *sql.DB) {
				var wg sync.WaitGroup
				for range 2 {
					wg.Go(func() { scan(db.QueryContext(ctx, "SELECT a")) })
				}
				wg.Wait()
			},
			// One connects first, so it is 7 ms behind: 57 ms SQL, then 10, 17 and 20 ms in which one or both fetch.
			truth{57 * ms, 47 * ms, 186 * ms, 2, nil, []total{{"SELECT", 2, 0, 4, 100 * ms, 50 * ms, 66 * ms}}},
		},
		"fails": {
			func(t *testing.T, ctx context.Context, db *sql.DB) {
				_, err := db.QueryContext(ctx, "SELECT d")
				checkError(t, err, errFake)
			},
			truth{50 * ms, 0, 0, 1, map[string]int64{"*errors.errorString": 1}, []total{
				{"SELECT", 1, 1, 0, 50 * ms, 50 * ms, 0},
			}},
		},
		"fails while it is read": {
			func(t *testing.T, ctx context.Context, db *sql.DB) {
				rows, err := db.QueryContext(ctx, "SELECT c")
				if err != nil {
					t.Fatal(err)
				}
				defer rows.Close()
				for rows.Next() {
				}
				checkError(t, rows.Err(), errFakeNext)
			},
			truth{50 * ms, 20 * ms, 0, 1, map[string]int64{"*errors.errorString": 1}, []total{
				{"SELECT", 1, 1, 1, 50 * ms, 50 * ms, 20 * ms},
			}},
		},
		"fails when it is closed": {
			func(_ *testing.T, ctx context.Context, db *sql.DB) { scan(db.QueryContext(ctx, "SELECT j")) },
			truth{50 * ms, 0, 100 * ms, 1, map[string]int64{"*errors.errorString": 1}, []total{
				{"SELECT", 1, 1, 1, 50 * ms, 50 * ms, 0},
			}},
		},
		"panics": {
			func(_ *testing.T, ctx context.Context, db *sql.DB) {
				defer think()
				defer func() { _ = recover() }()
				_, _ = db.ExecContext(ctx, "SELECT e")
			},
			truth{50 * ms, 0, 100 * ms, 1, map[string]int64{"panic": 1}, []total{
				{"SELECT", 1, 1, 0, 50 * ms, 50 * ms, 0},
			}},
		},
		"query panics": {
			func(_ *testing.T, ctx context.Context, db *sql.DB) {
				defer think()
				defer func() { _ = recover() }()
				_, _ = db.QueryContext(ctx, "SELECT e")
			},
			truth{50 * ms, 0, 100 * ms, 1, map[string]int64{"panic": 1}, []total{
				{"SELECT", 1, 1, 0, 50 * ms, 50 * ms, 0},
			}},
		},
		"reading panics": {
			func(_ *testing.T, ctx context.Context, db *sql.DB) {
				defer think()
				defer func() { _ = recover() }()
				scan(db.QueryContext(ctx, "SELECT f"))
			},
			truth{50 * ms, 10 * ms, 100 * ms, 1, nil, []total{{"SELECT", 1, 0, 0, 50 * ms, 50 * ms, 10 * ms}}},
		},
		"closing panics": {
			func(_ *testing.T, ctx context.Context, db *sql.DB) {
				defer think()
				defer func() { _ = recover() }()
				rows, _ := db.QueryContext(ctx, "SELECT g")
				rows.Next()
			},
			truth{50 * ms, 3 * ms, 100 * ms, 1, map[string]int64{"panic": 1}, []total{
				{"SELECT", 1, 1, 0, 50 * ms, 50 * ms, 3 * ms},
			}},
		},
		"bad connection once": {
			func(t *testing.T, ctx context.Context, db *sql.DB) {
				if _, err := db.ExecContext(ctx, "SELECT h"); err != nil {
					t.Error(err)
				}
			},
			// Connects again. The first attempt is time, but no call and no error.
			truth{107 * ms, 0, 0, 1, nil, []total{{"SELECT", 1, 0, 0, 50 * ms, 50 * ms, 0}}},
		},
		"bad connections": {
			func(t *testing.T, ctx context.Context, db *sql.DB) {
				for range 2 {
					_, err := db.ExecContext(ctx, "SELECT i")
					checkError(t, err, driver.ErrBadConn)
				}
			},
			// Two calls of three attempts each, of which only the first has a connection.
			truth{335 * ms, 0, 0, 2, map[string]int64{"bad_connection": 2}, []total{
				{"SELECT", 2, 2, 0, 100 * ms, 50 * ms, 0},
			}},
		},
		"bad connections of a prepared statement": {
			func(t *testing.T, ctx context.Context, db *sql.DB) {
				s, err := db.PrepareContext(ctx, "SELECT i")
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				_, err = s.ExecContext(ctx)
				checkError(t, err, driver.ErrBadConn)
			},
			truth{224 * ms, 0, 0, 1, map[string]int64{"bad_connection": 1}, []total{
				{"SELECT", 1, 1, 0, 50 * ms, 50 * ms, 0},
			}},
		},
		"bad connection of an SQL transaction": {
			func(t *testing.T, ctx context.Context, db *sql.DB) {
				tx, err := db.BeginTx(ctx, nil)
				if err != nil {
					t.Fatal(err)
				}
				_, err = tx.ExecContext(ctx, "SELECT i")
				checkError(t, err, driver.ErrBadConn)
				if err := tx.Rollback(); err != nil {
					t.Error(err)
				}
			},
			truth{74 * ms, 0, 0, 1, map[string]int64{"bad_connection": 1}, []total{
				{"SELECT", 1, 1, 0, 50 * ms, 50 * ms, 0},
			}},
		},
		"bad connection of an SQL transaction, skipped before": {
			func(t *testing.T, ctx context.Context, db *sql.DB) {
				tx, err := db.BeginTx(ctx, nil)
				if err != nil {
					t.Fatal(err)
				}
				_, err = tx.ExecContext(ctx, "UPDATE e")
				checkError(t, err, driver.ErrBadConn)
				if err := tx.Rollback(); err != nil {
					t.Error(err)
				}
			},
			truth{84 * ms, 0, 0, 1, map[string]int64{"bad_connection": 1}, []total{
				{"UPDATE e", 1, 1, 0, 40 * ms, 40 * ms, 0},
			}},
		},
		"bad connections when it is prepared": {
			func(t *testing.T, ctx context.Context, db *sql.DB) {
				_, err := db.PrepareContext(ctx, "UPDATE f")
				checkError(t, err, driver.ErrBadConn)
			},
			truth{SQL: 74 * ms}, // Three attempts, two of which connect.
		},
		"prepared in an SQL transaction without context": {
			func(t *testing.T, ctx context.Context, db *sql.DB) {
				tx, err := db.BeginTx(ctx, nil)
				if err != nil {
					t.Fatal(err)
				}
				s, err := tx.PrepareContext(context.Background(), "UPDATE a")
				if err != nil {
					t.Fatal(err)
				}
				if _, err := s.ExecContext(context.Background()); err != nil {
					t.Error(err)
				}
				if err := tx.Commit(); err != nil {
					t.Error(err)
				}
			},
			truth{84 * ms, 0, 0, 1, nil, []total{{"UPDATE a", 1, 0, 9, 40 * ms, 40 * ms, 0}}},
		},
		"canceled while it is read": {
			func(t *testing.T, ctx context.Context, db *sql.DB) {
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				rows, err := db.QueryContext(ctx, "SELECT a")
				if err != nil {
					t.Fatal(err)
				}
				rows.Next()
				cancel() // Another goroutine closes the rows, which takes some time.
				synctest.Wait()
				think()
				if rows.Next() {
					t.Error("there is still a row")
				}
				checkError(t, rows.Err(), context.Canceled)
			},
			truth{50 * ms, 13 * ms, 97 * ms, 1, nil, []total{{"SELECT", 1, 0, 1, 50 * ms, 50 * ms, 13 * ms}}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, ledger := transactiontest.New(t)
				fake := slowFake()
				db := sqltrace.OpenDB(fakeConnector{fake}, sqltrace.WithDBSystem("sqlite"))
				defer db.Close()
				if name != "ping and connect" {
					if err := db.PingContext(context.Background()); err != nil {
						t.Fatal(err)
					}
				}
				request := begin(ctx)
				test.do(t, request, db)
				request.End()
				if diff := cmp.Diff(test.want, truthOf(ledger.One()), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}
