package sqltrace_test

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/daybook-apm/daybook/internal/transaction"
	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
	"github.com/daybook-apm/daybook/sqltrace"
)

// Thirty-two goroutines share four connections, and all counts are exact.
func TestConcurrently(t *testing.T) {
	const goroutines, requests = 32, 20
	ctx, ledger := transactiontest.New(t)
	db := sqltrace.OpenDB(fakeConnector{newFake(map[string]script{
		"SELECT a": {rows: []int{3}}, "UPDATE a": {rows: []int{2}, skip: true}, "SELECT b": {err: errFake},
	})})
	defer closeDB(t, db)
	db.SetMaxOpenConns(4)
	prepared, err := db.PrepareContext(context.Background(), "SELECT a")
	if err != nil {
		t.Fatal(err)
	}
	defer prepared.Close()

	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for range requests {
				request := begin(ctx)
				read(t)(db.QueryContext(request, "SELECT a"))
				read(t)(prepared.QueryContext(request))
				if _, err := db.ExecContext(request, "UPDATE a"); err != nil {
					t.Error(err)
				}
				_, err := db.ExecContext(request, "SELECT b")
				checkError(t, err, errFake)
				tx, err := db.BeginTx(request, nil)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := tx.ExecContext(context.Background(), "UPDATE a"); err != nil {
					t.Error(err)
				}
				if err := tx.Rollback(); err != nil {
					t.Error(err)
				}
				request.End()
			}
		})
	}
	wg.Wait()
	if n := len(ledger.Transactions()); n != goroutines*requests {
		t.Errorf("%d transactions, want %d", n, goroutines*requests)
	}
	for _, posted := range ledger.Transactions() {
		got := make(map[string]total)
		for _, s := range posted.Statements {
			got[s.Statement.Text] = total{Calls: s.Calls, Errors: s.Errors, Rows: s.Rows}
		}
		if posted.Calls[transaction.SQL] != 5 || got["SELECT a"] != (total{Calls: 2, Rows: 6}) ||
			got["UPDATE a"] != (total{Calls: 2, Rows: 4}) || got["SELECT b"] != (total{Calls: 1, Errors: 1}) {
			t.Fatalf("%d calls, %+v", posted.Calls[transaction.SQL], got)
		}
	}
}

// Rows are closed by whoever is first: the reader, or the goroutine that waits for the end of the context.
func TestCanceledAtAnyTime(t *testing.T) {
	ctx, _ := transactiontest.New(t)
	db := sqltrace.OpenDB(fakeConnector{newFake(map[string]script{"SELECT a": {rows: []int{20}}})})
	defer closeDB(t, db)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				request := begin(ctx)
				canceled, cancel := context.WithCancel(request)
				wg.Go(func() {
					time.Sleep(rand.N(50 * time.Microsecond))
					cancel()
				})
				tx, err := db.BeginTx(canceled, nil)
				if err == nil {
					readAll(tx.QueryContext(canceled, "SELECT a"))
					readAll(db.QueryContext(canceled, "SELECT a"))
					_ = tx.Commit() // May be rolled back by now.
				}
				request.End()
				cancel()
			}
		})
	}
	wg.Wait()
}

func readAll(rows *sql.Rows, err error) {
	if err != nil {
		return
	}
	defer rows.Close()
	for rows.Next() {
	}
}
