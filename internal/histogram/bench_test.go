package histogram_test

import (
	"testing"
	"time"

	"github.com/daybook-apm/daybook/internal/histogram"
)

// filled spans five octaves, as a usual account does.
func filled() (histogram.Histogram, [64]time.Duration) {
	h := histogram.New(histogram.HTTP)
	var ds [64]time.Duration
	for i := range ds {
		ds[i] = time.Millisecond + time.Duration(i)*time.Duration(i)*7*time.Microsecond
		h.Record(ds[i])
	}
	return h, ds
}

func BenchmarkRecord(b *testing.B) {
	h, ds := filled()
	i := 0
	for b.Loop() {
		h.Record(ds[i&63])
		i += 7
	}
}

func BenchmarkCopyTo(b *testing.B) {
	h, _ := filled()
	dst := h.Clone()
	for b.Loop() {
		h.CopyTo(&dst)
	}
}

func BenchmarkSub(b *testing.B) {
	h, _ := filled()
	dst := h.Clone()
	for b.Loop() {
		dst.Sub(&h)
	}
}

func BenchmarkExponential(b *testing.B) {
	h, _ := filled()
	b.ReportAllocs()
	for b.Loop() {
		h.Exponential()
	}
}

func BenchmarkQuantile(b *testing.B) {
	h, _ := filled()
	for b.Loop() {
		h.Quantile(0.95)
	}
}
