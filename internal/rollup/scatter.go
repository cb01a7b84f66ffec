package rollup

import (
	"cmp"
	"slices"
	"time"

	"github.com/daybook-apm/daybook/internal/ledger"
)

const (
	maxPoints = 20_000
	// maxHurt is how many slow and failed ones are kept beyond these.
	maxHurt = 5_000
)

// scatter is the last transactions, one by one. Of older ones those are kept longer that were slow or failed: they
// are the ones that somebody points at.
type scatter struct {
	last, hurt pointRing
}

type pointRing struct {
	points []ledger.Point
	next   int
}

// put adds a point to a ring of at most size and returns the one that made way for it, if full.
func (r *pointRing) put(p *ledger.Point, size int) (old ledger.Point, full bool) {
	if len(r.points) < size {
		r.points = append(r.points, *p)
		return old, false
	}
	old = r.points[r.next]
	r.points[r.next] = *p
	r.next = (r.next + 1) % size
	return old, true
}

func (s *scatter) take(l *ledger.Ledger) {
	l.TakePoints(func(p *ledger.Point) {
		if old, full := s.last.put(p, maxPoints); full && (old.Slow || old.Failed) {
			s.hurt.put(&old, maxHurt)
		}
	})
}

// Watch begins to keep points for [History.Points]. Without it none are kept, and posts do not pay for them.
func (h *History) Watch() { h.ledger.WatchPoints() }

// Points returns the transactions that ended in [from, to) and took from shortest to longest, in the order of their end. Known are the
// last 20,000, of at most 8,192 a second, and of those before them the last 5,000 that failed or were slow.
func (h *History) Points(from, to time.Time, shortest, longest time.Duration) []ledger.Point {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.scatter.take(h.ledger)
	var list []ledger.Point
	for _, r := range []*pointRing{&h.scatter.last, &h.scatter.hurt} {
		for i := range r.points {
			p := &r.points[i]
			if p.End >= from.UnixNano() && p.End < to.UnixNano() && p.Duration >= shortest && p.Duration <= longest {
				list = append(list, *p)
			}
		}
	}
	slices.SortFunc(list, func(a, b ledger.Point) int { return cmp.Compare(a.End, b.End) })
	return list
}
