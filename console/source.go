package console

import (
	"sync"
	"time"

	"github.com/daybook-apm/daybook/apm"
)

// maxAge is how long a snapshot is shared, by however many people look.
const maxAge = time.Second

// source is where the pages read: the agent, asked once a second at most.
type source struct {
	agent *apm.Agent

	mu        sync.Mutex
	snapshots map[time.Duration]apm.Snapshot
	cost      cost
}

// cost is what the console itself has taken.
type cost struct {
	Pages uint64
	Bytes uint64
	Time  time.Duration
}

func newSource(agent *apm.Agent) *source {
	return &source{agent: agent, snapshots: map[time.Duration]apm.Snapshot{}}
}

// snapshot returns the figures of a window, at most one second old. It is shared: nothing in it may be changed.
func (s *source) snapshot(window time.Duration) apm.Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for w, old := range s.snapshots {
		if now.Sub(old.End) >= maxAge {
			delete(s.snapshots, w)
		}
	}
	shared, ok := s.snapshots[window]
	if !ok {
		shared = s.agent.Snapshot(window)
		s.snapshots[window] = shared
	}
	return shared
}

// spend adds one page to the console's own cost.
func (s *source) spend(d time.Duration, bytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cost.Pages++
	s.cost.Bytes += uint64(bytes)
	s.cost.Time += d
}

func (s *source) spent() cost {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cost
}

// active returns what runs now.
func (s *source) active() []apm.ActiveTransaction { return s.agent.Active() }

// since returns when the agent began to count.
func (s *source) since() time.Time { return s.snapshot(0).Start }

// stack returns the stack of an active transaction.
func (s *source) stack(id uint64) ([]byte, error) { return s.agent.Stack(id) }

// traces returns the kept transactions, the latest first. The caller may change the list.
func (s *source) traces() []apm.Trace { return s.agent.Traces() }

func (s *source) trace(id string) (apm.Trace, bool) { return s.agent.Trace(id) }

// heatStep is the width of a column of the heatmap.
const heatStep = 5 * time.Second

// heatColumn counts the transactions of one step by duration, shortest first: those that did not fail and those that did.
type heatColumn struct {
	start      time.Time
	ok, failed []uint32
}

func (s *source) heat() (columns []heatColumn, bounds []time.Duration) { return nil, nil }

func (s *source) timeline(e *endpointID, window, step time.Duration) []moment { return nil }

func (s *source) points(from, to time.Time, shortest, longest time.Duration) []point { return nil }

func (s *source) days(now time.Time) (today, yesterday day) { return day{start: now}, day{} }

// endpointID names an endpoint.
type endpointID struct{ method, route string }
