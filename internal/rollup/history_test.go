package rollup_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"github.com/daybook-apm/daybook/internal/histogram"
	"github.com/daybook-apm/daybook/internal/ledger"
	"github.com/daybook-apm/daybook/internal/rollup"
	"github.com/daybook-apm/daybook/internal/sqltext"
	"github.com/daybook-apm/daybook/internal/transaction"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const ms = time.Millisecond

// seoul is nine hours ahead, without summer time.
var seoul = time.FixedZone("KST", 9*3600)

// open returns a ledger and a context whose transactions are posted to it.
func open(tb testing.TB) (*ledger.Ledger, context.Context) {
	l := ledger.New(ledger.DefaultMaxEndpoints)
	a := &transaction.Agent{Ledger: l, Active: &transaction.Registry{}, Slow: 500 * ms}
	tb.Cleanup(a.Stop)
	return l, transaction.NewContext(context.Background(), a)
}

func config(tb testing.TB, l *ledger.Ledger) rollup.Config {
	return rollup.Config{Ledger: l, Location: seoul, Version: "1", Logger: slog.New(slog.NewTextHandler(tb.Output(), nil))}
}

// serve runs a transaction that takes d.
func serve(ctx context.Context, route string, d time.Duration, work func(*transaction.Transaction)) {
	t := new(transaction.Transaction)
	t.Begin(ctx, transaction.AgentFrom(ctx), transaction.Request{Method: "GET", Secure: true, Route: route})
	if d > 0 {
		time.Sleep(d)
	}
	if work != nil {
		work(t)
	}
	t.End()
}

func key(route string) *transaction.Endpoint {
	return &transaction.Endpoint{Method: "GET", Route: route}
}

// calls returns the calls of each step, the oldest first.
func calls(h *rollup.History, now time.Time, e *transaction.Endpoint, window, step time.Duration) (list []uint64) {
	h.Timeline(now, e, window, step, func(_ time.Time, f *rollup.Figures) { list = append(list, f.Calls) })
	return list
}

// TestSeconds posts in the middle of seconds and finds each call in its own.
func TestSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, ctx := open(t)
		h := rollup.Open(config(t, l))
		defer h.Close()
		time.Sleep(500 * ms)
		for _, n := range []int{1, 3, 0, 2} {
			for range n {
				serve(ctx, "/x", 0, nil)
			}
			time.Sleep(time.Second)
		}
		if diff := cmp.Diff([]uint64{1, 3, 0, 2, 0}, calls(h, time.Now(), nil, time.Minute, time.Second)); diff != "" {
			t.Errorf("calls by second (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]uint64{1, 3, 0, 2, 0}, calls(h, time.Now(), nil, 4*time.Second, time.Second)); diff != "" {
			t.Errorf("calls of four seconds and the one that runs (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]uint64{4, 2, 0}, calls(h, time.Now(), nil, time.Minute, 2*time.Second)); diff != "" {
			t.Errorf("calls by two seconds (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]uint64{6}, calls(h, time.Now(), key("/x"), time.Minute, time.Second)); diff != "" {
			t.Errorf("calls of the endpoint by minute (-want +got):\n%s", diff)
		}
		if got := calls(h, time.Now(), key("/never"), time.Minute, time.Second); len(got) != 0 {
			t.Errorf("an endpoint that is not known: %v", got)
		}
	})
}

// TestAskedInBetween asks in the middle of seconds, which neither moves calls nor counts them twice.
func TestAskedInBetween(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, ctx := open(t)
		h := rollup.Open(config(t, l))
		defer h.Close()
		for range 100 {
			time.Sleep(150 * ms)
			serve(ctx, "/x", 0, nil)
			h.Look(time.Now())
		}
		var sum uint64
		for _, n := range calls(h, time.Now(), nil, time.Minute, time.Second)[1:15] {
			if n < 6 || n > 7 {
				t.Errorf("%d calls in a second, want 6 or 7", n)
			}
		}
		for _, n := range calls(h, time.Now(), nil, time.Minute, time.Second) {
			sum += n
		}
		if sum != 100 {
			t.Errorf("%d calls, want 100", sum)
		}
	})
}

