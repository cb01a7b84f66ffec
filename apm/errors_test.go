package apm_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/apm/apmtest"
)

// errorCounts returns Count and Total of each kind of errors.
func errorCounts(list []apm.ErrorStats) map[string][2]uint64 {
	all := map[string][2]uint64{}
	for _, e := range list {
		all[e.Message] = [2]uint64{e.Count, e.Total}
	}
	return all
}

// TestErrorsWindow counts errors in the window, of the whole process and of an endpoint, and those before it.
func TestErrorsWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, r := apmtest.New(t)
		fail := func(message string, times int) {
			for range times {
				work(ctx, "job", 0, errors.New(message))
			}
		}
		fail("before the history", 2)
		time.Sleep(10 * time.Minute)
		r.History() // Late: what was before has no time.
		fail("old", 5)
		fail("again", 1)
		time.Sleep(10 * time.Minute)
		fail("again", 2)
		fail("new", 1)
		for _, c := range []struct {
			window time.Duration
			want   map[string][2]uint64
		}{
			{5 * time.Minute, map[string][2]uint64{"again": {2, 3}, "new": {1, 1}}},
			{time.Hour, map[string][2]uint64{"old": {5, 5}, "again": {3, 3}, "new": {1, 1}}},
			{0, map[string][2]uint64{"before the history": {2, 2}, "old": {5, 5}, "again": {3, 3}, "new": {1, 1}}},
		} {
			s := r.Agent.Snapshot(c.window)
			if diff := cmp.Diff(c.want, errorCounts(s.Errors)); diff != "" {
				t.Errorf("in %v, count and total (-want +got):\n%s", c.window, diff)
			}
			if diff := cmp.Diff(c.want, errorCounts(s.Endpoints[0].Errors)); diff != "" {
				t.Errorf("in %v, of the endpoint (-want +got):\n%s", c.window, diff)
			}
			for _, e := range s.Errors {
				if at := e.Endpoints[0]; len(e.Endpoints) != 1 || at.Count != e.Count || at.Total != e.Total {
					t.Errorf("in %v, endpoints of %s: %+v", c.window, e.Message, e.Endpoints)
				}
			}
		}
	})
}

// TestErrorsMadeRoom leaves errors before the window out of it, also when they make room for others and are counted elsewhere from then on.
func TestErrorsMadeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, r := apmtest.New(t)
		r.History()
		for i := range 200 { // As many kinds as are told apart.
			for range 5 {
				work(ctx, fmt.Sprint("job ", i), 0, errors.New("old"))
			}
		}
		time.Sleep(10 * time.Minute)
		for i := range 3 {
			work(ctx, fmt.Sprint("job ", i), 0, errors.New("new"))
		}
		want := map[string][2]uint64{"new": {3, 3}}
		if diff := cmp.Diff(want, errorCounts(r.Agent.Snapshot(5*time.Minute).Errors)); diff != "" {
			t.Errorf("count and total (-want +got):\n%s", diff)
		}
		for i := range 300 { // More than there is room for, and all in this minute.
			work(ctx, fmt.Sprint("late job ", i), 0, errors.New("late"))
		}
		sum := uint64(0)
		for _, e := range r.Agent.Snapshot(5 * time.Minute).Errors {
			sum += e.Count
		}
		if sum != 303 {
			t.Errorf("%d errors in the window, want 303", sum)
		}
	})
}
