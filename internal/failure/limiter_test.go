package failure_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daybook-apm/daybook/internal/failure"
)

func TestLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l failure.Limiter
		f := failure.New("timeout", "no answer")
		if !l.Allow(&f) || l.Allow(&f) {
			t.Error("want the first one allowed, and no second one at once")
		}
		time.Sleep(time.Second - 1)
		if l.Allow(&f) {
			t.Error("allowed before a second has passed")
		}
		time.Sleep(time.Nanosecond)
		var allowed atomic.Int64
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if l.Allow(&f) {
					allowed.Add(1)
				}
			})
		}
		wg.Wait()
		if n := allowed.Load(); n != 1 {
			t.Errorf("%d were allowed a second later, want 1", n)
		}
	})
}

// A handful of kinds never keep each other from their stacks, whatever the seed of the hash.
func TestLimiterTellsKindsApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		denied := 0
		for round := range 2000 {
			var l failure.Limiter
			for i := range 5 {
				f := failure.Failure{Type: "timeout", Message: fmt.Sprint(round, i)}
				if !l.Allow(&f) {
					denied++
				}
				if l.Allow(&f) {
					t.Fatal("allowed twice")
				}
			}
		}
		// Five in the same set of four: once in 64^4.
		if denied > 1 {
			t.Errorf("%d of 10,000 were denied", denied)
		}
	})
}

// Hundreds of kinds at once are too many, and a second later there is room again.
func TestLimiterIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l failure.Limiter
		for range 3 {
			allowed := 0
			for i := range 10_000 {
				f := failure.Failure{Type: "timeout", Message: fmt.Sprint(i)}
				if l.Allow(&f) {
					allowed++
				}
			}
			if allowed < 200 || allowed > 256 {
				t.Errorf("%d kinds got a stack in one second, want as many as there are slots, 256", allowed)
			}
			time.Sleep(time.Second)
		}
	})
}
