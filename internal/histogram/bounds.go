package histogram

import (
	"math"
	"time"
)

// HTTP and DB are the explicit boundaries that the conventions advise for http.*.request.duration and for
// db.client.operation.duration.
// Source: https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
// and https://opentelemetry.io/docs/specs/semconv/db/database-metrics/
var (
	HTTP = newBounds(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
	DB   = newBounds(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10)
)

// maxBounds is the length of the longest list, HTTP.
const maxBounds = 14

// Bounds are the boundaries of the explicit buckets. They never change after they were made.
type Bounds struct {
	seconds []float64
	// upper are the boundaries in nanoseconds, each the last duration of its bucket. A last one that no duration
	// exceeds ends every search.
	upper [maxBounds + 1]time.Duration
	// first is, for each exponential bucket, the explicit bucket in which it begins.
	first [expBuckets]uint8
}

func newBounds(seconds ...float64) *Bounds {
	b := &Bounds{seconds: seconds}
	for i, s := range seconds {
		b.upper[i] = time.Duration(math.Round(s * float64(time.Second)))
	}
	b.upper[len(seconds)] = math.MaxInt64
	for i := range b.first {
		for b.upper[b.first[i]] <= expLower(i) {
			b.first[i]++
		}
	}
	return b
}

// Seconds returns the boundaries in seconds, ascending. The slice is shared: it must not be changed.
func (b *Bounds) Seconds() []float64 { return b.seconds }

// bucket returns the explicit bucket of d, which lies in the exponential bucket exp.
func (b *Bounds) bucket(exp int, d time.Duration) int {
	i := int(b.first[exp])
	for d > b.upper[i] {
		i++
	}
	return i
}
