package histogram_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/internal/histogram"
)

func TestBoundsAreThoseOfTheConventions(t *testing.T) {
	for _, test := range []struct {
		name   string
		bounds *histogram.Bounds
		want   []float64
	}{
		{"HTTP", histogram.HTTP, []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}},
		{"DB", histogram.DB, []float64{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.bounds.Seconds()); diff != "" {
				t.Errorf("boundaries (-want +got):\n%s", diff)
			}
			h := histogram.New(test.bounds)
			if got, want := len(h.Explicit()), len(test.want)+1; got != want {
				t.Errorf("%d counts, want %d", got, want)
			}
		})
	}
}

func TestExplicitBoundaries(t *testing.T) {
	bucket := func(b *histogram.Bounds, d time.Duration) int {
		h := histogram.New(b)
		h.Record(d)
		return slices.Index(h.Explicit(), 1)
	}
	for name, b := range map[string]*histogram.Bounds{"HTTP": histogram.HTTP, "DB": histogram.DB} {
		t.Run(name, func(t *testing.T) {
			ms := make([]int64, 0, len(b.Seconds())) // All boundaries are whole half-milliseconds at least.
			for _, s := range b.Seconds() {
				ms = append(ms, int64(s*1000+0.5))
			}
			for i, m := range ms {
				d := time.Duration(m) * time.Millisecond
				for _, want := range []struct {
					d      time.Duration
					bucket int
				}{{d - 1, i}, {d, i}, {d + 1, i + 1}} {
					if got := bucket(b, want.d); got != want.bucket {
						t.Errorf("%d ns is in bucket %d, want %d", want.d, got, want.bucket)
					}
				}
			}
			for d, want := range map[time.Duration]int{-1: 0, 0: 0, 1: 0, time.Hour: len(ms), 1<<63 - 1: len(ms)} {
				if got := bucket(b, d); got != want {
					t.Errorf("%d ns is in bucket %d, want %d", d, got, want)
				}
			}
			// Every exponential boundary, to see that the search begins low enough.
			for i := histogram.FirstIndex; i <= histogram.LastIndex; i++ {
				for d := histogram.Upper(i) - 1; d <= histogram.Upper(i)+1; d++ {
					want := 0
					for want < len(ms) && d > time.Duration(ms[want])*time.Millisecond {
						want++
					}
					if got := bucket(b, d); got != want {
						t.Errorf("%d ns is in bucket %d, want %d", d, got, want)
					}
				}
			}
		})
	}
}
