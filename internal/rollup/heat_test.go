package rollup_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/daybook-apm/daybook/internal/rollup"
	"github.com/daybook-apm/daybook/internal/transaction"
)

func TestHeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, ctx := open(t)
		h := rollup.Open(config(t, l))
		defer h.Close()
		start := time.Now()
		if first, last := rollup.HeatBounds[0], rollup.HeatBounds[len(rollup.HeatBounds)-1]; first != time.Second>>10 || last != 8*time.Second {
			t.Errorf("rows from %v to %v, want 1/1024 s to 8 s", first, last)
		}
		row := func(d time.Duration) int {
			for i, bound := range rollup.HeatBounds {
				if d <= bound {
					return i
				}
			}
			return rollup.HeatRows - 1
		}
		time.Sleep(500 * ms)
		for _, d := range []time.Duration{0, 900 * time.Microsecond, 100 * ms, 110 * ms} {
			serve(ctx, "/x", d, nil)
		}
		serve(ctx, "/x", 100*ms, func(tx *transaction.Transaction) { tx.SetStatus(500) })
		serve(ctx, "/x", 100*ms, (*transaction.Transaction).Cancel)
		time.Sleep(5 * time.Second)
		serve(ctx, "/x", 9*time.Second, nil)
		serve(ctx, "/x", 0, func(tx *transaction.Transaction) { tx.SetStatus(500) })
		time.Sleep(time.Second)
		columns := h.Heat(time.Now())
		if len(columns) != 4 || !columns[0].Start.Equal(start) || !columns[3].Start.Equal(start.Add(15*time.Second)) {
			t.Fatalf("columns %+v", columns)
		}
		want := [4]rollup.HeatColumn{}
		want[0].OK[0] = 2
		want[0].OK[row(100*ms)] += 2
		want[0].OK[row(110*ms)]++
		want[0].Failed[row(100*ms)] = 1
		want[2].OK[rollup.HeatRows-1] = 1 // It ends 14.9 s after the start.
		want[2].Failed[0] = 1
		for i := range columns {
			if columns[i].OK != want[i].OK || columns[i].Failed != want[i].Failed {
				t.Errorf("column %d: %v and failed %v, want %v and %v", i, columns[i].OK, columns[i].Failed, want[i].OK, want[i].Failed)
			}
		}
		time.Sleep(time.Hour)
		columns = h.Heat(time.Now())
		if len(columns) != 121 {
			t.Errorf("%d columns, want 121", len(columns))
		}
		for _, c := range columns {
			if c.OK != want[1].OK || c.Failed != want[1].Failed {
				t.Errorf("an hour later there is still %+v", c)
			}
		}
		serve(ctx, "/x", 0, nil)
		time.Sleep(time.Second)
		var all uint32
		for _, c := range h.Heat(time.Now()) {
			all += c.OK[0]
		}
		if all != 1 {
			t.Errorf("%d transactions in columns that are used again, want 1", all)
		}
	})
}
