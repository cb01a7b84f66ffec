package rollup_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/internal/rollup"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// course is the calls of an endpoint over time.
type course struct {
	Start time.Time
	Step  time.Duration
	Calls []uint64
}

// TestCalls compares what is told of all endpoints with what is told of each, at several resolutions.
func TestCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, ctx := open(t)
		h := rollup.Begin(config(t, l), time.Now())
		for i := range 130 {
			serve(ctx, "/often", 0, nil)
			if i%7 == 0 {
				serve(ctx, "/seldom", 0, nil)
			}
			time.Sleep(47 * time.Second)
			h.Tick(time.Now())
		}
		serve(ctx, "/new", 0, nil)
		for _, c := range []struct{ window, step time.Duration }{
			{time.Hour, 2 * time.Minute}, {time.Hour, time.Minute}, {10 * time.Minute, time.Second}, {24 * time.Hour, time.Hour}, {time.Hour, 2 * time.Hour},
		} {
			got := map[transaction.Endpoint]course{}
			h.Calls(time.Now(), c.window, c.step, func(e transaction.Endpoint, start time.Time, step time.Duration, calls []uint64) {
				got[e] = course{start, step, slices.Clone(calls)}
			})
			want := map[transaction.Endpoint]course{}
			for _, route := range []string{"/often", "/seldom", "/new"} {
				var w course
				w.Step = h.Timeline(time.Now(), key(route), c.window, c.step, func(at time.Time, f *rollup.Figures) {
					if w.Calls = append(w.Calls, f.Calls); len(w.Calls) == 1 {
						w.Start = at
					}
				})
				want[*key(route)] = w
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%v by %v (-want +got):\n%s", c.window, c.step, diff)
			}
		}
		h.Calls(time.Now().Add(-24*time.Hour), time.Hour, time.Minute, func(e transaction.Endpoint, _ time.Time, _ time.Duration, got []uint64) {
			if len(got) > 0 {
				t.Errorf("%s: the clock was set back, and there are %v", e.Route, got)
			}
		})
	})
}

// BenchmarkCalls asks for the last hour of 500 endpoints, all at once and one by one.
func BenchmarkCalls(b *testing.B) {
	const endpoints = 500
	l, ctx := open(b)
	start := time.Now()
	h := rollup.Begin(config(b, l), start)
	defer h.Finish(start.Add(2 * time.Hour))
	for i := range endpoints {
		serve(ctx, fmt.Sprint("/", i), 0, nil)
	}
	for minute := range 60 {
		for i := range endpoints {
			serve(ctx, fmt.Sprint("/", i), 0, nil)
		}
		h.Tick(start.Add(time.Duration(minute) * time.Minute))
	}
	now := start.Add(time.Hour)
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			h.Calls(now, time.Hour, 2*time.Minute, func(transaction.Endpoint, time.Time, time.Duration, []uint64) {})
		}
	})
	b.Run("each", func(b *testing.B) {
		for b.Loop() {
			for i := range endpoints {
				h.Timeline(now, key(fmt.Sprint("/", i)), time.Hour, 2*time.Minute, func(time.Time, *rollup.Figures) {})
			}
		}
	})
}
