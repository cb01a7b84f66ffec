package console

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/daybook-apm/daybook/apm"
)

func dailyPage(c *console, q query) (*content, error) {
	now := time.Now()
	d := c.source.today()
	tiles := []tile{
		{Key: "calls", Value: formatCount(float64(d.Total.Calls))},
		{Key: "mean_rate", Value: formatNumber(d.Total.MeanRate), Unit: "/s"},
		{Key: "peak_rate", Value: formatCount(float64(d.Total.Peak)), Unit: "/s"},
		durationTile("mean", d.Total.Duration.Mean, d.Total.Calls),
		{Key: "failure_share", Value: formatShare(ratio(float64(d.Total.Failures), float64(d.Total.Calls))), Unit: "%"},
		{Key: "day_users", Value: formatCount(float64(d.Total.Users))},
	}
	if !d.Total.PeakHour.IsZero() {
		tiles = slices.Insert(tiles, 3, tile{Key: "peak_hour", Value: d.Total.PeakHour.Format("15:04")})
	}
	hours := section{Key: "hours", Hours: newHourChart(d.Hours), Table: hourTable(q, d, now)}
	if same := d.SameHours; same.DayBefore.Calls > 0 {
		hours.Notes = []string{q.lang.text("note.same_hours", formatCount(float64(same.Day.Calls)), formatCount(float64(same.DayBefore.Calls)),
			formatMillis(same.Day.Duration.Mean), formatMillis(same.DayBefore.Duration.Mean))}
	}
	return &content{
		subject:  d.Day.Format(time.DateOnly),
		sections: []section{{Key: "day", Tiles: tiles}, hours, topEndpoints(q, d, now)},
		name:     "daily", data: newDailyData(d),
	}, nil
}

// hourChart is a day as bars. There is none without any call on both days.
type hourChart struct {
	Bars []hourBar
	Top  string // What the highest bar is.
}

// hourBar is one hour in the chart of a day: places and heights of its bars, in a width of 240 and a height of 100.
type hourBar struct {
	X                                                  string
	TodayY, TodayH, BeforeY, BeforeH, FailedY, FailedH string
	Label                                              string
}

func newHourChart(hours []apm.DailyHour) *hourChart {
	highest := uint64(0)
	for _, h := range hours {
		highest = max(highest, h.Total.Calls, h.DayBefore.Calls)
	}
	if highest == 0 {
		return nil
	}
	chart := &hourChart{Top: formatCount(float64(highest))}
	height := func(n uint64) float64 { return 100 * float64(n) / float64(highest) }
	for i, h := range hours {
		today, before, failed := height(h.Total.Calls), height(h.DayBefore.Calls), height(h.Total.Failures)
		chart.Bars = append(chart.Bars, hourBar{
			X:      decimal(240 * float64(i) / float64(len(hours))),
			TodayY: decimal(100 - today), TodayH: decimal(today), BeforeY: decimal(100 - before), BeforeH: decimal(before),
			FailedY: decimal(100 - failed), FailedH: decimal(failed),
			Label: fmt.Sprintf("%s %s / %s", h.Start.Format("15:04"), formatCount(float64(h.Total.Calls)), formatCount(float64(h.DayBefore.Calls))),
		})
	}
	return chart
}

