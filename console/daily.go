package console

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/daybook-apm/daybook/apm"
)

// day is one calendar day, in as many hours as it has so far.
type day struct {
	start time.Time
	hours []moment
	users uint64
}

// sum adds up the hours.
func (d day) sum() (sum moment) {
	for _, h := range d.hours {
		sum.calls += h.calls
		sum.failures += h.failures
		sum.slow += h.slow
		sum.mean += h.mean * time.Duration(h.calls) // The total, for now.
		sum.max = max(sum.max, h.max)
		if h.peak > sum.peak {
			sum.peak, sum.at = h.peak, h.at
		}
	}
	sum.mean = each(sum.mean, sum.calls)
	return sum
}

// at returns the hour of the day that begins at the given one by the clock.
func (d day) hour(n int) (moment, bool) {
	i := slices.IndexFunc(d.hours, func(m moment) bool { return m.at.Hour() == n })
	if i < 0 {
		return moment{}, false
	}
	return d.hours[i], true
}

// pair is one hour of the clock, today and yesterday.
type pair struct {
	hour             int
	today, yesterday moment
	known, compared  bool
}

func dailyPage(c *console, q query) (*content, error) {
	now := time.Now()
	today, yesterday := c.source.days(now)
	pairs := make([]pair, 24)
	for n := range pairs {
		p := pair{hour: n}
		p.today, p.known = today.hour(n)
		p.yesterday, p.compared = yesterday.hour(n)
		pairs[n] = p
	}
	sum, before := today.sum(), yesterday.sum()
	passed := min(now.Sub(today.start), now.Sub(c.source.since()))
	tiles := []tile{
		{Key: "calls", Value: formatCount(float64(sum.calls))},
		{Key: "mean_rate", Value: formatNumber(rate(sum.calls, passed)), Unit: "/s"},
		{Key: "peak_rate", Value: formatCount(float64(sum.peak)), Unit: "/s"},
		{Key: "mean", Value: formatMillis(sum.mean), Unit: "ms"},
		{Key: "failure_share", Value: formatShare(ratio(float64(sum.failures), float64(sum.calls))), Unit: "%"},
		{Key: "day_users", Value: formatCount(float64(today.users))},
	}
	if sum.peak > 0 {
		tiles = slices.Insert(tiles, 3, tile{Key: "peak_hour", Value: sum.at.Format("15:00")})
	}
	data := map[string]any{
		"date": today.start.Format(time.DateOnly), "calls": sum.calls, "failures": sum.failures,
		"requests_per_second": rate(sum.calls, passed), "peak_requests_per_second": sum.peak,
		"mean_seconds": sum.mean.Seconds(), "users": today.users,
		"yesterday": map[string]any{"calls": before.calls, "failures": before.failures, "mean_seconds": before.mean.Seconds(), "users": yesterday.users},
		"hours":     hoursData(pairs),
	}
	if sum.peak > 0 {
		data["peak_hour"] = sum.at.Hour()
	}
	return &content{
		subject: today.start.Format(time.DateOnly),
		sections: []section{
			{Key: "day", Tiles: tiles},
			{Key: "hours", Bars: hourBars(pairs), Table: hourTable(q, pairs, now)},
			topEndpoints(c, q),
		},
		name: "daily", data: data,
	}, nil
}

// hourBar is one hour in the chart of a day, as parts of a height of 100.
type hourBar struct {
	X                                int // In a width of 24 times 10.
	TodayY, TodayH, BeforeY, BeforeH string
	Label                            string
	FailedY, FailedH                 string
}

func hourBars(pairs []pair) (bars []hourBar) {
	highest := uint64(1)
	for _, p := range pairs {
		highest = max(highest, p.today.calls, p.yesterday.calls)
	}
	height := func(n uint64) float64 { return 100 * float64(n) / float64(highest) }
	for _, p := range pairs {
		today, before, failed := height(p.today.calls), height(p.yesterday.calls), height(p.today.failures)
		bars = append(bars, hourBar{
			X:      10 * p.hour,
			TodayY: decimal(100 - today), TodayH: decimal(today), BeforeY: decimal(100 - before), BeforeH: decimal(before),
			FailedY: decimal(100 - failed), FailedH: decimal(failed),
			Label: fmt.Sprintf("%02d:00 %s / %s", p.hour, formatCount(float64(p.today.calls)), formatCount(float64(p.yesterday.calls))),
		})
	}
	return bars
}

