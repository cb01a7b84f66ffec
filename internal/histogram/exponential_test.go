package histogram_test

import (
	"context"
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/daybook-apm/daybook/internal/histogram"
)

// TestUpperExact compares each boundary with the eighth root itself: u is the last nanosecond of bucket i if
// u^8 ≤ (10^9)^8 · 2^(i+1) < (u+1)^8.
func TestUpperExact(t *testing.T) {
	pow8 := func(n int64) *big.Rat {
		return new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(n), big.NewInt(8), nil))
	}
	for i := histogram.FirstIndex; i <= histogram.LastIndex; i++ {
		limit := pow8(1e9)
		two := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(abs(i+1))))
		if i+1 < 0 {
			two.Inv(two)
		}
		limit.Mul(limit, two)
		u := int64(histogram.Upper(i))
		if pow8(u).Cmp(limit) > 0 || pow8(u+1).Cmp(limit) <= 0 {
			t.Errorf("bucket %d ends at %d ns, which is not its last nanosecond", i, u)
		}
	}
}

func abs(i int) int { return max(i, -i) }

// index returns the OTLP index that a histogram counts d under, and false for the zero bucket.
func index(t *testing.T, d time.Duration) (int32, bool) {
	t.Helper()
	h := histogram.New(histogram.HTTP)
	h.Record(d)
	scale, zero, offset, counts := h.Exponential()
	if scale != 3 || zero+uint64(len(counts)) != 1 {
		t.Fatalf("%d ns: scale %d, zero count %d, counts %v, want one count at scale 3", d, scale, zero, counts)
	}
	return offset, zero == 0
}

func TestExponentialBoundaries(t *testing.T) {
	for _, d := range []time.Duration{-time.Hour, -1, 0, 1, 999, 1000} {
		if i, ok := index(t, d); ok {
			t.Errorf("%d ns is in bucket %d, want the zero bucket", d, i)
		}
	}
	if i, ok := index(t, 1001); !ok || i != histogram.FirstIndex {
		t.Errorf("1001 ns is in bucket %d, %v, want %d", i, ok, histogram.FirstIndex)
	}
	for want := histogram.FirstIndex; want <= histogram.LastIndex; want++ {
		u := histogram.Upper(want)
		if got, _ := index(t, u); got != int32(want) {
			t.Errorf("%d ns is in bucket %d, want %d: boundaries belong to the lower bucket", u, got, want)
		}
		if got, _ := index(t, u+1); got != int32(min(want+1, histogram.LastIndex)) {
			t.Errorf("%d ns is in bucket %d, want %d", u+1, got, min(want+1, histogram.LastIndex))
		}
	}
	for _, d := range []time.Duration{1024*time.Second + 1, time.Hour, 1<<63 - 1} {
		if got, _ := index(t, d); got != histogram.LastIndex {
			t.Errorf("%v is in bucket %d, want the last, %d", d, got, histogram.LastIndex)
		}
	}
}

// TestExponentialLikeSDK records the same durations here and in the SDK's own exponential histogram.
func TestExponentialLikeSDK(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithView(sdkmetric.NewView(
		sdkmetric.Instrument{Name: "d"},
		sdkmetric.Stream{Aggregation: sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 1 << 14, MaxScale: 3}},
	)))
	instrument, err := provider.Meter("").Float64Histogram("d")
	if err != nil {
		t.Fatal(err)
	}
	h := histogram.New(histogram.HTTP)
	record := func(d time.Duration) {
		h.Record(d)
		instrument.Record(context.Background(), d.Seconds())
	}
	for i := histogram.FirstIndex; i <= histogram.LastIndex; i++ {
		u := histogram.Upper(i)
		record(u - 1)
		record(u)
		if i < histogram.LastIndex {
			record(u + 1)
		}
	}
	// Even over all octaves, so that each cell of the look-up is hit often.
	r := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		octave := time.Duration(1) << (10 + r.IntN(30))
		if d := octave + time.Duration(r.Int64N(int64(octave))); d <= histogram.Upper(histogram.LastIndex) {
			record(d)
		}
	}

	var rm metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &rm); err != nil {
		t.Fatal(err)
	}
	point := rm.ScopeMetrics[0].Metrics[0].Data.(metricdata.ExponentialHistogram[float64]).DataPoints[0]
	scale, _, offset, counts := h.Exponential()
	want := fmt.Sprint(point.Scale, point.PositiveBucket.Offset, point.PositiveBucket.Counts)
	got := fmt.Sprint(scale, offset, counts)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("not what the SDK counts (-SDK +got):\n%s", diff)
	}
	if got, want := h.Count(), point.Count; got != want {
		t.Errorf("count %d, the SDK has %d", got, want)
	}
}
