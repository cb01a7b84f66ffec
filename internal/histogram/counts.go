package histogram

import (
	"encoding/binary"
	"errors"
	"math"
	"time"
)

// Buckets is the number of exponential buckets, the zero bucket among them.
const Buckets = expBuckets

// UpperBound returns the longest duration that the exponential bucket i holds. Bucket 0 is the zero bucket, eight more
// are an octave, and bucket 80 ends at 2^-10 s.
func UpperBound(i int) time.Duration { return expUpper[i] }

// Counts are exponential counts and nothing else, one a bucket: what remains of a histogram once it is only asked for
// quantiles. The zero value is empty. It is not safe for concurrent use.
type Counts [expBuckets]uint64

// AddHistogram adds the exponential counts of h.
func (c *Counts) AddHistogram(h *Histogram) {
	c[0] += h.zero
	for octave, slot := range h.slot {
		if slot == 0 {
			continue
		}
		to := c[1+octave*perOctave:]
		for i, n := range h.octaves[slot-1] {
			to[i] += n
		}
	}
}

// Add adds the counts of o.
func (c *Counts) Add(o *Counts) {
	for i, n := range o {
		c[i] += n
	}
}

// Sub takes away the counts of o, an earlier state of the same account. What would be negative becomes zero.
func (c *Counts) Sub(o *Counts) {
	for i, n := range o {
		c[i] -= min(n, c[i])
	}
}

// Count returns the number of durations.
func (c *Counts) Count() (n uint64) {
	for _, count := range c {
		n += count
	}
	return n
}

// Max returns the upper bound of the highest bucket that is not empty: no duration was longer, unless it was above
// 1024 s. Without a duration it is 0.
func (c *Counts) Max() time.Duration {
	for i := len(c) - 1; i >= 0; i-- {
		if c[i] > 0 {
			return expUpper[i]
		}
	}
	return 0
}

// Quantile is [Histogram.Quantile].
func (c *Counts) Quantile(q float64) time.Duration {
	n := c.Count()
	if n == 0 {
		return 0
	}
	rank := uint64(1)
	if q > 0 { // Not for NaN.
		rank = max(1, uint64(math.Ceil(min(q, 1)*float64(n))))
	}
	rank = min(rank, n) // The product is rounded for very large n.
	var below uint64
	for i, count := range c {
		if below+count < rank {
			below += count
			continue
		}
		// The durations of a bucket are taken as evenly spread, each in the middle of its share.
		lower, upper := expLower(i), expUpper[i]
		share := (float64(rank-below) - 0.5) / float64(count)
		return lower + time.Duration(share*float64(upper-lower))
	}
	return expUpper[expBuckets-1]
}

// AppendCompact appends the counts in a form that takes two or three bytes for each bucket that is not empty: their
// number, then the distance from the bucket before and the count of each, as unsigned varints.
func (c *Counts) AppendCompact(b []byte) []byte {
	used := uint64(0)
	for _, n := range c {
		if n > 0 {
			used++
		}
	}
	b = binary.AppendUvarint(b, used)
	last := -1
	for i, n := range c {
		if n > 0 {
			b = binary.AppendUvarint(b, uint64(i-last))
			b = binary.AppendUvarint(b, n)
			last = i
		}
	}
	return b
}

// errCompact says that bytes are not what AppendCompact writes.
var errCompact = errors.New("histogram: malformed counts")

// AddCompact adds counts that [Counts.AppendCompact] has written, and returns what follows them. Malformed ones
// are an error; some of them may have been added then.
func (c *Counts) AddCompact(b []byte) (rest []byte, err error) {
	used, n := binary.Uvarint(b)
	if n <= 0 || used > expBuckets {
		return nil, errCompact
	}
	b = b[n:]
	last := -1
	for range used {
		distance, n := binary.Uvarint(b)
		if n <= 0 || distance == 0 || distance > uint64(expBuckets-1-last) {
			return nil, errCompact
		}
		b = b[n:]
		count, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, errCompact
		}
		b = b[n:]
		last += int(distance)
		c[last] += count
	}
	return b, nil
}
