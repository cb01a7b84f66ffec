package recorder

import "slices"

// maxTraces is how many kept transactions stay in memory.
const maxTraces = 400

// ring holds the traces that were kept last.
type ring struct {
	traces []*Trace
	next   int // Where the next one goes once the ring is full: the oldest is there.
}

// put adds t, in place of the oldest. What is known of the same transaction already, because it was stuck, is replaced.
func (r *ring) put(t *Trace) {
	if t.WasStuck {
		for i, old := range r.traces {
			if old.SpanID == t.SpanID && old.Running {
				r.traces[i] = t
				return
			}
		}
	}
	if len(r.traces) < maxTraces {
		r.traces = append(r.traces, t)
		return
	}
	r.traces[r.next] = t
	r.next = (r.next + 1) % maxTraces
}

// all returns the traces, the latest first.
func (r *ring) all() []*Trace {
	all := append(slices.Clone(r.traces[r.next:]), r.traces[:r.next]...)
	slices.Reverse(all)
	return all
}
