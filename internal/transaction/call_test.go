package transaction_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/internal/sqltext"
	"github.com/daybook-apm/daybook/internal/transaction"
	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
)

// samePointer compares statements as the library does.
var samePointer = cmp.Comparer(func(a, b *sqltext.Statement) bool { return a == b })

// TestManyStatements runs more statements than there are entries: nothing may be lost.
func TestManyStatements(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, ledger := transactiontest.New(t)
		tx := begin(ctx, "/x")
		st := statement("SELECT 1 FROM a")
		const n = 100
		for range n {
			call := transaction.StartStatement(tx, st)
			time.Sleep(ms)
			call.End(transaction.Result{Rows: 2, ErrorType: "23505"})
			call.StartFetch()
			time.Sleep(ms)
			call.StopFetch(1, "")
			call.Close()
		}
		tx.End()
		got := ledger.Transactions()[0]
		if len(got.Entries) != transaction.MaxEntries {
			t.Errorf("%d entries, want %d", len(got.Entries), transaction.MaxEntries)
		}
		if calls := ledger.Calls(); len(calls) != n-transaction.MaxEntries {
			t.Errorf("%d calls posted by themselves, want %d", len(calls), n-transaction.MaxEntries)
		}
		want := []transaction.StatementTotal{{
			Statement: st, Calls: n, Errors: n, Rows: 3 * n, Time: n * ms, Max: ms, Fetch: n * ms,
		}}
		if diff := cmp.Diff(want, got.Statements, samePointer); diff != "" {
			t.Errorf("statements (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]transaction.ErrorTotal{{Type: "23505", Count: n}}, got.Errors); diff != "" {
			t.Errorf("errors (-want +got):\n%s", diff)
		}
	})
}

// TestLate lets children outlive their transaction: they count for statement and remote, never for the transaction.
func TestLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, ledger := transactiontest.New(t)
		tx := begin(ctx, "/x")
		st := statement("SELECT 1 FROM a")
		rows := transaction.StartStatement(tx, st)
		time.Sleep(10 * ms)
		rows.End(transaction.Result{})
		open := transaction.StartRemote(tx, remote, "GET")
		time.Sleep(ms)
		tx.End()

		time.Sleep(ms)
		open.End(transaction.Result{Status: 503, ErrorType: "503"})
		rows.StartFetch()
		time.Sleep(3 * ms)
		rows.StopFetch(7, "")
		rows.Close()
		rows.Close()
		after := transaction.StartStatement(tx, st)
		time.Sleep(ms)
		after.End(transaction.Result{})
		transaction.StartInterval(tx, transaction.SQL).End()
		tx.RecordError("late")
		tx.SetRoute("/other")
		tx.End()

		got := ledger.Transactions()
		if len(got) != 1 {
			t.Fatalf("posted %d times, want once", len(got))
		}
		if want := (phases{transaction.SQL: 10 * ms, transaction.External: ms}); got[0].Spent != want {
			t.Errorf("phases %v, want %v", got[0].Spent, want)
		}
		end := transaction.Endpoint{Method: "GET", Route: "/x"}
		wantStatements := []transactiontest.Statement{
			{Endpoint: end, Total: transaction.StatementTotal{Statement: st, Fetch: 3 * ms, Rows: 7}},
			{Endpoint: end, Total: transaction.StatementTotal{Statement: st, Calls: 1, Time: ms, Max: ms}},
		}
		if diff := cmp.Diff(wantStatements, ledger.Statements(), samePointer); diff != "" {
			t.Errorf("statements (-want +got):\n%s", diff)
		}
		wantRemotes := []transactiontest.Remote{
			{Endpoint: end, Total: transaction.RemoteTotal{Remote: remote, ErrorType: "503", Calls: 1, Time: 2 * ms, Max: 2 * ms}},
		}
		if diff := cmp.Diff(wantRemotes, ledger.Remotes()); diff != "" {
			t.Errorf("remotes (-want +got):\n%s", diff)
		}
		wantErrors := []transactiontest.Error{{Endpoint: end, Type: "503"}, {Endpoint: end, Type: "late"}}
		if diff := cmp.Diff(wantErrors, ledger.Errors()); diff != "" {
			t.Errorf("errors (-want +got):\n%s", diff)
		}
	})
}

