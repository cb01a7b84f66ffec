package rollup_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daybook-apm/daybook/internal/ledger"
	"github.com/daybook-apm/daybook/internal/rollup"
	"github.com/daybook-apm/daybook/internal/transaction"
)

func TestPoints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, ctx := open(t)
		h := rollup.Open(config(t, l))
		defer h.Close()
		start := time.Now()
		all := func() []ledger.Point { return h.Points(start, time.Now().Add(1), 0, math.MaxInt64) }
		serve(ctx, "/unseen", 0, nil)
		time.Sleep(1500 * ms)
		if got := all(); len(got) != 0 {
			t.Errorf("%v before anybody watches", got)
		}
		h.Watch()
		var ends []time.Time
		for i := range 10 {
			serve(ctx, "/x", time.Duration(i*100)*ms, nil)
			ends = append(ends, time.Now())
		}
		got := h.Points(ends[2], ends[8], 200*ms, 600*ms)
		if len(got) != 5 || got[0].Duration != 200*ms || got[4].Duration != 600*ms || got[0].Endpoint.Route != "/x" {
			t.Errorf("the box holds %+v, want those of 200 ms to 600 ms", got)
		}

		serve(ctx, "/failed", 0, func(tx *transaction.Transaction) { tx.SetStatus(500) })
		for range 30 {
			for range 1000 {
				serve(ctx, "/x", 0, nil)
			}
			time.Sleep(time.Second)
		}
		got = all()
		slow, failed := 0, 0
		for i, p := range got {
			if i > 0 && p.End < got[i-1].End {
				t.Fatal("the points are not in the order of their end")
			}
			if p.Slow {
				slow++
			}
			if p.Failed {
				failed++
			}
		}
		if len(got) != 20_005 || slow != 4 || failed != 1 {
			t.Errorf("%d points, %d slow and %d failed; want 20,000 and the 5 that hurt before", len(got), slow, failed)
		}
		for range 40 {
			for range 1000 {
				serve(ctx, "/x", 0, func(tx *transaction.Transaction) { tx.SetStatus(500) })
			}
			time.Sleep(time.Second)
		}
		if n := len(all()); n != 25_000 {
			t.Errorf("%d points, want 25,000 at most", n)
		}
	})
}
