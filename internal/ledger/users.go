package ledger

import (
	"sync"
	"time"

	"github.com/axiomhq/hyperloglog"
)

const (
	userMinutes = 5 // The window of the estimate.
	userStripes = 4
)

// users estimates how many distinct users there were in the last five minutes: a sketch a minute. It is
// striped, since every request of a service that names its users comes here.
type users struct {
	stripes [userStripes]userStripe
}

type userStripe struct {
	mu      sync.Mutex
	minutes [userMinutes]userMinute
	_       [64]byte
}

type userMinute struct {
	minute int64 // Since the epoch.
	sketch *hyperloglog.Sketch
}

func (u *users) add(hash uint64, number uint32, at time.Time) {
	minute := at.Unix() / 60
	s := &u.stripes[number%userStripes]
	s.mu.Lock()
	defer s.mu.Unlock()
	m := &s.minutes[minute%userMinutes]
	switch {
	case minute < m.minute:
		return // Later than five minutes: the slot belongs to somebody else.
	case m.sketch == nil:
		m.sketch = hyperloglog.New()
	case minute > m.minute:
		m.sketch.Reset()
	}
	m.minute = minute
	m.sketch.InsertHash(hash)
}

// MergeUsers adds the users of one minute, counted from the epoch, to a sketch of [hyperloglog.New], and reports whether
// there were any. The last five minutes are known.
func (l *Ledger) MergeUsers(minute int64, into *hyperloglog.Sketch) (any bool) {
	for i := range l.users.stripes {
		s := &l.users.stripes[i]
		s.mu.Lock()
		if m := s.minutes[minute%userMinutes]; m.sketch != nil && m.minute == minute {
			_ = into.Merge(m.sketch) // Sketches of one precision always merge.
			any = true
		}
		s.mu.Unlock()
	}
	return any
}

// Users returns the estimated number of distinct users of the five minutes before now.
func (l *Ledger) Users(now time.Time) uint64 {
	oldest := now.Unix()/60 - userMinutes + 1
	all := hyperloglog.New()
	for i := range l.users.stripes {
		s := &l.users.stripes[i]
		s.mu.Lock()
		for _, m := range s.minutes {
			if m.sketch != nil && m.minute >= oldest {
				// Sketches of one precision always merge.
				_ = all.Merge(m.sketch)
			}
		}
		s.mu.Unlock()
	}
	return all.Estimate()
}
