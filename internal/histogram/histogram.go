package histogram

import (
	"math"
	"time"
)

// Histogram counts durations. Make it with [New]; the zero value may only receive ([Histogram.Add],
// [Histogram.CopyTo]). It is not safe for concurrent use: the mutex of its owner guards it. A copy by assignment
// shares memory with the original, so use [Histogram.Clone] once something was recorded.
type Histogram struct {
	bounds   *Bounds
	sum      time.Duration
	zero     uint64
	explicit [maxBounds + 1]uint64
	// octaves are the exponential counts, in the order in which octaves were first hit; slot is where each one is,
	// counted from 1, or 0.
	octaves [][perOctave]uint64
	slot    [octaves]uint8
}

// New returns an empty histogram with the explicit boundaries b. It allocates nothing.
func New(b *Bounds) Histogram { return Histogram{bounds: b} }

// Record counts d. A negative duration counts as zero. It allocates when an octave is hit for the first time, at most
// thirty times in a histogram's life.
func (h *Histogram) Record(d time.Duration) {
	d = max(d, 0)
	i := expBucket(d)
	h.explicit[h.bounds.bucket(i, d)]++
	h.sum = addSum(h.sum, d)
	if i == 0 {
		h.zero++
		return
	}
	octave := (i - 1) / perOctave
	if h.slot[octave] == 0 {
		h.open(octave)
	}
	h.octaves[h.slot[octave]-1][(i-1)%perOctave]++
}

// open makes room for an octave. It grows by exactly one: a histogram soon has all the octaves that it will ever
// have, and append would then keep up to twice the memory for good.
func (h *Histogram) open(octave int) {
	n := len(h.octaves)
	if n < cap(h.octaves) { // What [Histogram.Clear] has left.
		h.octaves = h.octaves[:n+1]
		h.octaves[n] = [perOctave]uint64{}
	} else {
		grown := make([][perOctave]uint64, n+1)
		copy(grown, h.octaves)
		h.octaves = grown
	}
	h.slot[octave] = uint8(n + 1)
}

// addSum adds two sums. It stops at the largest duration (292 years: ten thousand connections that stay open reach
// that in eleven days), since a cumulative sum must never go down.
func addSum(a, b time.Duration) time.Duration {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// Bounds returns the explicit boundaries, nil for the zero value.
func (h *Histogram) Bounds() *Bounds { return h.bounds }

// Count returns the number of durations.
func (h *Histogram) Count() uint64 {
	var n uint64
	for _, c := range h.explicit {
		n += c
	}
	return n
}

// Sum returns the sum of the durations, exact to the nanosecond up to 292 years, where it stops.
func (h *Histogram) Sum() time.Duration { return h.sum }

// Explicit returns a copy of the explicit counts, one more than there are boundaries: bucket i counts the durations
// above boundary i-1 up to and including boundary i.
func (h *Histogram) Explicit() []uint64 {
	counts := make([]uint64, len(h.bounds.seconds)+1)
	copy(counts, h.explicit[:])
	return counts
}

// Exponential returns a copy of the exponential counts, from the first that is not zero to the last: counts[i] is the
// bucket offset+i, which covers (base^(offset+i), base^(offset+i+1)] seconds, with base = 2^(2^-scale).
// zeroCount counts the durations up to [ZeroThreshold]. Durations above 1024 s are in the last bucket.
func (h *Histogram) Exponential() (scale int32, zeroCount uint64, offset int32, counts []uint64) {
	first, last := h.span()
	if first == 0 {
		return Scale, h.zero, 0, nil
	}
	counts = make([]uint64, last-first+1)
	for octave, slot := range h.slot {
		if slot == 0 {
			continue
		}
		for k, c := range h.octaves[slot-1] {
			if c != 0 {
				counts[1+octave*perOctave+k-first] = c
			}
		}
	}
	return Scale, h.zero, int32(first + indexBase), counts
}

// span returns the first and the last exponential bucket above the zero bucket that are not empty, or 0, 0.
func (h *Histogram) span() (first, last int) {
	for octave, slot := range h.slot {
		if slot == 0 {
			continue
		}
		for k, c := range h.octaves[slot-1] {
			if c == 0 {
				continue
			}
			last = 1 + octave*perOctave + k
			if first == 0 {
				first = last
			}
		}
	}
	return first, last
}

// Add adds the counts and the sum of o, which has the same boundaries. A histogram without boundaries takes those of o.
func (h *Histogram) Add(o *Histogram) {
	if h.bounds == nil {
		h.bounds = o.bounds
	}
	for i, c := range o.explicit {
		h.explicit[i] += c
	}
	h.zero += o.zero
	h.sum = addSum(h.sum, o.sum)
	for octave, from := range o.slot {
		if from == 0 {
			continue
		}
		if h.slot[octave] == 0 {
			h.open(octave)
		}
		to := &h.octaves[h.slot[octave]-1]
		for i, c := range o.octaves[from-1] {
			to[i] += c
		}
	}
}

// Sub takes away the counts and the sum of o, an earlier state of the same account: what remains was recorded since.
// Should o hold more than h, what would be negative becomes zero.
func (h *Histogram) Sub(o *Histogram) {
	for i, c := range o.explicit {
		h.explicit[i] -= min(c, h.explicit[i])
	}
	h.zero -= min(o.zero, h.zero)
	h.sum -= min(o.sum, h.sum)
	for octave, from := range o.slot {
		if from == 0 || h.slot[octave] == 0 {
			continue
		}
		to := &h.octaves[h.slot[octave]-1]
		for i, c := range o.octaves[from-1] {
			to[i] -= min(c, to[i])
		}
	}
}

// Clear makes h the zero value again, which may only receive. It keeps the memory, so that sums that are made one after the
// other in one histogram allocate little.
func (h *Histogram) Clear() { *h = Histogram{octaves: h.octaves[:0]} }

// Clone returns a copy that shares nothing with h but the boundaries.
func (h *Histogram) Clone() Histogram {
	var c Histogram
	h.CopyTo(&c)
	return c
}

// CopyTo makes dst equal to h. The memory of dst is used again, so that repeated copies of one account allocate nothing
// once its octaves are known.
func (h *Histogram) CopyTo(dst *Histogram) {
	kept := dst.octaves[:0]
	if cap(kept) < len(h.octaves) {
		kept = make([][perOctave]uint64, 0, len(h.octaves)) // Exactly: see open.
	}
	*dst = *h
	dst.octaves = append(kept, h.octaves...)
}