func hourTable(q query, d apm.Daily, now time.Time) *table {
	unknown := func(h apm.DailyHour) bool { return h.Start.After(now) || !h.Start.Add(time.Hour).After(d.Since) }
	list := slices.DeleteFunc(slices.Clone(d.Hours), func(h apm.DailyHour) bool { return unknown(h) && h.DayBefore.Calls == 0 })
	count := func(key string, n func(apm.DailyHour) uint64) column[apm.DailyHour] {
		return column[apm.DailyHour]{key, kindCount, func(h apm.DailyHour) value { return value{number: float64(n(h)), none: unknown(h)} }}
	}
	millis := func(key string, of func(apm.DailyHour) time.Duration) column[apm.DailyHour] {
		return column[apm.DailyHour]{key, kindMillis, func(h apm.DailyHour) value { return value{duration: of(h), none: h.Total.Calls == 0} }}
	}
	return newTable(q, list, shape[apm.DailyHour]{
		key: "hours", now: now, empty: "empty.day", rowKey: func(h apm.DailyHour) string { return strconv.FormatInt(h.Start.Unix(), 10) },
		columns: []column[apm.DailyHour]{
			{"hour", kindText, func(h apm.DailyHour) value { return value{text: h.Start.Format("15:04")} }},
			count("calls", func(h apm.DailyHour) uint64 { return h.Total.Calls }),
			{"yesterday", kindCount, func(h apm.DailyHour) value {
				return value{number: float64(h.DayBefore.Calls), none: h.DayBefore.Calls == 0}
			}},
			{"calls_change", kindChange, func(h apm.DailyHour) value {
				return value{number: ratio(float64(h.Total.Calls), float64(h.DayBefore.Calls)) - 1,
					none: h.DayBefore.Calls == 0 || now.Before(h.Start.Add(time.Hour))}
			}},
			{"rate", kindNumber, func(h apm.DailyHour) value {
				return value{number: rate(h.Total.Calls, knownOf(h, d.Since, now)), none: unknown(h)}
			}},
			count("peak", func(h apm.DailyHour) uint64 { return h.Total.Peak }),
			count("failures", func(h apm.DailyHour) uint64 { return h.Total.Failures }),
			count("slow", func(h apm.DailyHour) uint64 { return h.Total.Slow }),
			millis("mean", func(h apm.DailyHour) time.Duration { return h.Total.Duration.Mean }),
			millis("p95", func(h apm.DailyHour) time.Duration { return h.Total.Duration.P95 }),
			millis("max", func(h apm.DailyHour) time.Duration { return h.Total.Duration.Max }),
			count("hour_users", func(h apm.DailyHour) uint64 { return h.Total.Users }),
		},
	})
}

// knownOf returns how much of an hour is over and known.
func knownOf(h apm.DailyHour, since, now time.Time) time.Duration {
	from, to := h.Start, h.Start.Add(time.Hour)
	if since.After(from) {
		from = since
	}
	if now.Before(to) {
		to = now
	}
	return to.Sub(from)
}

// maxTop is how many endpoints the daily page shows: with its 24 hours they fill one sheet of paper, even if each of their
// routes takes two lines.
const maxTop = 12

func topEndpoints(q query, d apm.Daily, now time.Time) section {
	count := func(key string, n func(apm.DailyEndpoint) uint64) column[apm.DailyEndpoint] {
		return column[apm.DailyEndpoint]{key, kindCount, func(e apm.DailyEndpoint) value { return value{number: float64(n(e))} }}
	}
	millis := func(key string, of func(apm.DailyEndpoint) time.Duration) column[apm.DailyEndpoint] {
		return column[apm.DailyEndpoint]{key, kindMillis, func(e apm.DailyEndpoint) value { return value{duration: of(e), none: e.Total.Calls == 0} }}
	}
	list := d.Endpoints
	var notes []string
	if q.format == formatHTML && len(list) > maxTop {
		notes = []string{q.lang.text("note.top", maxTop, len(list))}
		list = list[:maxTop]
	}
	return section{Key: "top", Legend: true, Notes: notes, Table: newTable(q, list, shape[apm.DailyEndpoint]{
		key: "top", empty: "empty.day", now: now, rowKey: func(e apm.DailyEndpoint) string { return nameOf(e.Method, e.Route) },
		columns: []column[apm.DailyEndpoint]{
			{"method", kindText, func(e apm.DailyEndpoint) value { return value{text: e.Method, class: "method"} }},
			{"route", kindText, func(e apm.DailyEndpoint) value {
				return value{text: e.Route, href: endpointLink(q, e.Method, e.Route), class: "name"}
			}},
			count("calls", func(e apm.DailyEndpoint) uint64 { return e.Total.Calls }),
			{"share", kindShare, func(e apm.DailyEndpoint) value {
				return value{number: ratio(e.Total.Duration.Total.Seconds(), d.Total.Duration.Total.Seconds())}
			}},
			{"breakdown", kindBar, func(e apm.DailyEndpoint) value {
				return value{duration: e.Total.Duration.Total, parts: figureParts(e.Total)}
			}},
			count("failures", func(e apm.DailyEndpoint) uint64 { return e.Total.Failures }),
			count("slow", func(e apm.DailyEndpoint) uint64 { return e.Total.Slow }),
			millis("mean", func(e apm.DailyEndpoint) time.Duration { return e.Total.Duration.Mean }),
			{"change", kindChange, func(e apm.DailyEndpoint) value { return changeValue(q.lang, e) }},
			millis("p95", func(e apm.DailyEndpoint) time.Duration { return e.Total.Duration.P95 }),
			millis("max", func(e apm.DailyEndpoint) time.Duration { return e.Total.Duration.Max }),
		},
	})}
}

func figureParts(f apm.Figures) []part {
	return []part{
		{"sql", f.SQL.Seconds()}, {"fetch", f.Fetch.Seconds()}, {"external", f.External.Seconds()}, {"own", (f.App + f.Segment).Seconds()},
	}
}

