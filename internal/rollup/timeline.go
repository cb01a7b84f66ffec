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
	t := timeline{rings: []*ring{&h.seconds, &h.minutes, &h.hours}, since: h.since[:]}
	if e != nil {
		known := h.endpoints[*e]
		if known == nil {
			return step
		}
		t = h.timelineOf(known)
	}
	t.cut(now.In(h.location), window, step)
	slots := t.slots(now, nil)
	for start := t.start; start <= now.Unix(); start += t.width {
		var f Figures
		for len(slots) > 0 && slots[0].start < start+t.width {
			_ = f.addPacked(slots[0].packed) // What pack has written is never malformed.
			slots = slots[1:]
		}
		visit(time.Unix(start, 0).In(h.location), &f)
	}
	return time.Duration(t.width) * time.Second
}

// Calls calls visit with how often each endpoint was called in the steps of a [History.Timeline], in no order of the endpoints: with the
// beginning of the first step and the step itself. All of them cost one look at the accounts. visit must not keep the
// list, nor ask the history for anything.
func (h *History) Calls(now time.Time, window, step time.Duration, visit func(e transaction.Endpoint, start time.Time, step time.Duration, calls []uint64)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.look(now, true)
	var slots []slot
	var calls []uint64
	for key, e := range h.endpoints {
		t := h.timelineOf(e)
		t.cut(now.In(h.location), window, step)
		slots = t.slots(now, slots)
		steps := (now.Unix()-t.start)/t.width + 1
		calls = append(calls[:0], make([]uint64, max(0, steps))...) // None when the clock was set back.
		for _, s := range slots {
			calls[(s.start-t.start)/t.width] += s.calls()
		}
		visit(key, time.Unix(t.start, 0).In(h.location), time.Duration(t.width)*time.Second, calls)
	}
}

// timeline is how a window is cut into steps.
type timeline struct {
	rings []*ring // From the finest to the coarsest.
	since []int64 // When each of them begins.

	ring         *ring // The one that is taken.
	start, width int64 // Of the first step; seconds.
}

func (h *History) timelineOf(e *endpoint) timeline {
	return timeline{rings: []*ring{&e.minutes, &e.hours}, since: h.since[1:]}
}

// cut takes the finest intervals that are not finer than the step and reach as far as the window, and lays the steps.
func (t *timeline) cut(now time.Time, window, step time.Duration) {
	i := 0
	for ; i < len(t.rings)-1; i++ {
		next := time.Duration(t.rings[i+1].step) * time.Second
		if step < next && window <= time.Duration(t.rings[i].reach())*time.Second {
			break
		}
	}
	t.ring = t.rings[i]
	t.width = max(1, (int64(step/time.Second)+t.ring.step-1)/t.ring.step) * t.ring.step
	_, zone := now.Zone()
	from := now.Add(-min(window, time.Duration(t.ring.reach())*time.Second))
	t.start = (max(from.Unix(), t.since[i])+int64(zone))/t.width*t.width - int64(zone)
}

// slots returns the intervals of all steps, as [ring.between] does.
func (t *timeline) slots(now time.Time, list []slot) []slot {
	return t.ring.between(t.start, now.Unix()+1, list)
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
