package rollup

import (
	"cmp"
	"slices"
	"time"

	"github.com/daybook-apm/daybook/internal/ledger"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// endpoint is one endpoint over time.
type endpoint struct {
	number  int    // Counts endpoints in the order in which they came.
	calls   uint64 // What the ledger said when it was looked at last, and packed all that it said.
	packed  string
	longest time.Duration // Since then.
	minutes ring
	hours   ring
}

func (h *History) endpoint(key transaction.Endpoint) *endpoint {
	e := h.endpoints[key]
	if e == nil {
		e = &endpoint{
			number:  h.numbered,
			minutes: newRing(60, endpointMinutes),
			hours:   newRing(3600, endpointHours),
		}
		h.endpoints[key] = e
		h.numbered++
	}
	return e
}

// look takes the difference since the last look, which was in the given minute and hour.
func (e *endpoint) look(s *ledger.Sum, minute, hour int64) {
	var before Figures
	// What pack has written is never malformed.
	_ = before.addPacked(e.packed)
	now := Figures{Totals: s.Totals, Durations: s.Durations}
	news := now
	news.sub(&before, e.longest)
	e.calls, e.packed, e.longest = now.Calls, now.pack(), 0
	e.minutes.add(minute, &news)
	e.hours.add(hour, &news)
}

// prune drops endpoints of earlier processes once nothing is left of them.
func (h *History) prune(now time.Time) {
	oldest := now.Unix() - endpointHours*3600
	for key, e := range h.endpoints {
		if e.calls == 0 && e.hours.idle(oldest) {
			delete(h.endpoints, key)
		}
	}
}

// Endpoints returns the endpoints of which anything is known, by route and method.
func (h *History) Endpoints() []transaction.Endpoint {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]transaction.Endpoint, 0, len(h.endpoints))
	for key := range h.endpoints {
		list = append(list, key)
	}
	slices.SortFunc(list, func(a, b transaction.Endpoint) int {
		return cmp.Or(cmp.Compare(a.Route, b.Route), cmp.Compare(a.Method, b.Method))
	})
	return list
}
