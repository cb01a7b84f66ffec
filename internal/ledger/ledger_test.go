package ledger_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/internal/histogram"
	"github.com/daybook-apm/daybook/internal/ledger"
	"github.com/daybook-apm/daybook/internal/sqltext"
	"github.com/daybook-apm/daybook/internal/transaction"
)

const ms = time.Millisecond

// open returns a ledger and a context whose transactions are posted to it.
func open(tb testing.TB, maxEndpoints int) (*ledger.Ledger, context.Context) {
	l := ledger.New(maxEndpoints)
	a := &transaction.Agent{Ledger: l, Active: &transaction.Registry{}, Slow: 500 * ms}
	tb.Cleanup(a.Stop)
	return l, transaction.NewContext(context.Background(), a)
}

// serve runs a transaction of the route and ends it.
func serve(ctx context.Context, route string, work func(*transaction.Transaction)) {
	t := new(transaction.Transaction)
	t.Begin(ctx, transaction.AgentFrom(ctx), transaction.Request{Method: "GET", Secure: true, Route: route})
	if work != nil {
		work(t)
	}
	t.End()
}

func statement(i int) *sqltext.Statement {
	return sqltext.Open("sqlite", "test").Statement(fmt.Sprintf("SELECT a FROM t%d", i))
}

// accounts copies all accounts by route.
func accounts(r *ledger.Reader) map[string]ledger.Account {
	all := map[string]ledger.Account{}
	r.Endpoints(func(a *ledger.Account) {
		c := *a
		c.Outcomes = nil
		c.Statements = append([]ledger.Statement(nil), a.Statements...)
		c.Remotes = append([]transaction.RemoteTotal(nil), a.Remotes...)
		c.Segments = append([]transaction.SegmentTotal(nil), a.Segments...)
		c.Errors = append([]transaction.ErrorTotal(nil), a.Errors...)
		all[a.Endpoint.Route] = c
	})
	return all
}

func TestTotals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, ctx := open(t, 10)
		run := func(d time.Duration, status int, more func(*transaction.Transaction)) {
			serve(ctx, "/x", func(tx *transaction.Transaction) {
				time.Sleep(d)
				tx.SetStatus(status)
				if more != nil {
					more(tx)
				}
			})
		}
		run(100*ms, 200, nil)
		run(300*ms, 404, nil)
		run(700*ms, 503, nil)
		run(10*ms, 500, (*transaction.Transaction).Cancel)
		run(900*ms, 200, (*transaction.Transaction).Stream)

		reader := l.NewReader()
		got := accounts(reader)["/x"]
		want := ledger.Totals{
			Calls: 5, Failures: 1, ClientErrors: 1, Canceled: 1, Slow: 1,
			Time: 2010 * ms, SumSquares: 0.01 + 0.09 + 0.49 + 0.0001 + 0.81, Max: 900 * ms,
			Spent: [transaction.Phases]time.Duration{transaction.App: 2010 * ms},
		}
		approx := cmp.Comparer(func(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 })
		if diff := cmp.Diff(want, got.Totals, approx); diff != "" {
			t.Errorf("totals (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]transaction.ErrorTotal{{Type: "503", Count: 1}}, got.Errors); diff != "" {
			t.Errorf("errors (-want +got):\n%s", diff)
		}
		if got.Max != 900*ms {
			t.Errorf("Max = %v, want 900ms", got.Max)
		}
		run(20*ms, 200, nil)
		if again := accounts(reader)["/x"]; again.Max != 20*ms || again.Totals.Max != 900*ms {
			t.Errorf("Max since the last look = %v and of all time = %v, want 20ms and 900ms", again.Max, again.Totals.Max)
		}
	})
}

