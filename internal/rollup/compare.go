package rollup

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/daybook-apm/daybook/internal/transaction"
)

const (
	// enoughCalls is how many calls each side of a comparison needs.
	enoughCalls = 50
	// enoughPieces is how many intervals the side before needs, to know how much it varies by itself.
	enoughPieces = 3
	// pieceCalls is how many calls an interval needs to be one of them.
	pieceCalls = 5
	// noticeable is the change of the mean, as a part of it, below which nobody cares.
	noticeable = 0.05
)

// Window is a time between two moments.
type Window struct{ From, To time.Time }

// Verdict says what a comparison found.
type Verdict uint8

// The verdicts. More means slower, or more failures.
const (
	NotEnough Verdict = iota // Too few calls, or too short a time, to tell a change from noise.
	Unchanged
	More
	Less
)

// Change compares an endpoint in two windows.
type Change struct {
	Endpoint      transaction.Endpoint
	Before, After Figures
	// Duration judges the mean duration, Failures the part of the calls that failed.
	Duration, Failures Verdict
}

// Compare compares all endpoints that were called in one of two windows, and returns the windows that the figures really
// cover: whole minutes where these are known (the last hour), else whole hours, so that a window that ends with
// a deploy holds nothing of what came after it. First come those that got worse, the more time they cost the sooner.
//
// The rule is meant to be silent in doubt. A side with fewer than 50 calls, or a window before with fewer than three intervals of
// five calls or more, is not enough. Else the change of the mean must exceed what the intervals before differ by
// themselves, and what the calls within both windows differ, each multiplied so that one of a thousand comparisons of
// the same with the same exceeds it (Student's t).
func (h *History) Compare(now time.Time, before, after Window) (list []Change, coveredBefore, coveredAfter Window) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.look(now, true)
	b, a := h.cover(now, before), h.cover(now, after)
	for key, e := range h.endpoints {
		pieces := b.pieces(e)
		change := Change{Endpoint: key, After: total(a.pieces(e)), Before: total(pieces)}
		if change.Before.Calls+change.After.Calls == 0 {
			continue
		}
		change.judge(pieces)
		list = append(list, change)
	}
	slices.SortFunc(list, func(a, b Change) int {
		return cmp.Or(
			-cmp.Compare(a.alarm(), b.alarm()),
			-cmp.Compare(a.After.Time, b.After.Time),
			cmp.Compare(a.Endpoint.Route, b.Endpoint.Route),
			cmp.Compare(a.Endpoint.Method, b.Endpoint.Method),
		)
	})
	return list, b.window(h.location), a.window(h.location)
}

// cover is a window as whole intervals: those that begin in [from, to).
type cover struct {
	hours    bool
	from, to int64
}

func (h *History) cover(now time.Time, w Window) cover {
	if !w.To.Before(now) {
		w.To = now
	}
	if reach := now.Add(-(endpointMinutes - 1) * time.Minute); !w.From.Before(reach) && w.From.Unix() >= h.since[1]/60*60 {
		c := cover{from: minute(w.From.Add(time.Minute - 1)), to: minute(w.To)}
		if w.To.Equal(now) {
			c.to = now.Unix() + 1 // With the one that runs.
		}
		return c
	}
	c := cover{hours: true, from: h.hour(w.From.Add(time.Hour - 1)), to: h.hour(w.To)}
	if w.To.Equal(now) {
		c.to = now.Unix() + 1
	}
	return c
}

func (c cover) window(l *time.Location) Window {
	return Window{time.Unix(c.from, 0).In(l), time.Unix(max(c.from, c.to), 0).In(l)}
}

// pieces returns the figures of each interval.
func (c cover) pieces(e *endpoint) []Figures {
	r := &e.minutes
	if c.hours {
		r = &e.hours
	}
	slots := r.between(c.from, c.to, nil)
	list := make([]Figures, len(slots))
	for i, s := range slots {
		_ = list[i].addPacked(s.packed)
	}
	return list
}

func total(pieces []Figures) (f Figures) {
	for i := range pieces {
		f.Add(&pieces[i])
	}
	return f
}

func (c *Change) judge(before []Figures) {
	if c.Before.Calls < enoughCalls || c.After.Calls < enoughCalls {
		return
	}
	before = slices.DeleteFunc(slices.Clone(before), func(f Figures) bool { return f.Calls < pieceCalls })
	if len(before) < enoughPieces {
		return
	}
	c.Duration = judge(before, &c.Before, &c.After, duration, noticeable)
	c.Failures = judge(before, &c.Before, &c.After, failures, 0)
}

// alarm orders changes by how much they matter.
func (c *Change) alarm() int {
	switch {
	case c.Failures == More:
		return 3
	case c.Duration == More:
		return 2
	case c.Failures == Less || c.Duration == Less:
		return 1
	default:
		return 0
	}
}

// quantity is the mean and the variance of something of a single call.
type quantity func(*Figures) (mean, variance float64)

func duration(f *Figures) (mean, variance float64) {
	n := float64(f.Calls)
	mean = f.Time.Seconds() / n
	return mean, max(0, f.SumSquares/n-mean*mean)
}

func failures(f *Figures) (mean, variance float64) {
	mean = float64(f.Failures) / float64(f.Calls)
	return mean, mean * (1 - mean)
}

// judge compares the means of two sides. The pieces are those of the side before.
func judge(pieces []Figures, before, after *Figures, of quantity, least float64) Verdict {
	meanBefore, varBefore := of(before)
	meanAfter, varAfter := of(after)
	change := meanAfter - meanBefore

	// By how much the intervals before differ from each other, and with it what one more of them would.
	k := float64(len(pieces))
	var squares float64
	for i := range pieces {
		m, _ := of(&pieces[i])
		squares += (m - meanBefore) * (m - meanBefore)
	}
	spread := math.Sqrt(squares / (k - 1) * (1 + 1/k))
	// By how much the means differ when calls are drawn by chance: intervals that happen to be alike must not hide that.
	chance := math.Sqrt(varBefore/float64(before.Calls) + varAfter/float64(after.Calls))

	limit := max(student(len(pieces)-1)*spread, 3.3*chance, least*meanBefore)
	switch {
	case math.Abs(change) <= limit:
		return Unchanged
	case change > 0:
		return More
	default:
		return Less
	}
}

// student returns the value that the distribution of Student exceeds, to either side, once in a thousand times.
func student(freedom int) float64 {
	table := [...]float64{2: 31.6, 3: 12.92, 4: 8.61, 5: 6.87, 6: 5.96, 7: 5.41, 8: 5.04, 9: 4.78, 10: 4.59}
	switch {
	case freedom < len(table):
		return table[freedom]
	case freedom < 15:
		return 4.44 // That of 11 degrees: a little more than is needed up to the next.
	case freedom < 30:
		return 4.07
	default:
		return 3.65
	}
}
