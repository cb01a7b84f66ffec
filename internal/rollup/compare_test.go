package rollup_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daybook-apm/daybook/internal/rollup"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// traffic is one endpoint's calls in a minute.
type traffic struct {
	calls int
	took  func() time.Duration
	fails float64
}

func (c traffic) run(ctx context.Context, random *rand.Rand) {
	start := time.Now()
	for range c.calls {
		serve(ctx, "/x", c.took(), func(tx *transaction.Transaction) {
			if random.Float64() < c.fails {
				tx.SetStatus(500)
			}
		})
	}
	time.Sleep(time.Minute - time.Since(start)%time.Minute)
}

// compare runs minutes of two kinds of traffic and compares them.
func compare(t *testing.T, before traffic, minutesBefore int, after traffic, minutesAfter int) (duration, failures rollup.Verdict) {
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 2))
		l, ctx := open(t)
		h := rollup.Begin(config(t, l), time.Now())
		start := time.Now()
		for range minutesBefore {
			before.run(ctx, random)
			h.Tick(time.Now())
		}
		deploy := time.Now()
		for range minutesAfter {
			after.run(ctx, random)
			h.Tick(time.Now())
		}
		changes, b, a := h.Compare(time.Now(), rollup.Window{From: start, To: deploy}, rollup.Window{From: deploy, To: time.Now()})
		h.Finish(time.Now())
		if !b.From.Equal(start) || !b.To.Equal(deploy) || !a.From.Equal(deploy) {
			t.Errorf("compared %v with %v, want the change at %v", b, a, deploy)
		}
		if len(changes) != 1 || changes[0].Before.Calls != uint64(before.calls*minutesBefore) || changes[0].After.Calls != uint64(after.calls*minutesAfter) {
			t.Fatalf("changes %+v", changes)
		}
		duration, failures = changes[0].Duration, changes[0].Failures
	})
	return duration, failures
}

func TestCompare(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))                  // The same in each run.
	around := func(d time.Duration) func() time.Duration { // 70 to 130 %.
		return func() time.Duration { return d*7/10 + time.Duration(random.Int64N(int64(d*6/10))) }
	}
	wild := func() time.Duration { // Now and then a hundred times as long.
		if random.IntN(50) == 0 {
			return time.Second
		}
		return 10 * ms
	}
	minute := 0
	restless := func() time.Duration { // Each minute has a mean of its own, between 10 and 50 ms.
		minute++
		return time.Duration(10+minute/100%5*10) * ms
	}
	calls := 0
	outlier := func() time.Duration {
		if calls++; calls == 100 {
			return 10 * time.Second
		}
		return 10 * ms
	}
	for _, c := range []struct {
		name         string
		before       traffic
		minutes      int
		after        traffic
		duration     rollup.Verdict
		failures     rollup.Verdict
		minutesAfter int
	}{
		{"the same", traffic{100, around(50 * ms), 0.1}, 10, traffic{100, around(50 * ms), 0.1}, rollup.Unchanged, rollup.Unchanged, 5},
		{"slower", traffic{100, around(50 * ms), 0}, 10, traffic{100, around(80 * ms), 0}, rollup.More, rollup.Unchanged, 5},
		{"faster", traffic{100, around(50 * ms), 0}, 10, traffic{100, around(30 * ms), 0}, rollup.Less, rollup.Unchanged, 5},
		{"fails", traffic{100, around(50 * ms), 0}, 10, traffic{100, around(50 * ms), 0.2}, rollup.Unchanged, rollup.More, 5},
		{"mended", traffic{100, around(50 * ms), 0.4}, 10, traffic{100, around(50 * ms), 0.01}, rollup.Unchanged, rollup.Less, 5},
		{"few calls before", traffic{4, around(50 * ms), 0}, 12, traffic{100, around(500 * ms), 1}, rollup.NotEnough, rollup.NotEnough, 5},
		{"few calls after", traffic{100, around(50 * ms), 0}, 10, traffic{9, around(500 * ms), 1}, rollup.NotEnough, rollup.NotEnough, 5},
		{"one minute before", traffic{100, around(50 * ms), 0}, 1, traffic{100, around(500 * ms), 1}, rollup.NotEnough, rollup.NotEnough, 5},
		{"wild", traffic{100, wild, 0}, 10, traffic{100, wild, 0}, rollup.Unchanged, rollup.Unchanged, 1},
		{"restless", traffic{100, restless, 0}, 10, traffic{100, around(50 * ms), 0}, rollup.Unchanged, rollup.Unchanged, 5},
		{"one outlier", traffic{100, func() time.Duration { return 10 * ms }, 0}, 10, traffic{100, outlier, 0}, rollup.Unchanged, rollup.Unchanged, 1},
		{"one failure", traffic{100, around(50 * ms), 0}, 20, traffic{100, around(50 * ms), 0.01}, rollup.Unchanged, rollup.Unchanged, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			duration, failures := compare(t, c.before, c.minutes, c.after, c.minutesAfter)
			if duration != c.duration || failures != c.failures {
				t.Errorf("duration %v, failures %v; want %v, %v", duration, failures, c.duration, c.failures)
			}
		})
	}
}

// TestFalseAlarms compares the same with the same, many times: hardly ever is there a change.
func TestFalseAlarms(t *testing.T) {
	const endpoints, minutes = 300, 12
	synctest.Test(t, func(t *testing.T) {
		l, ctx := open(t)
		h := rollup.Begin(config(t, l), time.Now())
		start := time.Now()
		routes := make([]string, endpoints)
		for i := range routes {
			routes[i] = "/" + time.Duration(i).String()
		}
		random := rand.New(rand.NewPCG(3, 4))
		for range minutes {
			begin := time.Now()
			for _, r := range routes {
				load := 1 + random.Float64() // A minute is as busy as it is.
				for range 15 {
					d := time.Duration(load * random.ExpFloat64() * float64(2*ms))
					serve(ctx, r, d, func(tx *transaction.Transaction) {
						if random.IntN(20) == 0 {
							tx.SetStatus(500)
						}
					})
				}
			}
			time.Sleep(time.Minute - time.Since(begin)%time.Minute)
			h.Tick(time.Now())
		}
		half := start.Add(minutes / 2 * time.Minute)
		changes, _, _ := h.Compare(time.Now(), rollup.Window{From: start, To: half}, rollup.Window{From: half, To: time.Now()})
		h.Finish(time.Now())
		alarms := 0
		for _, c := range changes {
			if c.Duration == rollup.NotEnough {
				t.Fatalf("%v has not enough calls: %d, %d", c.Endpoint, c.Before.Calls, c.After.Calls)
			}
			if c.Duration != rollup.Unchanged {
				alarms++
			}
			if c.Failures != rollup.Unchanged {
				alarms++
			}
		}
		if len(changes) != endpoints || alarms > 3 {
			t.Errorf("%d false alarms in %d comparisons, want 1 in 1000 or fewer", alarms, 2*len(changes))
		}
	})
}