func TestChildren(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, ctx := open(t, 10)
		st, remote := statement(1), transaction.InternRemote(transaction.HTTP, "idp.example", 443)
		serve(ctx, "/x", func(tx *transaction.Transaction) {
			for range 12 {
				call := transaction.StartStatement(tx, st)
				time.Sleep(2 * ms)
				call.End(transaction.Result{Rows: 1})
			}
			call := transaction.StartRemote(tx, remote, "GET")
			time.Sleep(30 * ms)
			call.End(transaction.Result{Status: 503, ErrorType: "503"})
			s := transaction.StartSegment(tx, "render")
			time.Sleep(5 * ms)
			s.End()
		})
		got := accounts(l.Peek())["/x"]
		if len(got.Statements) != 1 || len(got.Remotes) != 1 || len(got.Segments) != 1 {
			t.Fatalf("got %+v", got)
		}
		s := got.Statements[0]
		if s.Calls != 12 || s.Rows != 12 || s.Time != 24*ms || s.Max != 2*ms || s.MaxRepeats != 12 || s.Repeated != 1 {
			t.Errorf("statement = %+v", s)
		}
		if r := got.Remotes[0]; r.Calls != 1 || r.Time != 30*ms || r.ErrorType != "503" {
			t.Errorf("remote = %+v", r)
		}
		if s := got.Segments[0]; s.Name != "render" || s.Calls != 1 || s.Time != 5*ms {
			t.Errorf("segment = %+v", s)
		}
		if got.Totals.Repeated != 1 {
			t.Errorf("Repeated = %d, want 1", got.Totals.Repeated)
		}
		var operations, requests uint64
		l.Peek().Operations(func(k ledger.OperationKey, h *histogram.Histogram) {
			if k.Summary != "SELECT t1" || k.System != "sqlite" || k.Namespace != "test" || k.Operation != "SELECT" {
				t.Errorf("operation %+v", k)
			}
			operations += h.Count()
		})
		l.Peek().Requests(func(k ledger.RequestKey, h *histogram.Histogram) {
			if k != (ledger.RequestKey{Remote: remote, Method: "GET", Status: 503, ErrorType: "503"}) {
				t.Errorf("request %+v", k)
			}
			requests += h.Count()
		})
		if operations != 12 || requests != 1 {
			t.Errorf("%d operations and %d requests, want 12 and 1", operations, requests)
		}
	})
}

// TestFloodOfPaths sends requests that no router knows: they share an account and push nothing out.
func TestFloodOfPaths(t *testing.T) {
	l, ctx := open(t, 10)
	for range 10_000 {
		serve(ctx, "", nil)
	}
	serve(ctx, "/late", nil)
	got := accounts(l.Peek())
	if got[transaction.Unmatched].Totals.Calls != 10_000 || got["/late"].Totals.Calls != 1 || l.Overflowed() != 0 {
		t.Errorf("unmatched %d, late %d, overflowed %d; want 10000, 1, 0",
			got[transaction.Unmatched].Totals.Calls, got["/late"].Totals.Calls, l.Overflowed())
	}
}

// TestBounds floods every list. The sums stay complete.
func TestBounds(t *testing.T) {
	l, ctx := open(t, 10)
	const n = 300
	for i := range n {
		serve(ctx, fmt.Sprintf("/%d", i), nil)
	}
	for i := range n {
		serve(ctx, "/0", func(tx *transaction.Transaction) {
			c := transaction.StartStatement(tx, statement(i))
			c.End(transaction.Result{})
			r := transaction.StartRemote(tx, &transaction.Remote{System: transaction.HTTP, Host: fmt.Sprint(i)}, "GET")
			r.End(transaction.Result{})
			s := transaction.StartSegment(tx, fmt.Sprint(i))
			s.End()
			tx.RecordError(fmt.Sprint(i))
			tx.Fail(fmt.Sprint("fail", i))
		})
	}
	all := accounts(l.Peek())
	if len(all) != 11 {
		t.Errorf("%d endpoints, want 10 and (other)", len(all))
	}
	if calls := all[transaction.Other].Totals.Calls; calls != n-10 {
		t.Errorf("(other) has %d calls, want %d", calls, n-10)
	}
	a := all["/0"]
	if len(a.Statements) != 101 || len(a.Remotes) != 51 || len(a.Segments) != 101 || len(a.Errors) != 51 {
		t.Errorf("%d statements, %d remotes, %d segments, %d errors; want 101, 51, 101, 51",
			len(a.Statements), len(a.Remotes), len(a.Segments), len(a.Errors))
	}
	var statements, remotes, segments, errors int64
	for _, s := range a.Statements {
		statements += s.Calls
	}
	for _, r := range a.Remotes {
		remotes += r.Calls
	}
	for _, s := range a.Segments {
		segments += s.Calls
	}
	for _, e := range a.Errors {
		errors += e.Count
	}
	if statements != n || remotes != n || segments != n || errors != 2*n {
		t.Errorf("sums %d, %d, %d, %d; want %d of each and twice as many errors", statements, remotes, segments, errors, n)
	}
	if l.Overflowed() == 0 {
		t.Error("nothing says that lists overflowed")
	}
}

