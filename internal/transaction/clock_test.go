package transaction_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/internal/sqltext"
	"github.com/daybook-apm/daybook/internal/transaction"
	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
)

// begin starts a server transaction of the context's agent.
func begin(ctx context.Context, route string) *transaction.Transaction {
	t := new(transaction.Transaction)
	t.Begin(ctx, transaction.AgentFrom(ctx), transaction.Request{Method: "GET", Route: route})
	return t
}

func statement(text string) *sqltext.Statement { return sqltext.Open("sqlite", "test").Statement(text) }

var remote = transaction.InternRemote("http", "idp.example", 443)

// phases in the order of transaction.App, Segment, Fetch, SQL, External.
type phases = [transaction.Phases]time.Duration

const ms = time.Millisecond

// TestPhases holds the one-handed clock against known sleeps: every figure is exact.
func TestPhases(t *testing.T) {
	for _, c := range []struct {
		name  string
		run   func(context.Context)
		want  phases
		calls [transaction.Phases]int64
	}{
		{
			name: "nothing",
			run:  func(context.Context) { time.Sleep(5 * ms) },
			want: phases{transaction.App: 5 * ms},
		},
		{
			name: "statement, rows and the caller's time between",
			run: func(ctx context.Context) {
				call := transaction.StartStatement(ctx, statement("SELECT 1 FROM a"))
				time.Sleep(20 * ms)
				call.End(transaction.Result{})
				for range 3 {
					time.Sleep(7 * ms)
					call.StartFetch()
					time.Sleep(2 * ms)
					call.StopFetch(1, "")
				}
				call.Close()
			},
			want:  phases{transaction.App: 21 * ms, transaction.SQL: 20 * ms, transaction.Fetch: 6 * ms},
			calls: [transaction.Phases]int64{transaction.SQL: 1},
		},
		{
			name: "two parallel queries of 50 ms are 50 ms of SQL and two calls",
			run: func(ctx context.Context) {
				parallel(2, func(int) {
					call := transaction.StartStatement(ctx, statement("SELECT 1 FROM a"))
					time.Sleep(50 * ms)
					call.End(transaction.Result{})
				})
			},
			want:  phases{transaction.SQL: 50 * ms},
			calls: [transaction.Phases]int64{transaction.SQL: 2},
		},
		{
			name: "external hides sql, sql hides fetch, fetch hides segment",
			run: func(ctx context.Context) {
				var wg sync.WaitGroup
				during := func(from, to time.Duration, start func() func()) {
					wg.Go(func() {
						time.Sleep(from)
						end := start()
						time.Sleep(to - from)
						end()
					})
				}
				during(0, 100*ms, func() func() {
					s := transaction.StartSegment(ctx, "render")
					return s.End
				})
				during(10*ms, 90*ms, func() func() {
					c := transaction.StartStatement(ctx, statement("SELECT 1 FROM a"))
					c.End(transaction.Result{})
					c.StartFetch()
					return func() { c.StopFetch(9, "") }
				})
				during(20*ms, 60*ms, func() func() {
					c := transaction.StartStatement(ctx, statement("SELECT 1 FROM b"))
					return func() { c.End(transaction.Result{}) }
				})
				during(30*ms, 50*ms, func() func() {
					c := transaction.StartRemote(ctx, remote, "GET")
					return func() { c.End(transaction.Result{}) }
				})
				wg.Wait()
			},
			want: phases{transaction.Segment: 20 * ms, transaction.Fetch: 40 * ms, transaction.SQL: 20 * ms, transaction.External: 20 * ms},
			calls: [transaction.Phases]int64{
				transaction.Segment: 1, transaction.SQL: 2, transaction.External: 1,
			},
		},
		{
			name: "a body left open charges nothing",
			run: func(ctx context.Context) {
				call := transaction.StartRemote(ctx, remote, "GET")
				time.Sleep(10 * ms)
				call.Pause()
				time.Sleep(100 * ms)
				call.Resume()
				time.Sleep(5 * ms)
				call.Pause()
				time.Sleep(50 * ms)
				call.End(transaction.Result{})
			},
			want:  phases{transaction.App: 150 * ms, transaction.External: 15 * ms},
			calls: [transaction.Phases]int64{transaction.External: 1},
		},
		{
			name: "an abandoned call is none, its time stays",
			run: func(ctx context.Context) {
				call := transaction.StartStatement(ctx, statement("SELECT 1 FROM a"))
				time.Sleep(1 * ms)
				call.Abandon()
				prepare := transaction.StartInterval(ctx, transaction.SQL)
				time.Sleep(2 * ms)
				prepare.End()
				call = transaction.StartStatement(ctx, statement("SELECT 1 FROM a"))
				time.Sleep(3 * ms)
				call.End(transaction.Result{})
			},
			want:  phases{transaction.SQL: 6 * ms},
			calls: [transaction.Phases]int64{transaction.SQL: 1},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, ledger := transactiontest.New(t)
				tx := begin(ctx, "/x")
				c.run(tx)
				tx.End()
				got := ledger.Transactions()
				if len(got) != 1 {
					t.Fatalf("%d transactions posted, want 1", len(got))
				}
				if diff := cmp.Diff(c.want, got[0].Spent); diff != "" {
					t.Errorf("phases (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(c.calls, got[0].Calls); diff != "" {
					t.Errorf("calls (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func parallel(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

// TestInnermostSegment charges each moment to one segment only.
func TestInnermostSegment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, ledger := transactiontest.New(t)
		tx := begin(ctx, "/x")
		outer := transaction.StartSegment(tx, "outer")
		time.Sleep(10 * ms)
		inner := transaction.StartSegment(tx, "inner")
		time.Sleep(20 * ms)
		call := transaction.StartStatement(tx, statement("SELECT 1 FROM a"))
		time.Sleep(5 * ms)
		call.End(transaction.Result{})
		inner.End()
		inner.End() // Only the first counts.
		time.Sleep(1 * ms)
		outer.End()
		tx.End()
		want := []transaction.SegmentTotal{{Name: "outer", Calls: 1, Time: 11 * ms}, {Name: "inner", Calls: 1, Time: 20 * ms}}
		if diff := cmp.Diff(want, ledger.Transactions()[0].Segments); diff != "" {
			t.Errorf("segments (-want +got):\n%s", diff)
		}
	})
}

// TestSegmentNames keeps the number of names bounded and the calls complete.
func TestSegmentNames(t *testing.T) {
	ctx, ledger := transactiontest.New(t)
	tx := begin(ctx, "/x")
	const n = 1000
	for i := range n {
		s := transaction.StartSegment(tx, string(rune('a'+i)))
		s.End()
	}
	tx.End()
	segments := ledger.Transactions()[0].Segments
	var calls int64
	for _, s := range segments {
		calls += s.Calls
	}
	if len(segments) != 101 || calls != n {
		t.Errorf("%d names, %d calls; want 100 and (other), %d calls", len(segments), calls, n)
	}
}
