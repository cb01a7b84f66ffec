package histogram

import (
	"math/bits"
	"time"
)

// The exponential buckets are numbered from 0, the zero bucket; bucket i > 0 is the one that OTLP calls i + indexBase,
// which covers (base^index, base^(index+1)] seconds, with base = 2^(1/8). Eight of them make an octave. Octave 0 ends
// at 2^-19 s (1.9 µs), the last one at 2^10 s, above 1000 s.
// Source: https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
const (
	// Scale is the scale of the exponential buckets: 2^Scale of them a doubling.
	Scale = 3
	// ZeroThreshold is the longest duration, in seconds, that goes to the zero bucket.
	ZeroThreshold = 1e-6

	zeroLimit   = time.Microsecond
	perOctave   = 1 << Scale
	octaves     = 30
	expBuckets  = 1 + octaves*perOctave
	indexBase   = -20*perOctave - 1 // 2^-20 s is the last power of two below 1 µs.
	cellBits    = 4
	cellsPerLen = 1 << cellBits
	minLen      = 10 // bits.Len64 of the first duration above zeroLimit
	maxLen      = 40 // bits.Len64 of the last boundary
)

// lastOctave holds 2^9 · 2^(k/8) s for k = 1 … 8, rounded down to nanoseconds. A boundary of a lower octave is one of
// these shifted right: rounding down twice is rounding down once.
var lastOctave = [perOctave]time.Duration{
	558339959124, 608874042881, 663981851981, 724077343935, 789611942608, 861077929219, 939012140241, 1024000000000,
}

// expUpper is the last duration of each exponential bucket.
var expUpper = func() (upper [expBuckets]time.Duration) {
	upper[0] = zeroLimit
	for i := 1; i < expBuckets; i++ {
		octave, k := (i-1)/perOctave, (i-1)%perOctave
		upper[i] = lastOctave[k] >> (octaves - 1 - octave)
	}
	return upper
}()

// expCells gives the bucket of the first duration of each cell. A cell is the durations of one bit length with the
// same four bits after the leading one: narrower than a bucket, so that the bucket found is right or the one below it.
var expCells = func() (cells [(maxLen - minLen + 1) * cellsPerLen]uint8) {
	i := uint8(1)
	for c := range cells {
		first := time.Duration(cellsPerLen+c%cellsPerLen) << (c/cellsPerLen + minLen - 1 - cellBits)
		for i < expBuckets-1 && first > expUpper[i] {
			i++
		}
		cells[c] = i
	}
	return cells
}()

// expBucket returns the exponential bucket of d. What lies above the last one is counted there.
func expBucket(d time.Duration) int {
	if d <= zeroLimit {
		return 0
	}
	if d > expUpper[expBuckets-1] {
		return expBuckets - 1
	}
	n := bits.Len64(uint64(d))
	cell := uint64(d)>>(n-1-cellBits) - cellsPerLen
	i := int(expCells[(n-minLen)*cellsPerLen+int(cell)])
	if d > expUpper[i] {
		i++
	}
	return i
}

// expLower returns the longest duration below the exponential bucket i, 0 for the zero bucket. What the first bucket
// above that one would hold up to 1 µs is in the zero bucket.
func expLower(i int) time.Duration {
	if i == 0 {
		return 0
	}
	return expUpper[i-1]
}
