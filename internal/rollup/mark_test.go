package rollup_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/internal/histogram"
	"github.com/daybook-apm/daybook/internal/ledger"
	"github.com/daybook-apm/daybook/internal/rollup"
	"github.com/daybook-apm/daybook/internal/sqltext"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// TestAccounts compares a window with what happened in it.
func TestAccounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, ctx := open(t)
		h := rollup.Open(config(t, l))
		defer h.Close()
		opened := time.Now()
		users := sqltext.Open("sqlite", "test").Statement("SELECT a FROM users")
		once := sqltext.Open("sqlite", "test").Statement("SELECT b FROM once")
		work := func(st *sqltext.Statement, errorType string) func(*transaction.Transaction) {
			return func(tx *transaction.Transaction) {
				c := transaction.StartStatement(tx, st)
				time.Sleep(2 * ms)
				c.End(transaction.Result{Rows: 4})
				c = transaction.StartRemote(tx, transaction.InternRemote(transaction.HTTP, "idp.example", 443), "GET")
				time.Sleep(3 * ms)
				c.End(transaction.Result{ErrorType: errorType})
				s := transaction.StartSegment(tx, "render")
				time.Sleep(5 * ms)
				s.End()
			}
		}
		time.Sleep(500 * ms)
		serve(ctx, "/gone", time.Second, nil)
		serve(ctx, "/x", time.Second, work(once, "timeout"))
		time.Sleep(20 * time.Minute)
		for range 3 {
			serve(ctx, "/x", 10*ms, work(users, ""))
		}

		got := accounts(h, 5*time.Minute)
		if len(got) != 1 {
			t.Fatalf("endpoints %v, want /x only", got)
		}
		x := got["/x"]
		if age := time.Since(x.since); age < 5*time.Minute || age > 6*time.Minute {
			t.Errorf("the window reaches back %v, want five minutes and no full minute more", age)
		}
		wantTotals := ledger.Totals{
			Calls: 3, Time: 60 * ms, SumSquares: 3 * 0.0004, Max: 20 * ms,
			Spent:    [transaction.Phases]time.Duration{30 * ms, 15 * ms, 0, 6 * ms, 9 * ms},
			Children: [transaction.Phases]int64{transaction.Segment: 3, transaction.SQL: 3, transaction.External: 3},
		}
		approx := cmp.Comparer(func(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 })
		if diff := cmp.Diff(wantTotals, x.Totals, approx); diff != "" {
			t.Errorf("totals (-want +got):\n%s", diff)
		}
		if x.counts.Count() != 3 || x.Max != 20*ms {
			t.Errorf("%d durations, maximum %v; want 3 and 20ms", x.counts.Count(), x.Max)
		}
		if len(x.Statements) != 1 || x.Statements[0].Statement != users || x.Statements[0].Calls != 3 ||
			x.Statements[0].Rows != 12 || x.Statements[0].Time != 6*ms {
			t.Errorf("statements %+v", x.Statements)
		}
		if len(x.Remotes) != 1 || x.Remotes[0].Calls != 3 || x.Remotes[0].Time != 9*ms || x.Remotes[0].ErrorType != "" {
			t.Errorf("remotes %+v", x.Remotes)
		}
		if diff := cmp.Diff([]transaction.SegmentTotal{{Name: "render", Calls: 3, Time: 15 * ms}}, x.Segments); diff != "" {
			t.Errorf("segments (-want +got):\n%s", diff)
		}
		if len(x.Errors) != 0 {
			t.Errorf("errors %+v", x.Errors)
		}

		all := accounts(h, time.Hour)
		if len(all) != 2 || all["/x"].Totals.Calls != 4 || len(all["/x"].Statements) != 2 || len(all["/x"].Remotes) != 2 ||
			len(all["/x"].Errors) != 1 || !all["/x"].since.Equal(opened) {
			t.Errorf("the last hour is %+v, want everything since %v", all, opened)
		}
	})
}

// TestWindowBorders asks for windows of all lengths at all ages: never less than was asked for, and not much more.
func TestWindowBorders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, ctx := open(t)
		h := rollup.Begin(config(t, l), time.Now())
		posted := []time.Time{}
		for range 60 * 60 {
			time.Sleep(30 * time.Second)
			serve(ctx, "/x", 0, nil)
			posted = append(posted, time.Now())
			time.Sleep(30 * time.Second)
			h.Tick(time.Now())
		}
		for window, most := range map[time.Duration]time.Duration{
			time.Minute: time.Minute, 5 * time.Minute: 5 * time.Minute, 13 * time.Minute: 15 * time.Minute,
			time.Hour: time.Hour, 59 * time.Minute: time.Hour, 5 * time.Hour: 5 * time.Hour,
		} {
			since, _ := h.Accounts(time.Now(), window, func(*ledger.Account, *histogram.Counts) {})
			if age := time.Since(since); age < window || age > most {
				t.Errorf("a window of %v reaches back %v, want %v at most", window, age, most)
			}
		}
		time.Sleep(17*time.Minute + 30*time.Second)
		for window, slack := range map[time.Duration]time.Duration{
			5 * time.Minute:  18 * time.Minute, // The process was asleep.
			time.Hour:        5 * time.Minute,
			6 * time.Hour:    time.Hour,
			24 * time.Hour:   6 * time.Hour,
			48 * time.Hour:   6 * time.Hour,
			1000 * time.Hour: -946 * time.Hour, // At most 48 hours.
		} {
			got := accounts(h, window)["/x"]
			since, _ := h.Accounts(time.Now(), window, func(*ledger.Account, *histogram.Counts) {})
			if age := time.Since(since); age < min(window, 48*time.Hour) || age > window+slack {
				t.Errorf("a window of %v reaches back %v", window, age)
			}
			want := uint64(0)
			for _, at := range posted {
				if at.After(since) {
					want++
				}
			}
			if got.Totals.Calls != want {
				t.Errorf("a window of %v has %d calls, want %d since %v", window, got.Totals.Calls, want, since)
			}
		}
		h.Finish(time.Now())
	})
}
