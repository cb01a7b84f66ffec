package rollup

import (
	"time"

	"github.com/daybook-apm/daybook/internal/transaction"
)

// Timeline calls visit with the figures of each step of the window before now, the oldest first and the one that runs last, also with
// those in which nothing happened. e is an endpoint, nil the whole process. It returns the step, which is rounded up to
// what is kept: seconds for the last 15 minutes of the whole process, minutes for the last 48 hours (of an endpoint: for the
// last hour), hours for the last 8 days (49 hours). Steps begin at full multiples by the clock on the wall. What was before the
// history began is left out. visit must not keep the figures, nor ask the history for anything.
func (h *History) Timeline(now time.Time, e *transaction.Endpoint, window, step time.Duration, visit func(time.Time, *Figures)) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.look(now, true)
	r, since := h.ring(e, window, step)
	if r == nil {
		return step
	}
	width := max(1, (int64(step/time.Second)+r.step-1)/r.step) * r.step
	_, zone := now.In(h.location).Zone()
	floor := func(t int64) int64 { return (t+int64(zone))/width*width - int64(zone) }
	from := now.Add(-min(window, time.Duration(r.reach())*time.Second))
	start := floor(max(from.Unix(), since))

	slots := r.between(start, now.Unix()+1, nil)
	for ; start <= now.Unix(); start += width {
		var f Figures
		for len(slots) > 0 && slots[0].start < start+width {
			_ = f.addPacked(slots[0].packed) // What pack has written is never malformed.
			slots = slots[1:]
		}
		visit(time.Unix(start, 0).In(h.location), &f)
	}
	return time.Duration(width) * time.Second
}

// ring returns the finest intervals that are not finer than the step and reach as far as the window, and since when they are
// known; nil for an endpoint of which nothing is.
func (h *History) ring(key *transaction.Endpoint, window, step time.Duration) (*ring, int64) {
	rings := []*ring{&h.seconds, &h.minutes, &h.hours}
	since := h.since[:]
	if key != nil {
		e := h.endpoints[*key]
		if e == nil {
			return nil, 0
		}
		rings, since = []*ring{&e.minutes, &e.hours}, since[1:]
	}
	for i, r := range rings[:len(rings)-1] {
		next := time.Duration(rings[i+1].step) * time.Second
		if step < next && window <= time.Duration(r.reach())*time.Second {
			return r, since[i]
		}
	}
	last := len(rings) - 1
	return rings[last], since[last]
}

// Sum returns the figures of the hours that begin in [from, to), of an endpoint or, if e is nil, of the whole process.
func (h *History) Sum(e *transaction.Endpoint, from, to time.Time) Figures {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := &h.hours
	if e != nil {
		known := h.endpoints[*e]
		if known == nil {
			return Figures{}
		}
		r = &known.hours
	}
	return r.sum(from.Unix(), to.Unix())
}

// Since returns when the hours begin that are known.
func (h *History) Since() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Unix(h.since[2], 0).In(h.location)
}

// Look takes what has happened since the last look. [History.Timeline] and [History.Accounts] do it by themselves.
func (h *History) Look(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.look(now, true)
	h.countUsers(now)
}