// TestWithoutTransaction posts calls that have no transaction, so that nothing is lost.
func TestWithoutTransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, ledger := transactiontest.New(t)
		st := statement("SELECT 1 FROM a")
		call := transaction.StartStatement(ctx, st)
		time.Sleep(4 * ms)
		call.End(transaction.Result{})
		call.StartFetch()
		time.Sleep(2 * ms)
		call.StopFetch(3, "")
		call.Close()
		without := transaction.Endpoint{Route: transaction.Without}
		want := []transactiontest.Statement{
			{Endpoint: without, Total: transaction.StatementTotal{Statement: st, Calls: 1, Time: 4 * ms, Max: 4 * ms}},
			{Endpoint: without, Total: transaction.StatementTotal{Statement: st, Fetch: 2 * ms, Rows: 3}},
		}
		if diff := cmp.Diff(want, ledger.Statements(), samePointer); diff != "" {
			t.Errorf("statements (-want +got):\n%s", diff)
		}
		if calls := ledger.Calls(); len(calls) != 1 || calls[0].Duration != 4*ms {
			t.Errorf("calls = %+v, want one of 4ms", calls)
		}
	})
}

// TestNothing calls everything without an agent and without a transaction.
func TestNothing(t *testing.T) {
	ctx := context.Background()
	call := transaction.StartStatement(ctx, statement("SELECT 1 FROM a"))
	call.Pause()
	call.Resume()
	call.StartFetch()
	call.StopFetch(1, "")
	call.End(transaction.Result{})
	call.Abandon()
	call.Close()
	segment := transaction.StartSegment(ctx, "x")
	segment.End()
	transaction.StartInterval(ctx, transaction.SQL).End()
	var none *transaction.Transaction
	none.SetRoute("/x")
	none.SetStatus(200)
	none.Fail("x")
	none.Cancel()
	none.RecordError("x")
	none.SetUser(1)
	none.Ignore()
	none.End()
}

// TestStopped makes everything a pass-through once the agent has been shut down, also what began before.
func TestStopped(t *testing.T) {
	ctx, ledger := transactiontest.New(t)
	tx := begin(ctx, "/x")
	transaction.AgentFrom(ctx).Stop()
	call := transaction.StartStatement(tx, statement("SELECT 1 FROM a"))
	call.End(transaction.Result{})
	tx.End()
	if transaction.AgentFrom(ctx) != nil {
		t.Error("a stopped agent is still found")
	}
	if n := len(ledger.Transactions()); n != 0 {
		t.Errorf("%d transactions posted after the stop", n)
	}
}

// TestConcurrent hammers one transaction from many goroutines while it ends; the race detector watches, and
// what was posted must be complete.
func TestConcurrent(t *testing.T) {
	ctx, ledger := transactiontest.New(t)
	tx := begin(ctx, "/x")
	st := statement("SELECT 1 FROM a")
	const goroutines, each = 16, 50
	parallel(goroutines+1, func(i int) {
		if i == goroutines {
			for range 20 {
				transaction.AgentFrom(ctx).Active.All()
			}
			tx.End()
			return
		}
		for range each {
			call := transaction.StartStatement(tx, st)
			call.End(transaction.Result{})
			call.StartFetch()
			call.StopFetch(1, "")
			call.Close()
			s := transaction.StartSegment(tx, "s")
			s.End()
		}
	})
	var calls, rows int64
	for _, s := range ledger.Transactions()[0].Statements {
		calls, rows = calls+s.Calls, rows+s.Rows
	}
	for _, s := range ledger.Statements() {
		calls, rows = calls+s.Total.Calls, rows+s.Total.Rows
	}
	if calls != goroutines*each || rows != goroutines*each {
		t.Errorf("%d calls and %d rows, want %d of each", calls, rows, goroutines*each)
	}
}

