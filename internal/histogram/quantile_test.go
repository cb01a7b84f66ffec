package histogram_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/daybook-apm/daybook/internal/histogram"
)

func TestQuantileError(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	draw := map[string]func() time.Duration{
		"constant":    func() time.Duration { return 12_345_678 },
		"uniform":     func() time.Duration { return time.Duration(r.Int64N(1e9)) },
		"log-uniform": func() time.Duration { return time.Duration(math.Exp(r.Float64() * math.Log(1e12))) },
		"exponential": func() time.Duration { return time.Duration(r.ExpFloat64() * 20e6) },
		"two peaks":   func() time.Duration { return time.Duration(1+r.IntN(2)*999) * time.Millisecond },
		"tiny":        func() time.Duration { return time.Duration(r.Int64N(3000)) },
	}
	for name, next := range draw {
		t.Run(name, func(t *testing.T) {
			for _, n := range []int{1, 2, 3, 20, 10_000} {
				h := histogram.New(histogram.HTTP)
				all := make([]time.Duration, n)
				for i := range all {
					all[i] = next()
					h.Record(all[i])
				}
				slices.Sort(all)
				for _, q := range []float64{0, 0.001, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1} {
					want := all[max(0, int(math.Ceil(q*float64(n)))-1)]
					bound := 0.0906 * float64(want)
					if n == 1 {
						bound = 0.0454 * float64(want)
					}
					if want <= time.Microsecond {
						bound = 1000
					}
					if got := h.Quantile(q); math.Abs(float64(got-want)) > bound {
						t.Errorf("quantile %v of %d is %v, true is %v", q, n, got, want)
					}
				}
			}
		})
	}
}

func TestQuantileEdges(t *testing.T) {
	empty := histogram.New(histogram.HTTP)
	if got := empty.Quantile(0.5); got != 0 {
		t.Errorf("quantile of nothing is %v, want 0", got)
	}
	h := made(time.Millisecond, time.Second)
	low, high := h.Quantile(0), h.Quantile(1)
	for q, want := range map[float64]time.Duration{-1: low, math.Inf(-1): low, 2: high, math.Inf(1): high} {
		if got := h.Quantile(q); got != want {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if got := h.Quantile(math.NaN()); got != low {
		t.Errorf("quantile NaN is %v, want %v", got, low)
	}
	late := made(time.Hour)
	if got := late.Quantile(0.5); got > 1024*time.Second || got < 939*time.Second {
		t.Errorf("quantile above the range is %v, want the last bucket", got)
	}
}