func hourTable(q query, pairs []pair, now time.Time) *table {
	known := slices.DeleteFunc(slices.Clone(pairs), func(p pair) bool { return !p.known && !p.compared })
	count := func(key string, n func(pair) uint64) column[pair] {
		return column[pair]{key, kindCount, func(p pair) value { return value{number: float64(n(p)), none: !p.known} }}
	}
	return newTable(q, known, shape[pair]{
		key: "hours", now: now, empty: "empty.day", rowKey: func(p pair) string { return strconv.Itoa(p.hour) },
		columns: []column[pair]{
			{"hour", kindText, func(p pair) value { return value{text: fmt.Sprintf("%02d:00", p.hour)} }},
			count("calls", func(p pair) uint64 { return p.today.calls }),
			{"yesterday", kindCount, func(p pair) value { return value{number: float64(p.yesterday.calls), none: !p.compared} }},
			{"calls_change", kindChange, func(p pair) value {
				return value{number: ratio(float64(p.today.calls), float64(p.yesterday.calls)) - 1, none: !p.known || p.yesterday.calls == 0}
			}},
			{"rate", kindNumber, func(p pair) value {
				return value{number: rate(p.today.calls, min(time.Hour, now.Sub(p.today.at))), none: !p.known}
			}},
			count("peak", func(p pair) uint64 { return p.today.peak }),
			count("failures", func(p pair) uint64 { return p.today.failures }),
			count("slow", func(p pair) uint64 { return p.today.slow }),
			{"mean", kindMillis, func(p pair) value { return value{duration: p.today.mean, none: p.today.calls == 0} }},
			{"p95", kindMillis, func(p pair) value { return value{duration: p.today.p95, none: p.today.calls == 0} }},
			{"max", kindMillis, func(p pair) value { return value{duration: p.today.max, none: p.today.calls == 0} }},
			count("hour_users", func(p pair) uint64 { return p.today.users }),
		},
	})
}

// maxTop is how many endpoints the daily page shows: with its 24 hours they fill one sheet of paper.
const maxTop = 10

func topEndpoints(c *console, q query) section {
	s := c.source.snapshot(24 * time.Hour)
	var total time.Duration
	for i := range s.Endpoints {
		total += s.Endpoints[i].Duration.Total
	}
	list := slices.Clone(s.Endpoints[:min(maxTop, len(s.Endpoints))])
	columns := endpointColumns(q, s, total)[:12]
	return section{Key: "top", Table: newTable(q, list, shape[apm.EndpointStats]{
		key: "top", columns: columns, empty: "empty.endpoints", now: s.End, rowKey: endpointKey,
	})}
}

// hourData is an hour in the versioned JSON.
type hourData struct {
	Hour      int     `json:"hour"`
	Calls     uint64  `json:"calls"`
	Yesterday uint64  `json:"yesterday_calls"`
	Failures  uint64  `json:"failures"`
	Slow      uint64  `json:"slow"`
	Peak      uint64  `json:"peak_requests_per_second"`
	Mean      float64 `json:"mean_seconds"`
	P95       float64 `json:"p95_seconds"`
	Max       float64 `json:"max_seconds"`
	Users     uint64  `json:"users"`
}

func hoursData(pairs []pair) (data []hourData) {
	for _, p := range pairs {
		data = append(data, hourData{
			Hour: p.hour, Calls: p.today.calls, Yesterday: p.yesterday.calls, Failures: p.today.failures, Slow: p.today.slow,
			Peak: p.today.peak, Mean: p.today.mean.Seconds(), P95: p.today.p95.Seconds(), Max: p.today.max.Seconds(), Users: p.today.users,
		})
	}
	return data
}
