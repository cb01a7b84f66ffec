package ledger_test

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/daybook-apm/daybook/internal/ledger"
)

// An account that processors fight for is split, as often as there are processors and no more, and loses nothing by it.
func TestStripes(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(8))
	d := ledger.NewDurations()
	if n := d.Stripes(); n != 1 {
		t.Fatalf("an account begins with %d stripes, want 1", n)
	}
	const each, goroutines = 50_000, 16
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			for range each {
				d.Record(time.Millisecond)
			}
		})
	}
	all.Wait()
	if got := d.Count(); got != each*goroutines {
		t.Errorf("%d durations were recorded, want %d", got, each*goroutines)
	}
	if n := d.Stripes(); n > 8 || n == 1 && runtime.NumCPU() > 1 {
		t.Errorf("%d stripes after a fight of %d goroutines on 8 processors, want 2 to 8", n, goroutines)
	}
}

// BenchmarkStripes is one addition to an account that all processors add to: to one cell, the cache line that
// they pass around, and to stripes.
func BenchmarkStripes(b *testing.B) {
	for name, record := range map[string]func(*ledger.Durations, time.Duration){
		"whole":   (*ledger.Durations).RecordWhole,
		"striped": (*ledger.Durations).Record,
	} {
		b.Run(name, func(b *testing.B) {
			d := ledger.NewDurations()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					record(d, time.Millisecond)
				}
			})
			b.ReportMetric(float64(d.Stripes()), "stripes")
		})
	}
}
