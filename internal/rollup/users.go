package rollup

import (
	"time"

	"github.com/axiomhq/hyperloglog"
)

const (
	days = 8 + 1
	// lateUsers is for how many minutes the ledger knows the users of a minute.
	lateUsers = 5
)

// users counts distinct users by minute, hour and day. Of those that run it keeps sketches, of the others numbers.
type users struct {
	next      int64 // The minute, since the epoch, from which on users are to be counted.
	hour, day sketch
	days      [days]dayUsers
}

type sketch struct {
	start int64
	seen  *hyperloglog.Sketch // nil: nobody.
}

type dayUsers struct {
	start int64
	users uint64
}

// merge adds the users of a minute to the interval that begins at start, and returns how many it has by now.
func (s *sketch) merge(start int64, minute *hyperloglog.Sketch) uint64 {
	if s.seen == nil || s.start != start {
		*s = sketch{start, hyperloglog.New()}
	}
	_ = s.seen.Merge(minute) // Sketches of one precision always merge.
	return s.seen.Estimate()
}

// countUsers counts the users up to now. A minute may be counted again, since the same user counts once.
func (h *History) countUsers(now time.Time) {
	u := &h.users
	last := now.Unix() / 60
	for n := max(min(u.next, last), last-lateUsers+1); n <= last; n++ {
		seen := hyperloglog.New()
		if !h.ledger.MergeUsers(n, seen) {
			continue
		}
		at := time.Unix(n*60, 0)
		h.minutes.add(n*60, &Figures{Users: seen.Estimate()})
		hour := h.hour(at)
		h.hours.add(hour, &Figures{Users: u.hour.merge(hour, seen)})
		day := h.day(at)
		*u.dayAt(day) = dayUsers{day.Unix(), u.day.merge(day.Unix(), seen)}
	}
	// The last one is not over, and what was posted at its very end comes late.
	u.next = last - 1
}

// dayAt returns the place of a day. It goes by the date: the time between two midnights may be 23 or 25 hours.
func (u *users) dayAt(day time.Time) *dayUsers {
	y, m, d := day.Date()
	n := time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400
	return &u.days[n%days]
}

// DayUsers returns the number of distinct users of a day of the last eight, by its beginning.
func (h *History) DayUsers(day time.Time) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	day = day.In(h.location)
	if d := h.users.dayAt(day); d.start == day.Unix() {
		return d.users
	}
	return 0
}