// TestFigures compares all figures of a minute with those of the ledger.
func TestFigures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, ctx := open(t)
		h := rollup.Open(config(t, l))
		defer h.Close()
		remote := transaction.InternRemote(transaction.HTTP, "idp.example", 443)
		for i, status := range []int{200, 404, 500} {
			serve(ctx, "/x", time.Duration(i+1)*7*ms, func(tx *transaction.Transaction) {
				c := transaction.StartStatement(tx, sqltext.Open("sqlite", "test").Statement("SELECT 1"))
				time.Sleep(3 * ms)
				c.End(transaction.Result{})
				c = transaction.StartRemote(tx, remote, "GET")
				time.Sleep(600 * ms)
				c.End(transaction.Result{})
				tx.SetStatus(status)
				tx.SetUser(transaction.HashUser(fmt.Sprint(i % 2)))
			})
		}
		serve(ctx, "/x", 0, (*transaction.Transaction).Cancel)
		want := rollup.Figures{Users: 2, Peak: 3}
		l.Peek().Sums(func(s *ledger.Sum) { want.Totals, want.Durations = s.Totals, s.Durations })
		if want.Calls != 4 || want.Failures != 1 || want.ClientErrors != 1 || want.Canceled != 1 || want.Slow != 3 {
			t.Fatalf("the ledger has %+v", want.Totals)
		}
		time.Sleep(time.Minute)
		var got []rollup.Figures
		h.Timeline(time.Now(), nil, time.Minute, time.Minute, func(_ time.Time, f *rollup.Figures) { got = append(got, *f) })
		approx := cmpopts.EquateApprox(1e-9, 0)
		if diff := cmp.Diff([]rollup.Figures{want, {}}, got, approx); diff != "" {
			t.Errorf("minutes of the process (-want +got):\n%s", diff)
		}
		want.Users, want.Peak, got = 0, 0, nil
		h.Timeline(time.Now(), key("/x"), time.Minute, time.Minute, func(_ time.Time, f *rollup.Figures) { got = append(got, *f) })
		if diff := cmp.Diff([]rollup.Figures{want, {}}, got, approx); diff != "" {
			t.Errorf("minutes of the endpoint (-want +got):\n%s", diff)
		}
		// The maximum of a minute is that of this minute.
		serve(ctx, "/x", 20*ms, nil)
		for _, e := range []*transaction.Endpoint{nil, key("/x")} {
			var last time.Duration
			h.Timeline(time.Now(), e, time.Minute, time.Minute, func(_ time.Time, f *rollup.Figures) { last = f.Max })
			if last != 20*ms {
				t.Errorf("%v: maximum of the second minute %v, want 20ms", e, last)
			}
		}
	})
}

// TestMaxWithoutReader has no maximum of its own, since others have taken all places, and takes the histogram's.
func TestMaxWithoutReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, ctx := open(t)
		for range 4 {
			l.NewReader()
		}
		h := rollup.Open(config(t, l))
		defer h.Close()
		serve(ctx, "/x", 3*time.Second, nil)
		time.Sleep(time.Minute)
		serve(ctx, "/x", 20*ms, nil)
		var last time.Duration
		h.Timeline(time.Now(), key("/x"), time.Minute, time.Minute, func(_ time.Time, f *rollup.Figures) { last = f.Max })
		if last < 20*ms || last > 22*ms {
			t.Errorf("maximum of the second minute %v, want 20ms or a bucket more", last)
		}
	})
}

// TestLongest keeps the maximum of what no bucket holds.
func TestLongest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, ctx := open(t)
		h := rollup.Open(config(t, l))
		defer h.Close()
		for _, d := range []time.Duration{2 * time.Hour, 1500 * time.Second} {
			time.Sleep(500 * ms)
			serve(ctx, "/x", d, nil)
			now := time.Now()
			h.Look(now)
			hour := now.Truncate(time.Hour)
			if got := h.Sum(key("/x"), hour, hour.Add(time.Hour)).Max; got != d {
				t.Errorf("maximum of this hour %v, want %v", got, d)
			}
			time.Sleep(time.Hour)
		}
	})
}