// TestConcurrentPosts posts to one endpoint from many goroutines while readers read; every count is exact.
func TestConcurrentPosts(t *testing.T) {
	l, ctx := open(t, 10)
	const goroutines, each = 32, 300
	st := statement(1)
	stop := make(chan struct{})
	var readers sync.WaitGroup
	readers.Go(func() {
		r := l.NewReader()
		defer r.Close()
		for {
			select {
			case <-stop:
				return
			default:
				r.Endpoints(func(*ledger.Account) {})
				r.Operations(func(ledger.OperationKey, *histogram.Histogram) {})
				l.Users(time.Now())
			}
		}
	})
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for range each {
				serve(ctx, "/hot", func(tx *transaction.Transaction) {
					c := transaction.StartStatement(tx, st)
					c.End(transaction.Result{})
					tx.SetUser(transaction.HashUser(fmt.Sprint("user", g)))
				})
			}
		})
	}
	wg.Wait()
	close(stop)
	readers.Wait()
	a := accounts(l.Peek())["/hot"]
	if a.Totals.Calls != goroutines*each || a.Statements[0].Calls != goroutines*each {
		t.Errorf("%d transactions and %d statements, want %d of each", a.Totals.Calls, a.Statements[0].Calls, goroutines*each)
	}
	var operations uint64
	l.Peek().Operations(func(_ ledger.OperationKey, h *histogram.Histogram) { operations += h.Count() })
	if operations != goroutines*each {
		t.Errorf("%d operations, want %d", operations, goroutines*each)
	}
	if users := l.Users(time.Now()); users != goroutines {
		t.Errorf("%d users, want %d", users, goroutines)
	}
}

// TestUsersWindow forgets users after five minutes.
func TestUsersWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, ctx := open(t, 10)
		for i := range 100 {
			serve(ctx, "/x", func(tx *transaction.Transaction) { tx.SetUser(transaction.HashUser(fmt.Sprint(i))) })
		}
		if n := l.Users(time.Now()); n < 98 || n > 102 {
			t.Errorf("%d users, want about 100", n)
		}
		time.Sleep(3 * time.Minute)
		serve(ctx, "/x", func(tx *transaction.Transaction) { tx.SetUser(transaction.HashUser("0")) })
		if n := l.Users(time.Now()); n < 98 || n > 102 {
			t.Errorf("%d users after 3 minutes, want about 100", n)
		}
		time.Sleep(4 * time.Minute)
		if n := l.Users(time.Now()); n != 1 {
			t.Errorf("%d users after 7 minutes, want 1", n)
		}
		time.Sleep(time.Hour)
		if n := l.Users(time.Now()); n != 0 {
			t.Errorf("%d users after an hour, want 0", n)
		}
	})
}

// TestReaders gives each reader a maximum of its own, as long as there are places.
func TestReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, ctx := open(t, 10)
		var readers []*ledger.Reader
		for range 5 {
			readers = append(readers, l.NewReader())
		}
		serve(ctx, "/x", func(*transaction.Transaction) { time.Sleep(9 * ms) })
		for i, r := range readers {
			if got := accounts(r)["/x"].Max; got != 9*ms {
				t.Errorf("reader %d: first maximum %v, want 9ms", i, got)
			}
			want := time.Duration(0)
			if i == 4 {
				want = 9 * ms
			}
			if got := accounts(r)["/x"].Max; got != want {
				t.Errorf("reader %d: second maximum %v, want %v", i, got, want)
			}
		}
		readers[0].Close()
		serve(ctx, "/x", func(*transaction.Transaction) { time.Sleep(2 * ms) })
		if got := accounts(l.NewReader())["/x"].Max; got > 9*ms {
			t.Errorf("a new reader sees %v", got)
		}
	})
}

// BenchmarkPost is what the ledger adds to a transaction.
func BenchmarkPost(b *testing.B) {
	for _, endpoints := range []int{1, 500} {
		b.Run(fmt.Sprintf("endpoints=%d", endpoints), func(b *testing.B) {
			_, ctx := open(b, 500)
			routes := make([]string, endpoints)
			for i := range routes {
				routes[i] = fmt.Sprintf("/route/%d", i)
			}
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					serve(ctx, routes[i%endpoints], nil)
				}
			})
		})
	}
}

// BenchmarkRead is one collection of 500 endpoints.
func BenchmarkRead(b *testing.B) {
	l, ctx := open(b, 500)
	for i := range 500 {
		for j := range 3 {
			serve(ctx, fmt.Sprintf("/route/%d", i), func(tx *transaction.Transaction) {
				c := transaction.StartStatement(tx, statement(j))
				c.End(transaction.Result{})
			})
		}
	}
	r := l.NewReader()
	b.ReportAllocs()
	for b.Loop() {
		r.Endpoints(func(*ledger.Account) {})
	}
}