const (
	// leastCompared is how many calls each of two days must have for their means to be compared.
	leastCompared = 50
	// muchSlower is a change of the mean that is marked.
	muchSlower = 0.25
)

// changeValue compares the mean of today's whole hours with that of the same hours yesterday.
func changeValue(l *language, e apm.DailyEndpoint) value {
	day, before := e.SameHours.Day, e.SameHours.DayBefore
	if day.Calls < leastCompared || before.Calls < leastCompared || before.Duration.Mean == 0 {
		return value{none: true, title: l.text("title.not_compared")}
	}
	v := value{
		number: ratio(day.Duration.Mean.Seconds(), before.Duration.Mean.Seconds()) - 1,
		title:  l.text("title.compared", formatMillis(before.Duration.Mean), formatMillis(day.Duration.Mean)),
	}
	if v.number > muchSlower {
		v.class = "warn"
	}
	return v
}

// dailyData is a day in the versioned JSON.
type dailyData struct {
	Date      string     `json:"date"`
	Since     time.Time  `json:"since"`
	Today     dayData    `json:"today"`
	Yesterday dayData    `json:"yesterday"`
	Hours     []hourData `json:"hours"`
	Endpoints []topData  `json:"endpoints"`
}

// topData is an endpoint on a day in the versioned JSON, the one that took most time first.
type topData struct {
	Method   string  `json:"method"`
	Route    string  `json:"route"`
	Calls    uint64  `json:"calls"`
	Failures uint64  `json:"failures"`
	Slow     uint64  `json:"slow"`
	Total    float64 `json:"total_seconds"`
	Mean     float64 `json:"mean_seconds"`
	P95      float64 `json:"p95_seconds"`
	Max      float64 `json:"max_seconds"`
}

type dayData struct {
	Calls    uint64     `json:"calls"`
	Failures uint64     `json:"failures"`
	Rate     float64    `json:"requests_per_second"`
	Peak     uint64     `json:"peak_requests_per_second"`
	PeakHour *time.Time `json:"peak_hour,omitempty"`
	Mean     float64    `json:"mean_seconds"`
	P95      float64    `json:"p95_seconds"`
	Max      float64    `json:"max_seconds"`
	Users    uint64     `json:"users"`
}

// hourData is an hour in the versioned JSON.
type hourData struct {
	Start     time.Time `json:"start"`
	Calls     uint64    `json:"calls"`
	Yesterday uint64    `json:"yesterday_calls"`
	Failures  uint64    `json:"failures"`
	Slow      uint64    `json:"slow"`
	Peak      uint64    `json:"peak_requests_per_second"`
	Mean      float64   `json:"mean_seconds"`
	P95       float64   `json:"p95_seconds"`
	Max       float64   `json:"max_seconds"`
	Users     uint64    `json:"users"`
}

func newDailyData(d apm.Daily) dailyData {
	data := dailyData{
		Date: d.Day.Format(time.DateOnly), Since: d.Since.UTC(), Today: newDayData(d.Total), Yesterday: newDayData(d.DayBefore),
		Hours: []hourData{}, Endpoints: []topData{},
	}
	for _, e := range d.Endpoints {
		data.Endpoints = append(data.Endpoints, topData{
			e.Method, e.Route, e.Total.Calls, e.Total.Failures, e.Total.Slow, e.Total.Duration.Total.Seconds(),
			e.Total.Duration.Mean.Seconds(), e.Total.Duration.P95.Seconds(), e.Total.Duration.Max.Seconds(),
		})
	}
	for _, h := range d.Hours {
		data.Hours = append(data.Hours, hourData{
			Start: h.Start.UTC(), Calls: h.Total.Calls, Yesterday: h.DayBefore.Calls, Failures: h.Total.Failures, Slow: h.Total.Slow,
			Peak: h.Total.Peak, Mean: h.Total.Duration.Mean.Seconds(), P95: h.Total.Duration.P95.Seconds(), Max: h.Total.Duration.Max.Seconds(),
			Users: h.Total.Users,
		})
	}
	return data
}

func newDayData(f apm.DayFigures) dayData {
	return dayData{
		Calls: f.Calls, Failures: f.Failures, Rate: f.MeanRate, Peak: f.Peak, PeakHour: known(f.PeakHour),
		Mean: f.Duration.Mean.Seconds(), P95: f.Duration.P95.Seconds(), Max: f.Duration.Max.Seconds(), Users: f.Users,
	}
}
