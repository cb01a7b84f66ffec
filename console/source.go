package console

import (
	"sync"
	"time"

	"github.com/daybook-apm/daybook/apm"
)

// maxAge is how long a snapshot is shared, by however many people look.
const maxAge = time.Second

// maxDailyAge is how long a day is shared. It is the dearest to ask for, and changes least.
const maxDailyAge = 5 * time.Second

// source is where the pages read: the agent, asked once a second at most for each window.
type source struct {
	agent   *apm.Agent
	history *apm.History

	once  sync.Once
	start time.Time

	mu        sync.Mutex
	snapshots map[time.Duration]apm.Snapshot
	daily     apm.Daily
	dailyAt   time.Time
	cost      cost
}

// cost is what the console itself has taken.
type cost struct {
	Pages     uint64 // Made, for however many.
	Snapshots uint64
	Refused   uint64 // Requests that waited in vain.
	Bytes     uint64
	Time      time.Duration
}

// newSource makes the agent keep its history from now on.
func newSource(agent *apm.Agent) *source {
	return &source{agent: agent, history: agent.History(), snapshots: map[time.Duration]apm.Snapshot{}}
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
		s.cost.Snapshots++
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

// refuse counts a request that got no page.
func (s *source) refuse() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cost.Refused++
}

func (s *source) spent() cost {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cost
}

// since returns when the agent began to count.
func (s *source) since() time.Time {
	s.once.Do(func() { s.start = s.snapshot(0).Start })
	return s.start
}

// active returns what runs now, the longest first. The caller may change the list.
func (s *source) active() []apm.ActiveTransaction { return s.agent.Active() }

// stack returns the stack of an active transaction.
func (s *source) stack(id uint64) ([]byte, error) { return s.agent.Stack(id) }

// traces returns the kept transactions, the latest first. The caller may change the list.
func (s *source) traces() []apm.Trace { return s.agent.Traces() }

func (s *source) trace(id string) (apm.Trace, bool) { return s.agent.Trace(id) }

// today returns this day beside the one before, at most some seconds old. It is shared: nothing in it may be changed.
func (s *source) today() apm.Daily {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); s.daily.Day.IsZero() || now.Sub(s.dailyAt) >= maxDailyAge {
		s.daily, s.dailyAt = s.history.Daily(now), now
	}
	return s.daily
}

const (
	// sparkWindow and sparkStep are what the small course of each endpoint shows.
	sparkWindow = time.Hour
	sparkStep   = 2 * time.Minute
)

// sparks returns how often each endpoint was called in each step of the last hour, by its name.
func (s *source) sparks() map[string][]float64 {
	all := map[string][]float64{}
	for _, e := range s.history.EndpointCalls(sparkWindow, sparkStep) {
		series := make([]float64, len(e.Calls))
		for i, n := range e.Calls {
			series[i] = float64(n)
		}
		all[nameOf(e.Method, e.Route)] = series
	}
	return all
}
