package apm

import (
	"cmp"
	"slices"
	"time"

	"github.com/daybook-apm/daybook/internal/transaction"
)

// Daily is one day beside the day before. Days and hours are those of the host's time zone.
type Daily struct {
	// Day is the midnight that it begins with.
	Day time.Time
	// Since is when the history begins: hours before it are not known, and empty here.
	Since time.Time

	Total, DayBefore DayFigures
	// SameHours compares those hours of the day that are over with the same hours of the day before.
	SameHours SameHours
	// Hours are all hours of the day, those to come as well: 24, but for the days on which the clock is changed.
	Hours []DailyHour
	// Endpoints are sorted by total time, the largest first. Hours of endpoints are known for 49 hours: of the day before yesterday there are none.
	Endpoints []DailyEndpoint
}

// DayFigures are the figures of a day. Duration, Users and the rest are those of the whole day.
type DayFigures struct {
	Figures
	// MeanRate is the number of calls a second, on average over the time of the day that has passed and is known.
	MeanRate float64
	// PeakHour is the beginning of the hour with the most calls; zero if there was none.
	PeakHour time.Time
}

// DailyHour is one hour of a day, and the same hour of the day before.
type DailyHour struct {
	Start            time.Time
	Total, DayBefore Figures
}

// DailyEndpoint is one endpoint on a day.
type DailyEndpoint struct {
	Method, Route string
	Total         Figures
	SameHours     SameHours
}

// SameHours are the figures of some hours of a day and of the same hours of the day before.
type SameHours struct{ Day, DayBefore Figures }

// Daily returns the day that the given time is in. Known are the last eight days, since the history began.
func (h *History) Daily(day time.Time) Daily {
	y, m, date := day.Local().Date()
	midnight := func(days int) time.Time { return time.Date(y, m, date+days, 0, 0, 0, 0, time.Local) }
	d := Daily{Day: midnight(0)}
	if h.rollup == nil {
		return d
	}
	now := time.Now()
	h.rollup.Look(now)
	d.Since = h.rollup.Since()
	d.Total = h.day(midnight(0), midnight(1), now)
	d.DayBefore = h.day(midnight(-1), midnight(0), now)
	over := midnight(1)
	for start := midnight(0); start.Before(midnight(1)); start = start.Add(time.Hour) {
		if end := start.Add(time.Hour); now.Before(end) && start.Before(over) {
			over = start
		}
		before := start.AddDate(0, 0, -1)
		d.Hours = append(d.Hours, DailyHour{
			Start:     start,
			Total:     h.sum(nil, start, start.Add(time.Hour)),
			DayBefore: h.sum(nil, before, before.Add(time.Hour)),
		})
	}
	same := func(e *transaction.Endpoint) SameHours {
		return SameHours{
			Day:       h.sum(e, midnight(0), over),
			DayBefore: h.sum(e, midnight(-1), over.AddDate(0, 0, -1)),
		}
	}
	d.SameHours = same(nil)
	for _, key := range h.rollup.Endpoints() {
		e := DailyEndpoint{key.Method, key.Route, h.sum(&key, midnight(0), midnight(1)), same(&key)}
		if e.Total.Calls+e.SameHours.DayBefore.Calls > 0 {
			d.Endpoints = append(d.Endpoints, e)
		}
	}
	slices.SortStableFunc(d.Endpoints, func(a, b DailyEndpoint) int {
		return -cmp.Compare(a.Total.Duration.Total, b.Total.Duration.Total)
	})
	return d
}

func (h *History) sum(e *transaction.Endpoint, from, to time.Time) Figures {
	f := h.rollup.Sum(e, from, to)
	return newFigures(&f)
}

func (h *History) day(from, to, now time.Time) DayFigures {
	d := DayFigures{Figures: h.sum(nil, from, to)}
	d.Users = h.rollup.DayUsers(from)
	most := uint64(0)
	for start := from; start.Before(to); start = start.Add(time.Hour) {
		if f := h.rollup.Sum(nil, start, start.Add(time.Hour)); f.Calls > most {
			most, d.PeakHour = f.Calls, start
		}
	}
	if since := h.rollup.Since(); since.After(from) {
		from = since
	}
	if now.Before(to) {
		to = now
	}
	if passed := to.Sub(from); passed > 0 {
		d.MeanRate = float64(d.Calls) / passed.Seconds()
	}
	return d
}
