package recorder_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/internal/recorder"
)

// kept counts what was kept, by route and reason.
func kept(r *recorder.Recorder) map[string]int {
	n := map[string]int{}
	for _, t := range r.Traces() {
		n[t.Endpoint.Route+" "+string(t.Reason)]++
	}
	return n
}

func TestFirstOfAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		for range 3 {
			for range 10 {
				s.serve("/a")
				s.serve("/b")
			}
			time.Sleep(time.Minute)
		}
		s.serve("/b")
		want := map[string]int{"/a first": 3, "/b first": 4}
		if diff := cmp.Diff(want, kept(s.recorder)); diff != "" {
			t.Errorf("kept (-want +got):\n%s", diff)
		}
	})
}

// What was kept for another reason was there as well: the endpoint has been seen in this minute.
func TestFirstIsAnyThatWasKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		s.fail("/a")
		s.serve("/a")
		if diff := cmp.Diff(map[string]int{"/a failed": 1}, kept(s.recorder)); diff != "" {
			t.Errorf("kept (-want +got):\n%s", diff)
		}
	})
}

func TestFirstsHaveABudgetOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		const endpoints = 100
		at := map[string]int{}
		for second := range 120 {
			for i := range endpoints {
				s.serve(fmt.Sprint("/", i))
			}
			n := 0
			for _, k := range kept(s.recorder) {
				n += k
			}
			// Ten at first, and one a second.
			if n > 10+second {
				t.Fatalf("%d were kept after %d s", n, second)
			}
			time.Sleep(time.Second)
		}
		for route, n := range kept(s.recorder) {
			at[route] = n
		}
		// Nobody is first twice before all have been once.
		if len(at) != endpoints {
			t.Errorf("%d endpoints were kept in two minutes, want all %d", len(at), endpoints)
		}
	})
}

func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		const endpoints, rounds = 20, 50
		for range rounds {
			for i := range endpoints {
				s.fail(fmt.Sprint("/", i))
			}
		}
		burst := kept(s.recorder)
		n := 0
		for i := range endpoints {
			k := burst[fmt.Sprintf("/%d failed", i)]
			if k < 1 {
				t.Errorf("nothing of endpoint %d was kept in the burst", i)
			}
			n += k
		}
		if n > 60 || n < 50 {
			t.Errorf("%d were kept in a burst, want about 60 and no more", n)
		}
		if got, want := s.recorder.Suppressed(), uint64(endpoints*rounds-n); got != want {
			t.Errorf("%d suppressed, want %d", got, want)
		}
	})
}

// One endpoint that fails all the time gets what there is, if nobody else wants it, and leaves
// room for others at any time.
func TestFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		flood := func(d time.Duration) {
			for range d / (10 * time.Millisecond) {
				s.fail("/flood")
				time.Sleep(10 * time.Millisecond)
			}
		}
		flood(10 * time.Second)
		before := kept(s.recorder)["/flood failed"]
		flood(10 * time.Second)
		if n := kept(s.recorder)["/flood failed"] - before; n < 90 || n > 101 {
			t.Errorf("%d of the flood were kept in ten seconds, want 100", n)
		}
		for range 5 {
			for i := range 3 {
				s.fail(fmt.Sprint("/", i))
			}
		}
		for i := range 3 {
			if n := kept(s.recorder)[fmt.Sprintf("/%d failed", i)]; n != 5 {
				t.Errorf("%d of 5 failures of another endpoint were kept", n)
			}
		}
	})
}

func TestRingHoldsTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		for i := range 450 {
			s.fail(fmt.Sprint("/", i))
			time.Sleep(100 * time.Millisecond)
		}
		all := s.recorder.Traces()
		if len(all) != 400 || all[0].Endpoint.Route != "/449" || all[399].Endpoint.Route != "/50" {
			t.Errorf("%d traces from %s to %s, want 400 from /449 to /50",
				len(all), all[0].Endpoint.Route, all[len(all)-1].Endpoint.Route)
		}
	})
}
