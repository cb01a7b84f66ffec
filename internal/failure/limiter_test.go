package failure_test

import (
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
