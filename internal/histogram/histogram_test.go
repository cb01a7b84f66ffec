package histogram_test

import (
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/internal/histogram"
)

// state is all that a histogram tells.
type state struct {
	Count    uint64
	Sum      time.Duration
	Explicit []uint64
	Zero     uint64
	Offset   int32
	Counts   []uint64
}

func stateOf(h *histogram.Histogram) state {
	_, zero, offset, counts := h.Exponential()
	return state{h.Count(), h.Sum(), h.Explicit(), zero, offset, counts}
}

func record(h *histogram.Histogram, ds ...time.Duration) {
	for _, d := range ds {
		h.Record(d)
	}
}

func made(ds ...time.Duration) histogram.Histogram {
	h := histogram.New(histogram.DB)
	record(&h, ds...)
	return h
}

func TestRecord(t *testing.T) {
	h := made(time.Microsecond, 3*time.Millisecond, 3*time.Millisecond, 4*time.Millisecond, -time.Second, 7*time.Second)
	want := state{
		Count:    6,
		Sum:      7*time.Second + 10*time.Millisecond + time.Microsecond,
		Explicit: []uint64{2, 3, 0, 0, 0, 0, 0, 0, 1, 0},
		Zero:     2,
		Offset:   -68, // 2^(-68/8) s = 2.76 ms
		Counts:   make([]uint64, 91),
	}
	want.Counts[0], want.Counts[4], want.Counts[90] = 2, 1, 1 // (2.76, 3.01] ms, (3.91, 4.26] ms, (6.73, 7.34] s
	if diff := cmp.Diff(want, stateOf(&h)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEmpty(t *testing.T) {
	h := histogram.New(histogram.DB)
	if diff := cmp.Diff(state{Explicit: make([]uint64, 10)}, stateOf(&h)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSumStopsAtTheLargestDuration(t *testing.T) {
	h := made(math.MaxInt64-1, 1)
	if h.Sum() != math.MaxInt64 {
		t.Fatalf("sum %d, want the exact %d", h.Sum(), time.Duration(math.MaxInt64))
	}
	record(&h, time.Hour)
	h.Add(&h)
	if h.Sum() != math.MaxInt64 || h.Count() != 6 {
		t.Errorf("sum %d of %d, want %d of 6", h.Sum(), h.Count(), time.Duration(math.MaxInt64))
	}
}

func TestAddAndSub(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	random := func(n int) []time.Duration {
		ds := make([]time.Duration, n)
		for i := range ds {
			ds[i] = time.Duration(math.Exp(r.Float64() * math.Log(2e12)))
		}
		return ds
	}
	before, since := random(500), random(500)
	baseline, delta := made(before...), made(since...)
	all := made(append(before, since...)...)
	wantAll, wantBaseline, wantDelta := stateOf(&all), stateOf(&baseline), stateOf(&delta)

	var sum histogram.Histogram
	sum.Add(&baseline)
	sum.Add(&delta)
	if diff := cmp.Diff(wantAll, stateOf(&sum)); diff != "" {
		t.Errorf("Add (-want +got):\n%s", diff)
	}
	sum.Sub(&baseline)
	if diff := cmp.Diff(wantDelta, stateOf(&sum)); diff != "" {
		t.Errorf("Sub (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantBaseline, stateOf(&baseline)); diff != "" {
		t.Errorf("Add or Sub changed its argument (-want +got):\n%s", diff)
	}
	// More than there is, as after an account was replaced: nothing below zero.
	delta.Sub(&all)
	if diff := cmp.Diff(state{Explicit: make([]uint64, 10)}, stateOf(&delta)); diff != "" {
		t.Errorf("Sub of more than there is (-want +got):\n%s", diff)
	}
}

func TestCopiesAreIndependent(t *testing.T) {
	h := made(time.Millisecond, time.Second)
	want := stateOf(&h)
	clone := h.Clone()
	dst := made(time.Hour, time.Minute, time.Second, time.Millisecond)
	h.CopyTo(&dst)
	record(&h, time.Millisecond, time.Second, time.Hour)
	for name, c := range map[string]*histogram.Histogram{"Clone": &clone, "CopyTo": &dst} {
		if diff := cmp.Diff(want, stateOf(c)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		record(c, 2*time.Millisecond)
	}
	now := stateOf(&h)
	fresh := made(time.Millisecond, time.Second, time.Millisecond, time.Second, time.Hour)
	if diff := cmp.Diff(stateOf(&fresh), now); diff != "" {
		t.Errorf("a copy wrote into its original (-want +got):\n%s", diff)
	}
}

func TestAllocations(t *testing.T) {
	h := made(time.Millisecond, time.Second, time.Hour)
	dst := h.Clone()
	d := 2 * time.Microsecond
	for _, test := range []struct {
		name string
		want float64
		run  func()
	}{
		{"Record in a known octave", 0, func() { h.Record(time.Second) }},
		{"Record in an unknown octave", 1, func() { h.Record(d); d *= 2 }},
		{"CopyTo", 0, func() { h.CopyTo(&dst) }},
		{"Add", 0, func() { dst.Add(&h) }},
		{"Sub", 0, func() { dst.Sub(&h) }},
		{"Quantile", 0, func() { h.Quantile(0.95) }},
		{"Exponential", 1, func() { h.Exponential() }},
		{"Explicit", 1, func() { h.Explicit() }},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := testing.AllocsPerRun(5, test.run); got != test.want {
				t.Errorf("%v allocations, want %v", got, test.want)
			}
		})
	}
}

// TestSize pins the memory of a histogram whose durations span five octaves, since an agent keeps thousands.
func TestSize(t *testing.T) {
	size := unsafe.Sizeof(histogram.Histogram{})
	const n = 1000
	hs := make([]histogram.Histogram, n)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range hs {
		hs[i] = histogram.New(histogram.HTTP)
		for d := range 5 {
			hs[i].Record(time.Millisecond << d)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	grown := (after.HeapAlloc - before.HeapAlloc) / n
	t.Logf("%d bytes in place, %d for five octaves", size, grown)
	if total := uint64(size) + grown; total > 700 {
		t.Errorf("%d bytes, want at most 700", total)
	}
	runtime.KeepAlive(hs)
}
