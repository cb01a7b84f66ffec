//go:build !race

// The race detector has memory of its own, and takes a minute for this.

package rollup_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daybook-apm/daybook/internal/rollup"
	"github.com/daybook-apm/daybook/internal/sqltext"
	"github.com/daybook-apm/daybook/internal/transaction"
)

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestMemory fills all that a history keeps of 200 endpoints, each with six statements, a remote and a segment, and of 201 groups of errors, and
// weighs what it adds to the ledger.
func TestMemory(t *testing.T) {
	const endpoints, limit = 200, 10 << 20
	synctest.Test(t, func(t *testing.T) {
		l, ctx := open(t)
		statements := make([]*sqltext.Statement, 60)
		for i := range statements {
			statements[i] = sqltext.Open("sqlite", "test").Statement(fmt.Sprintf("SELECT a FROM t%d", i))
		}
		routes := make([]string, endpoints)
		for i := range routes {
			routes[i] = fmt.Sprintf("/route/%d", i)
		}
		// call takes a millisecond to a second, so that there are some 40 buckets.
		call := func(i int) {
			d := ms << rand.IntN(5)
			serve(ctx, routes[i], d+rand.N(d), func(tx *transaction.Transaction) {
				c := transaction.StartStatement(tx, statements[(i+rand.IntN(6))%len(statements)])
				c.End(transaction.Result{})
				c = transaction.StartRemote(tx, transaction.InternRemote(transaction.HTTP, "idp.example", 443), "GET")
				c.End(transaction.Result{})
				s := transaction.StartSegment(tx, "render")
				s.End()
				tx.SetUser(rand.Uint64())
			})
		}
		// minute makes n calls to each endpoint, and ends when it is over.
		minute := func(n int) {
			start := time.Now()
			var wg sync.WaitGroup
			for i := range routes {
				wg.Go(func() {
					for range n {
						call(i)
					}
				})
			}
			wg.Wait()
			time.Sleep(time.Minute - time.Since(start))
		}
		minute(20) // The ledger has all that it will ever have.
		before := heap()

		c := config(t, l)
		c.Groups = func(visit func(number, count uint64)) {
			for i := range 201 { // As many as the recorder has.
				visit(uint64(i), rand.Uint64())
			}
		}
		h := rollup.Begin(c, time.Now())
		h.Watch()
		for range 47 * 4 { // Hours, a quarter of an hour each: their buckets fill as well.
			minute(4)
			h.Tick(time.Now())
			time.Sleep(14 * time.Minute)
			h.Tick(time.Now())
		}
		for range 61 {
			minute(10)
			h.Tick(time.Now())
		}
		for range 900 {
			call(rand.IntN(endpoints))
			call(rand.IntN(endpoints))
			time.Sleep(time.Second)
			h.Tick(time.Now())
		}
		added := heap() - before
		t.Logf("%.1f MiB for %d endpoints", float64(added)/(1<<20), endpoints)
		if points := len(h.Points(time.Time{}.AddDate(1969, 0, 0), time.Now(), 0, time.Hour)); points < 20_000 {
			t.Errorf("only %d points", points)
		}
		if added > limit {
			t.Errorf("a history adds %d bytes, want at most %d", added, limit)
		}
		h.Finish(time.Now())
		runtime.KeepAlive(l)
	})
}
