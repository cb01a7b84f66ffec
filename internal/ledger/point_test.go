package ledger_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/axiomhq/hyperloglog"
	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/internal/ledger"
	"github.com/daybook-apm/daybook/internal/transaction"
)

func TestPoints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, ctx := open(t, 10)
		taken := func() (list []ledger.Point) {
			l.TakePoints(func(p *ledger.Point) { list = append(list, *p) })
			return list
		}
		serve(ctx, "/unseen", nil)
		if got := taken(); len(got) != 0 {
			t.Errorf("%v without anybody who watches", got)
		}
		l.WatchPoints()
		var want []ledger.Point
		for i, d := range []time.Duration{10 * ms, 600 * ms} {
			serve(ctx, "/x", func(tx *transaction.Transaction) {
				time.Sleep(d)
				if i == 1 {
					tx.SetStatus(500)
				}
				want = append(want, ledger.Point{
					End: time.Now().UnixNano(), Duration: d, TraceID: tx.SpanContext().TraceID(),
					Endpoint: &transaction.Endpoint{Method: "GET", Route: "/x"}, Failed: i == 1, Slow: i == 1,
				})
			})
		}
		got := taken()
		if len(got) == 2 && got[0].End > got[1].End {
			got[0], got[1] = got[1], got[0] // Of different stripes.
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("points (-want +got):\n%s", diff)
		}
		if got := taken(); len(got) != 0 {
			t.Errorf("taken twice: %v", got)
		}
		for range 100_000 {
			serve(ctx, "/x", nil)
		}
		if n := len(taken()); n == 0 || n > 8192 {
			t.Errorf("%d points of 100,000, want at most 8192", n)
		}
		serve(ctx, "/x", nil)
		if n := len(taken()); n != 1 {
			t.Errorf("%d points of one post after a flood", n)
		}
		l.ForgetPoints()
		serve(ctx, "/x", nil)
		if got := taken(); len(got) != 0 {
			t.Errorf("%v after nobody watches any more", got)
		}
	})
}

// TestPointsOfMany keeps the account's name, also of what overflowed.
func TestPointsOfMany(t *testing.T) {
	l, ctx := open(t, 2)
	l.WatchPoints()
	for i := range 4 {
		serve(ctx, fmt.Sprint("/", i), nil)
	}
	got := map[string]int{}
	l.TakePoints(func(p *ledger.Point) { got[p.Endpoint.Route]++ })
	if diff := cmp.Diff(map[string]int{"/0": 1, "/1": 1, transaction.Other: 2}, got); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
}

// TestPointsAllocate pins that a point costs no allocation.
func TestPointsAllocate(t *testing.T) {
	l, ctx := open(t, 10)
	l.WatchPoints()
	tx := new(transaction.Transaction)
	tx.Begin(ctx, transaction.AgentFrom(ctx), transaction.Request{Method: "GET", Route: "/x"})
	tx.End()
	if n := testing.AllocsPerRun(1000, func() { l.Post(tx) }); n != 0 {
		t.Errorf("%v allocations a post, want none", n)
	}
}

// TestSums is TestTotals by the cheaper way.
func TestSums(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, ctx := open(t, 10)
		for i, status := range []int{200, 404, 503} {
			serve(ctx, "/x", func(tx *transaction.Transaction) {
				time.Sleep(time.Duration(i+1) * ms)
				tx.SetStatus(status)
			})
		}
		serve(ctx, "/x", (*transaction.Transaction).Cancel)
		reader := l.NewReader()
		visited := 0
		reader.Sums(func(s *ledger.Sum) {
			visited++
			if diff := cmp.Diff(accounts(l.Peek())["/x"].Totals, s.Totals); diff != "" {
				t.Errorf("totals (-want +got):\n%s", diff)
			}
			if s.Endpoint != (transaction.Endpoint{Method: "GET", Route: "/x"}) || s.Max != 3*ms ||
				s.Durations.Count() != 4 || s.Failed.Count() != 1 || s.Failed.Max() < 3*ms {
				t.Errorf("%v: max %v, %d durations, %d failed", s.Endpoint, s.Max, s.Durations.Count(), s.Failed.Count())
			}
		})
		if visited != 1 {
			t.Errorf("%d endpoints, want 1", visited)
		}
		reader.Sums(func(s *ledger.Sum) {
			if s.Max != 0 {
				t.Errorf("Max = %v without a call since", s.Max)
			}
		})
	})
}

func TestMergeUsers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, ctx := open(t, 10)
		first := time.Now().Unix() / 60
		for minute := range 3 {
			for i := range 20 {
				serve(ctx, "/x", func(tx *transaction.Transaction) { tx.SetUser(transaction.HashUser(fmt.Sprint(minute*10 + i))) })
			}
			time.Sleep(time.Minute)
		}
		sum := hyperloglog.New()
		for minute := range int64(2) {
			if !l.MergeUsers(first+minute, sum) {
				t.Errorf("no users in minute %d", minute)
			}
		}
		if n := sum.Estimate(); n != 30 {
			t.Errorf("%d users in two minutes, want 30", n)
		}
		if l.MergeUsers(first+3, sum) || l.MergeUsers(first-5, sum) {
			t.Error("users in a minute that had none")
		}
	})
}

// BenchmarkPoints is what a scatter chart that somebody watches adds to a post.
func BenchmarkPoints(b *testing.B) {
	for _, watched := range []bool{false, true} {
		b.Run(fmt.Sprintf("watched=%t", watched), func(b *testing.B) {
			l, ctx := open(b, 500)
			if watched {
				l.WatchPoints()
			}
			tx := new(transaction.Transaction)
			tx.Begin(ctx, transaction.AgentFrom(ctx), transaction.Request{Method: "GET", Route: "/x"})
			tx.End()
			b.ReportAllocs()
			for b.Loop() {
				l.Post(tx)
			}
		})
	}
}

// BenchmarkSums is one look at 500 endpoints.
func BenchmarkSums(b *testing.B) {
	l, ctx := open(b, 500)
	for i := range 500 {
		serve(ctx, fmt.Sprintf("/route/%d", i), nil)
	}
	r := l.NewReader()
	b.ReportAllocs()
	for b.Loop() {
		r.Sums(func(*ledger.Sum) {})
	}
}
