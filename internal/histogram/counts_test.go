package histogram_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/internal/histogram"
)

// random returns counts of durations between a microsecond and an hour, and the longest of them.
func random(n int) (c histogram.Counts, longest time.Duration) {
	h := histogram.New(histogram.HTTP)
	for range n {
		d := time.Microsecond << rand.IntN(31)
		d += rand.N(d)
		h.Record(d)
		longest = max(longest, d)
	}
	c.AddHistogram(&h)
	return c, longest
}

func TestCompact(t *testing.T) {
	for _, n := range []int{0, 1, 10, 10_000} {
		want, _ := random(n)
		if want.Count() != uint64(n) {
			t.Errorf("Count() = %d, want %d", want.Count(), n)
		}
		var got histogram.Counts
		rest, err := got.AddCompact(append(want.AppendCompact(nil), "tail"...))
		if err != nil || string(rest) != "tail" {
			t.Errorf("%d durations: rest %q, %v", n, rest, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d durations (-want +got):\n%s", n, diff)
		}
	}
}

func TestCountsArithmetic(t *testing.T) {
	a, _ := random(100)
	b, _ := random(100)
	sum := a
	sum.Add(&b)
	if sum.Count() != 200 {
		t.Errorf("the sum has %d durations, want 200", sum.Count())
	}
	sum.Sub(&a)
	if diff := cmp.Diff(b, sum); diff != "" {
		t.Errorf("sum less a (-want +got):\n%s", diff)
	}
	none := histogram.Counts{}
	none.Sub(&a)
	if none != (histogram.Counts{}) {
		t.Errorf("nothing less a = %v", none)
	}
}

func TestCountsMax(t *testing.T) {
	if got := new(histogram.Counts).Max(); got != 0 {
		t.Errorf("Max() of nothing = %v", got)
	}
	for range 100 {
		c, longest := random(5)
		if got := c.Max(); longest < 1024*time.Second && (got < longest || got > longest*11/10+time.Microsecond) {
			t.Errorf("Max() = %v, the longest is %v", got, longest)
		}
	}
	if got := histogram.UpperBound(80); got != time.Second>>10 {
		t.Errorf("bucket 80 ends at %v, want 2^-10 s", got)
	}
}

// FuzzAddCompact reads what somebody else may have written: never a panic, and what is accepted reads back the same.
func FuzzAddCompact(f *testing.F) {
	c, _ := random(20)
	f.Add(c.AppendCompact(nil))
	f.Add([]byte{1, 0, 1})
	f.Add([]byte{255, 255, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		var c, again histogram.Counts
		if _, err := c.AddCompact(b); err != nil {
			return
		}
		if _, err := again.AddCompact(c.AppendCompact(nil)); err != nil || again != c {
			t.Errorf("%x: %v, and then %v, %v", b, c, again, err)
		}
	})
}