// TestIgnored leaves a transaction and its late children out of everything.
func TestIgnored(t *testing.T) {
	ctx, ledger := transactiontest.New(t)
	tx := begin(ctx, "/healthz")
	tx.Ignore()
	call := transaction.StartStatement(tx, statement("SELECT 1 FROM a"))
	if active := transaction.AgentFrom(ctx).Active.All(); len(active) != 0 {
		t.Errorf("an ignored transaction is active: %+v", active)
	}
	for range 2 * transaction.MaxEntries {
		more := transaction.StartStatement(tx, statement("SELECT 1 FROM a"))
		more.End(transaction.Result{})
	}
	tx.End()
	call.End(transaction.Result{})
	if n := len(ledger.Transactions()) + len(ledger.Statements()) + len(ledger.Calls()); n != 0 {
		t.Errorf("%d postings of an ignored transaction", n)
	}
}

// TestActive tells what a running transaction does.
func TestActive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, _ := transactiontest.New(t)
		tx := begin(ctx, "/x")
		time.Sleep(2 * time.Second)
		segment := transaction.StartSegment(tx, "render")
		time.Sleep(time.Second)
		st := statement("SELECT 1 FROM slow")
		call := transaction.StartStatement(tx, st)
		time.Sleep(3 * time.Second)
		got := transaction.AgentFrom(ctx).Active.All()
		if len(got) != 1 {
			t.Fatalf("%d active, want 1", len(got))
		}
		s := got[0]
		if s.Elapsed != 6*time.Second || s.Phase != transaction.SQL || s.Current.Statement != st || s.CurrentElapsed != 3*time.Second {
			t.Errorf("got %+v", s)
		}
		call.End(transaction.Result{})
		if s := transaction.AgentFrom(ctx).Active.All()[0]; s.Phase != transaction.Segment || s.Current.Segment != "render" {
			t.Errorf("after the statement: %+v", s)
		}
		segment.End()
		tx.End()
		if got := transaction.AgentFrom(ctx).Active.All(); len(got) != 0 {
			t.Errorf("%d active after the end", len(got))
		}
	})
}

func TestOutcome(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(*transaction.Transaction)
		want transaction.Outcome
	}{
		{"fine", func(tx *transaction.Transaction) { tx.SetStatus(204) }, transaction.Outcome{Status: 204}},
		{"not found", func(tx *transaction.Transaction) { tx.SetStatus(404) }, transaction.Outcome{Status: 404}},
		{"server error", func(tx *transaction.Transaction) { tx.SetStatus(503) },
			transaction.Outcome{Status: 503, Failed: true, ErrorType: "503"}},
		{"failed by hand, then 500", func(tx *transaction.Transaction) { tx.Fail("quota"); tx.SetStatus(500) },
			transaction.Outcome{Status: 500, Failed: true, ErrorType: "quota"}},
		{"500, then a reason", func(tx *transaction.Transaction) { tx.SetStatus(500); tx.Fail("panic") },
			transaction.Outcome{Status: 500, Failed: true, ErrorType: "panic"}},
		{"the first reason stays", func(tx *transaction.Transaction) { tx.Fail("first"); tx.Fail("second") },
			transaction.Outcome{Failed: true, ErrorType: "first"}},
		{"given up is no failure", func(tx *transaction.Transaction) { tx.SetStatus(500); tx.Cancel(); tx.Fail("late") },
			transaction.Outcome{Status: 500, Canceled: true, ErrorType: "canceled"}},
		{"recorded error fails nothing", func(tx *transaction.Transaction) { tx.RecordError("x") }, transaction.Outcome{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, ledger := transactiontest.New(t)
			tx := begin(ctx, "/x")
			c.set(tx)
			tx.End()
			if diff := cmp.Diff(c.want, ledger.Transactions()[0].Outcome); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
		})
	}
}
