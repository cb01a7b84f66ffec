package console

import (
	"strconv"
	"strings"
	"time"
)

// moment is what happened in one step of time.
type moment struct {
	at                        time.Time
	calls, failures, slow     uint64
	mean, p95, max            time.Duration
	sql, fetch, external, own time.Duration
	users, peak               uint64
}

// chart is figures over time: lines over the same axis, drawn on the server and, by a script, so that one can read them off.
type chart struct {
	Key    string
	Unit   string
	Lines  []line
	Top    string // What the highest point is.
	Times  []tick
	Stacks bool
	Table  *table
}

// line is one of a chart's. In a stack it is the area above the ones before.
type line struct {
	Class, Label, D string
}

const (
	chartWidth  = 600
	chartHeight = 100
)

// measure takes one figure of a moment.
type measure struct {
	class string
	of    func(moment) float64
}

// newChart draws measures as lines, or as areas on top of each other.
func newChart(q query, key, unit string, moments []moment, step time.Duration, stacked bool, measures ...measure) *chart {
	if len(moments) < 2 {
		return nil
	}
	c := &chart{
		Key: key, Unit: unit, Stacks: stacked,
		Times: timeTicks(moments[0].at, step*time.Duration(len(moments)-1)),
	}
	tops := make([][]float64, len(measures))
	sums := make([]float64, len(moments))
	highest := 0.0
	for i, m := range measures {
		tops[i] = make([]float64, len(moments))
		for j := range moments {
			v := m.of(moments[j])
			if stacked {
				sums[j] += v
				v = sums[j]
			}
			tops[i][j] = v
			highest = max(highest, v)
		}
	}
	c.Top = formatNumber(highest)
	for i, m := range measures {
		d := polyline(tops[i], highest, false)
		if stacked {
			below := make([]float64, len(moments))
			if i > 0 {
				below = tops[i-1]
			}
			d += strings.Replace(polyline(below, highest, true), "M", "L", 1) + "Z"
		}
		c.Lines = append(c.Lines, line{Class: m.class, Label: q.lang.text("line." + m.class), D: d})
	}
	return c
}

// polyline returns the path through values, from the last one if backwards.
func polyline(values []float64, highest float64, backwards bool) string {
	if highest == 0 {
		highest = 1
	}
	var b strings.Builder
	for i := range values {
		at, letter := i, byte('L')
		if backwards {
			at = len(values) - 1 - i
		}
		if i == 0 {
			letter = 'M'
		}
		b.WriteByte(letter)
		b.WriteString(decimal(chartWidth * float64(at) / float64(len(values)-1)))
		b.WriteByte(' ')
		b.WriteString(decimal(chartHeight * (1 - values[at]/highest)))
	}
	return b.String()
}

// momentTable is what a chart says, for those who want to read it: at most the given number of the last moments.
func momentTable(q query, key string, moments []moment, step time.Duration) *table {
	count := func(key string, n func(moment) uint64) column[moment] {
		return column[moment]{key, kindCount, func(m moment) value { return value{number: float64(n(m))} }}
	}
	millis := func(key string, d func(moment) time.Duration) column[moment] {
		return column[moment]{key, kindMillis, func(m moment) value { return value{duration: d(m), none: m.calls == 0} }}
	}
	return newTable(q, moments, shape[moment]{
		key: key, now: time.Now(), empty: "empty.endpoints",
		rowKey: func(m moment) string { return strconv.FormatInt(m.at.Unix(), 10) },
		columns: []column[moment]{
			{"from", kindTime, func(m moment) value { return value{at: m.at} }},
			count("calls", func(m moment) uint64 { return m.calls }),
			{"rate", kindNumber, func(m moment) value { return value{number: rate(m.calls, step)} }},
			count("failures", func(m moment) uint64 { return m.failures }),
			count("slow", func(m moment) uint64 { return m.slow }),
			millis("mean", func(m moment) time.Duration { return m.mean }),
			millis("p95", func(m moment) time.Duration { return m.p95 }),
			millis("max", func(m moment) time.Duration { return m.max }),
			{"breakdown", kindBar, func(m moment) value {
				return value{duration: m.sql + m.fetch + m.external + m.own, parts: []part{
					{"sql", m.sql.Seconds()}, {"fetch", m.fetch.Seconds()}, {"external", m.external.Seconds()}, {"own", m.own.Seconds()}}}
			}},
		},
	})
}

// momentData is a step of time in the versioned JSON.
type momentData struct {
	Time     time.Time `json:"time"`
	Calls    uint64    `json:"calls"`
	Failures uint64    `json:"failures"`
	Slow     uint64    `json:"slow"`
	Mean     float64   `json:"mean_seconds"`
	P95      float64   `json:"p95_seconds"`
	Max      float64   `json:"max_seconds"`
	SQL      float64   `json:"sql_seconds"`
	Fetch    float64   `json:"fetch_seconds"`
	External float64   `json:"external_seconds"`
	App      float64   `json:"app_seconds"`
}

func momentsData(list []moment) []momentData {
	data := make([]momentData, 0, len(list))
	for _, m := range list {
		data = append(data, momentData{
			Time: m.at.UTC(), Calls: m.calls, Failures: m.failures, Slow: m.slow,
			Mean: m.mean.Seconds(), P95: m.p95.Seconds(), Max: m.max.Seconds(),
			SQL: m.sql.Seconds(), Fetch: m.fetch.Seconds(), External: m.external.Seconds(), App: m.own.Seconds(),
		})
	}
	return data
}
