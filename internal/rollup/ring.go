package rollup

import (
	"cmp"
	"slices"
)

// How many intervals are kept. Each ring has one more than its name says: the one that runs.
const (
	seconds         = 15*60 + 1
	minutes         = 48*60 + 1
	hours           = 8*24 + 1
	endpointMinutes = 60 + 1
	endpointHours   = 49 + 1
)

// ring keeps the figures of the last intervals of one length. An interval is found by its start: one that comes again,
// because the clock was set back, goes on where it was.
type ring struct {
	step  int64 // Seconds.
	slots []slot
}

// slot is one interval.
type slot struct {
	start  int64  // Seconds since the epoch.
	packed string // Empty: nothing happened.
}

func newRing(step int64, n int) ring { return ring{step, make([]slot, n)} }

func (r *ring) at(start int64) *slot {
	n := int64(len(r.slots))
	return &r.slots[(start/r.step%n+n)%n]
}

// add adds figures to the interval that begins at start.
func (r *ring) add(start int64, f *Figures) {
	s := r.at(start)
	if s.start != start || s.packed == "" {
		*s = slot{start, f.pack()}
		return
	}
	sum := *f
	// What pack has written is never malformed.
	_ = sum.addPacked(s.packed)
	s.packed = sum.pack()
}

// between returns the intervals that begin in [from, to) and in which something happened, in the order of time. The list
// is valid until the next call with the same one.
func (r *ring) between(from, to int64, list []slot) []slot {
	list = list[:0]
	for _, s := range r.slots {
		if s.packed != "" && s.start >= from && s.start < to {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b slot) int { return cmp.Compare(a.start, b.start) })
	return list
}

// sum adds up the intervals that begin in [from, to).
func (r *ring) sum(from, to int64) (f Figures) {
	for _, s := range r.slots {
		if s.packed != "" && s.start >= from && s.start < to {
			_ = f.addPacked(s.packed)
		}
	}
	return f
}

// reach is how many seconds the ring reaches back at most.
func (r *ring) reach() int64 { return int64(len(r.slots)-1) * r.step }

// idle reports whether nothing happened since the time from.
func (r *ring) idle(from int64) bool {
	return !slices.ContainsFunc(r.slots, func(s slot) bool { return s.packed != "" && s.start >= from })
}
