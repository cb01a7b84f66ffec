package sqltrace_test

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/internal/transaction"
	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
	"github.com/daybook-apm/daybook/sqltrace"
)

// posted is what the ledger was told beside transactions.
func posted(l *transactiontest.Ledger) map[string][]total {
	all := make(map[string][]total)
	for _, s := range l.Statements() {
		all[s.Endpoint.Route] = append(all[s.Endpoint.Route], totalOf(s.Total))
	}
	return all
}

// Rows that outlive their transaction count for their statement only.
func TestLateRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, ledger := transactiontest.New(t)
		db := sqltrace.OpenDB(fakeConnector{slowFake()})
		defer db.Close()
		request := begin(ctx)
		rows, err := db.QueryContext(request, "SELECT a")
		if err != nil {
			t.Fatal(err)
		}
		rows.Next()
		request.End()
		for rows.Next() {
		}
		want := truth{57 * ms, 10 * ms, 0, 1, nil, []total{{"SELECT", 1, 0, 1, 50 * ms, 50 * ms, 10 * ms}}}
		if diff := cmp.Diff(want, truthOf(ledger.One())); diff != "" {
			t.Errorf("transaction (-want +got):\n%s", diff)
		}
		late := map[string][]total{"job": {{"SELECT", 0, 0, 1, 0, 0, 23 * ms}}}
		if diff := cmp.Diff(late, posted(ledger)); diff != "" {
			t.Errorf("late (-want +got):\n%s", diff)
		}
	})
}

// Rows that fail late are an error of their endpoint.
func TestLateFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, ledger := transactiontest.New(t)
		db := sqltrace.OpenDB(fakeConnector{slowFake()})
		defer db.Close()
		request := begin(ctx)
		rows, err := db.QueryContext(request, "SELECT c")
		if err != nil {
			t.Fatal(err)
		}
		request.End()
		for rows.Next() {
		}
		checkError(t, rows.Err(), errFakeNext)
		late := map[string][]total{"job": {{"SELECT", 0, 1, 1, 0, 0, 20 * ms}}}
		if diff := cmp.Diff(late, posted(ledger)); diff != "" {
			t.Errorf("late (-want +got):\n%s", diff)
		}
		wantErrors := []transactiontest.Error{{Endpoint: transaction.Endpoint{Route: "job"}, Type: "*errors.errorString"}}
		if diff := cmp.Diff(wantErrors, ledger.Errors()); diff != "" {
			t.Errorf("errors (-want +got):\n%s", diff)
		}
	})
}

// What has no transaction is counted apart, and said once with the place where it was called.
func TestNoTransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, ledger := transactiontest.New(t)
		var log bytes.Buffer
		transaction.AgentFrom(ctx).Logger = slog.New(slog.NewTextHandler(&log, nil))
		db := sqltrace.OpenDB(fakeConnector{slowFake()})
		defer db.Close()
		rows, err := db.QueryContext(ctx, "SELECT a")
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			time.Sleep(100 * ms)
		}
		if _, err := db.ExecContext(ctx, "UPDATE a"); err != nil {
			t.Error(err)
		}
		if _, err := db.ExecContext(ctx, "SELECT h"); err != nil {
			t.Error(err)
		}
		_, err = db.ExecContext(ctx, "SELECT d")
		checkError(t, err, errFake)
		want := map[string][]total{transaction.Without: {
			{"SELECT", 1, 0, 0, 50 * ms, 50 * ms, 0},
			{"SELECT", 0, 0, 2, 0, 0, 33 * ms}, // Its rows.
			{"UPDATE a", 1, 0, 9, 40 * ms, 40 * ms, 0},
			{"SELECT", 1, 0, 0, 50 * ms, 50 * ms, 0}, // Its second attempt.
			{"SELECT", 1, 1, 0, 50 * ms, 50 * ms, 0},
		}}
		if diff := cmp.Diff(want, posted(ledger)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if n := len(ledger.Calls()); n != 4 {
			t.Errorf("%d calls, want 4", n)
		}
		if n := len(ledger.Transactions()); n != 0 {
			t.Errorf("%d transactions, want none", n)
		}
		if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "late_test.go:") {
			t.Errorf("log %q, want one line with the place in this file", got)
		}
	})
}

// Without an agent the program gets the driver's own rows and SQL transactions.
func TestNoAgent(t *testing.T) {
	ctx, _ := transactiontest.New(t)
	for name, test := range map[string]struct {
		ctx  context.Context
		want bool
	}{"no agent": {context.Background(), true}, "agent": {ctx, false}} {
		t.Run(name, func(t *testing.T) {
			c, err := sqltrace.WrapConnector(fakeConnector{newFake(nil)}).Connect(test.ctx)
			if err != nil {
				t.Fatal(err)
			}
			rows, err := c.(driver.QueryerContext).QueryContext(test.ctx, "SELECT a", nil)
			if err != nil {
				t.Fatal(err)
			}
			tx, err := c.(driver.ConnBeginTx).BeginTx(test.ctx, driver.TxOptions{})
			if err != nil {
				t.Fatal(err)
			}
			_, ownTx := tx.(*fakeTx)
			ownRows := !strings.Contains(fmt.Sprintf("%T", rows), "*sqltrace.")
			if ownTx != test.want || ownRows != test.want {
				t.Errorf("rows %T and SQL transaction %T, want the driver's own: %t", rows, tx, test.want)
			}
		})
	}
}

// After a statement, an idle connection holds nothing of the request.
func TestIdleConnectionsKeepNothing(t *testing.T) {
	ctx, _ := transactiontest.New(t)
	db := sqltrace.OpenDB(fakeConnector{newFake(map[string]script{"SELECT a": {rows: []int{2}}})})
	defer db.Close()
	collected := make(chan struct{})
	func() {
		request := begin(ctx)
		defer request.End()
		tx, err := db.BeginTx(request, nil)
		if err != nil {
			t.Fatal(err)
		}
		use(t, request, tx)
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		runtime.AddCleanup(request, func(c chan struct{}) { close(c) }, collected)
	}()
	for range 100 {
		runtime.GC()
		select {
		case <-collected:
			return
		case <-time.After(ms):
		}
	}
	t.Error("the transaction of the request is kept alive")
}

func use(t *testing.T, ctx context.Context, tx *sql.Tx) {
	t.Helper()
	s, err := tx.PrepareContext(ctx, "SELECT a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.ExecContext(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(ctx, "SELECT a"); err != nil {
		t.Fatal(err)
	}
	var id int
	if err := s.QueryRowContext(ctx).Scan(&id); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