// TestMidnight puts each call into the hour and the day of the host's clock.
func TestMidnight(t *testing.T) {
	for _, zone := range []*time.Location{seoul, time.UTC, time.FixedZone("IST", 5*3600+1800), time.FixedZone("west", -11*3600)} {
		synctest.Test(t, func(t *testing.T) {
			l, ctx := open(t)
			c := config(t, l)
			c.Location = zone
			h := rollup.Open(c)
			defer h.Close()
			start := time.Now().In(zone)
			y, m, d := start.Date()
			midnight := time.Date(y, m, d+1, 0, 0, 0, 0, zone)
			time.Sleep(time.Until(midnight) - 500*ms)
			serve(ctx, "/x", 0, func(tx *transaction.Transaction) { tx.SetUser(1) })
			time.Sleep(time.Second)
			for i := range 2 {
				serve(ctx, "/x", 0, func(tx *transaction.Transaction) { tx.SetUser(transaction.HashUser(fmt.Sprint(i))) })
			}
			time.Sleep(30 * time.Minute)
			for _, e := range []*transaction.Endpoint{nil, key("/x")} {
				h.Look(time.Now())
				before := h.Sum(e, midnight.AddDate(0, 0, -1), midnight)
				after := h.Sum(e, midnight, midnight.Add(time.Hour))
				if before.Calls != 1 || after.Calls != 2 {
					t.Errorf("%v, %v: %d calls before midnight and %d after, want 1 and 2", zone, e, before.Calls, after.Calls)
				}
			}
			if n := h.Sum(nil, midnight, midnight.Add(time.Hour)).Users; n != 2 {
				t.Errorf("%v: %d users in the hour after midnight, want 2", zone, n)
			}
			if a, b := h.DayUsers(midnight.AddDate(0, 0, -1)), h.DayUsers(midnight); a != 1 || b != 2 {
				t.Errorf("%v: %d users the day before and %d since midnight, want 1 and 2", zone, a, b)
			}
		})
	}
}

// TestClock sets the clock back and forth: the sums stay what they are, and each call is where the clock was.
func TestClock(t *testing.T) {
	l, ctx := open(t)
	// Without the monotonic reading, which knows better.
	now := time.Now().Round(0).Truncate(time.Hour).Add(30 * time.Minute)
	h := rollup.Begin(config(t, l), now)
	h.Tick(now)
	var n uint64
	step := func(d time.Duration, calls int) {
		now = now.Add(d)
		for range calls {
			serve(ctx, "/x", 0, nil)
			n++
		}
		h.Tick(now.Add(time.Second))
		now = now.Add(time.Second)
	}
	for range 90 {
		step(0, 1)
	}
	for _, jump := range []time.Duration{-30 * time.Second, -10 * time.Minute, 25 * time.Minute, -2 * time.Hour, 2 * time.Hour, -time.Second, 0} {
		for range 5 {
			step(0, 2)
		}
		step(jump, 3)
	}
	h.Look(now)
	for _, e := range []*transaction.Endpoint{nil, key("/x")} {
		if got := h.Sum(e, now.Add(-5*time.Hour), now.Add(5*time.Hour)).Calls; got != n {
			t.Errorf("%v: %d calls in all hours, want %d", e, got, n)
		}
		if got := h.Sum(e, now.Add(-24*time.Hour), now.Add(-5*time.Hour)).Calls; got != 0 {
			t.Errorf("%v: %d calls in hours that never were", e, got)
		}
	}
	if n := h.Sum(nil, now.Add(-24*time.Hour), now.Add(24*time.Hour)).Peak; n > 5 {
		t.Errorf("%d calls in the busiest second; there were 5 in one that came twice", n)
	}
}

// TestLateTick does not take what gathered while the process was held up for a peak.
func TestLateTick(t *testing.T) {
	l, ctx := open(t)
	now := time.Now().Truncate(time.Second)
	h := rollup.Begin(config(t, l), now)
	h.Tick(now)
	for range 100 {
		serve(ctx, "/x", 0, nil)
	}
	h.Tick(now.Add(10 * time.Second))
	f := h.Sum(nil, now.Add(-2*time.Hour), now.Add(time.Hour))
	if f.Calls != 100 || f.Peak != 10 {
		t.Errorf("%d calls, %d in the busiest second; want 100 and 10", f.Calls, f.Peak)
	}
}

// TestOpenedLate leaves out what was posted long before: nobody knows when.
func TestOpenedLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, ctx := open(t)
		serve(ctx, "/x", 0, nil)
		time.Sleep(time.Hour)
		h := rollup.Open(config(t, l))
		defer h.Close()
		opened := time.Now()
		serve(ctx, "/x", 5*ms, nil)
		if got := h.Sum(nil, opened.Add(-24*time.Hour), opened.Add(time.Hour)).Calls; got != 0 {
			t.Errorf("%d calls before the first look", got)
		}
		time.Sleep(2 * time.Second)
		if got := h.Sum(nil, opened.Add(-24*time.Hour), opened.Add(time.Hour)).Calls; got != 1 {
			t.Errorf("%d calls, want 1", got)
		}
		if got := accounts(h, 24*time.Hour); got["/x"].Totals.Calls != 1 || !got["/x"].since.Equal(opened) {
			t.Errorf("the last 24 hours are %+v, want one call since %v", got, opened)
		}
	})
}

type window struct {
	ledger.Account
	counts histogram.Counts
	since  time.Time
}

// accounts copies the accounts of a window by route.
func accounts(h *rollup.History, w time.Duration) map[string]window {
	all := map[string]window{}
	since, _ := h.Accounts(time.Now(), w, func(a *ledger.Account, c *histogram.Counts) {
		cp := *a
		cp.Statements = append([]ledger.Statement(nil), a.Statements...)
		cp.Remotes = append([]transaction.RemoteTotal(nil), a.Remotes...)
		cp.Segments = append([]transaction.SegmentTotal(nil), a.Segments...)
		cp.Errors = append([]transaction.ErrorTotal(nil), a.Errors...)
		all[a.Endpoint.Route] = window{cp, *c, time.Time{}}
	})
	for k, w := range all {
		w.since = since
		all[k] = w
	}
	return all
}

// TestBounds keeps what its name says and nothing beyond.
func TestBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, ctx := open(t)
		h := rollup.Begin(config(t, l), time.Now())
		for range 10 * 24 * 60 {
			serve(ctx, "/x", 0, nil)
			time.Sleep(time.Minute)
			h.Tick(time.Now())
		}
		now := time.Now()
		for _, c := range []struct {
			name         string
			e            *transaction.Endpoint
			window, step time.Duration
			points       int
			calls        uint64
		}{
			{"15 minutes by second", nil, 15 * time.Minute, time.Second, 901, 15},
			{"48 hours by minute", nil, 48 * time.Hour, time.Minute, 2881, 2880},
			{"48 hours by second", nil, 48 * time.Hour, time.Second, 2881, 2880},
			{"8 days by hour", nil, 8 * 24 * time.Hour, time.Hour, 193, 192 * 60},
			{"a year by minute", nil, 365 * 24 * time.Hour, time.Minute, 193, 192 * 60},
			{"hour of an endpoint", key("/x"), time.Hour, time.Minute, 61, 60},
			{"day of an endpoint", key("/x"), 24 * time.Hour, time.Minute, 25, 24 * 60},
			{"year of an endpoint", key("/x"), 365 * 24 * time.Hour, time.Hour, 50, 49 * 60},
		} {
			var sum uint64
			list := calls(h, now, c.e, c.window, c.step)
			for _, n := range list {
				sum += n
			}
			if len(list) != c.points || sum != c.calls {
				t.Errorf("%s: %d points with %d calls, want %d with %d", c.name, len(list), sum, c.points, c.calls)
			}
		}
		h.Finish(now)
	})
}

// BenchmarkTick is one second of the roller with 500 endpoints that are all in use, and one at the beginning of a minute.
func BenchmarkTick(b *testing.B) {
	for _, each := range []time.Duration{time.Second, time.Minute} {
		b.Run(each.String(), func(b *testing.B) {
			l, ctx := open(b)
			now := time.Now().Truncate(time.Minute)
			h := rollup.Begin(config(b, l), now)
			routes := make([]string, 500)
			for i := range routes {
				routes[i] = fmt.Sprintf("/route/%d", i)
			}
			post := func() {
				for i, r := range routes {
					serve(ctx, r, 0, func(tx *transaction.Transaction) {
						c := transaction.StartStatement(tx, sqltext.Open("sqlite", "test").Statement(fmt.Sprintf("SELECT a FROM t%d", i%50)))
						c.End(transaction.Result{})
					})
				}
			}
			b.ReportAllocs()
			var spent time.Duration
			for b.Loop() {
				b.StopTimer()
				post()
				if each == time.Second && now.Second() == 58 {
					now = now.Add(-50 * time.Second)
				}
				now = now.Add(each)
				b.StartTimer()
				start := time.Now()
				h.Tick(now)
				spent += time.Since(start)
			}
			b.ReportMetric(100*spent.Seconds()/float64(b.N)/each.Seconds(), "%core")
		})
	}
}
