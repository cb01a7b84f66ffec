package console

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/daybook-apm/daybook/apm"
)

// chart is figures over time: lines over the same axis, drawn on the server and, by a script, so that one can read them off.
type chart struct {
	Key    string
	Unit   string
	Lines  []line
	Top    string // What the highest point is.
	Times  []tick
	Stacks bool
	Marks  []mark
	// More leads to the deploys that are not among the marks, if there are such.
	More *link
	// Empty says that there is nothing on the chart: no point has any of its figures.
	Empty bool
}

// line is one of a chart's. In a stack it is the area above the ones before.
type line struct {
	Class, Label, D string
}

// mark is a deploy in a chart. What it says stands in the caption too: a line alone would tell nobody anything.
type mark struct {
	At      string // Its place on the axis, in per cent of its length.
	Unix    int64  // In ms, for a script that has an axis of its own.
	Version string // Short enough to stand beside the line.
	Late    bool   // Too near to the end for a text behind it.
	Link    link
}

const (
	// maxMarks is how many deploys a chart shows, the latest of them.
	maxMarks = 4
	// maxMarkText is how many letters of a version stand in a chart.
	maxMarkText = 14
)

const (
	chartWidth  = 600
	chartHeight = 100
)

// measure takes one figure of a point, or not a number if there is none: a line goes on to the next one that there is.
type measure struct {
	class string
	of    func(apm.Point) float64
}

// newChart draws measures as lines, or as areas on top of each other.
func newChart(q query, key, unit string, points []apm.Point, stacked bool, measures ...measure) *chart {
	if len(points) < 2 {
		return nil
	}
	c := &chart{
		Key: key, Unit: unit, Stacks: stacked,
		Times: timeTicks(points[0].Start, points[0].Step*time.Duration(len(points)-1)),
	}
	tops := make([][]float64, len(measures))
	sums := make([]float64, len(points))
	highest := 0.0
	c.Empty = true
	for i, m := range measures {
		tops[i] = make([]float64, len(points))
		for j := range points {
			v := m.of(points[j])
			if stacked {
				sums[j] += v
				v = sums[j]
			}
			tops[i][j] = v
			if !math.IsNaN(v) {
				highest, c.Empty = max(highest, v), false
			}
		}
	}
	c.Top = formatNumber(highest)
	for i, m := range measures {
		d := polyline(tops[i], highest, false)
		if stacked {
			below := make([]float64, len(points))
			if i > 0 {
				below = tops[i-1]
			}
			d += strings.Replace(polyline(below, highest, true), "M", "L", 1) + "Z"
		}
		c.Lines = append(c.Lines, line{Class: m.class, Label: q.lang.text("line." + m.class), D: d})
	}
	return c
}

// markDeploys adds the deploys to charts that begin and end with these points.
func markDeploys(q query, charts []*chart, points []apm.Point, versions []apm.Version) []*chart {
	if len(points) < 2 {
		return charts
	}
	from, to := points[0].Start, points[len(points)-1].Start
	var marks []mark
	var more *link
	beyond := 0
	for _, d := range deploys(versions) {
		if d.at.Before(from) || d.at.After(to) {
			continue
		}
		if len(marks) == maxMarks {
			beyond++
			more = &link{Label: "+" + strconv.Itoa(beyond), Href: q.link("deploys")}
			continue
		}
		part := d.at.Sub(from).Seconds() / to.Sub(from).Seconds()
		marks = append(marks, mark{
			At: decimal(100 * part), Unix: d.at.UnixMilli(), Version: shorten(d.to, maxMarkText), Late: part > 0.75,
			Link: link{Label: q.lang.text("mark", formatMinute(d.at, time.Now()), d.to), Href: deployLink(q, d)},
		})
	}
	for _, c := range charts {
		c.Marks, c.More = marks, more
	}
	return charts
}

// shorten cuts a text to so many letters, the last of which then says that there is more.
func shorten(text string, most int) string {
	if letters := []rune(text); len(letters) > most {
		return string(letters[:most-1]) + "…"
	}
	return text
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
		if math.IsNaN(values[at]) {
			continue
		}
		if b.Len() == 0 {
			letter = 'M'
		}
		b.WriteByte(letter)
		b.WriteString(decimal(chartWidth * float64(at) / float64(len(values)-1)))
		b.WriteByte(' ')
		b.WriteString(decimal(chartHeight * (1 - values[at]/highest)))
	}
	return b.String()
}

// pointTable is what a chart says, for those who want to read it. Versions are shown if one of them begins in it.
func pointTable(q query, key string, points []apm.Point, versions []apm.Version) *table {
	count := func(key string, n func(apm.Point) uint64) column[apm.Point] {
		return column[apm.Point]{key, kindCount, func(p apm.Point) value { return value{number: float64(n(p))} }}
	}
	millis := func(key string, d func(apm.Point) time.Duration) column[apm.Point] {
		return column[apm.Point]{key, kindMillis, func(p apm.Point) value { return value{duration: d(p), none: p.Calls == 0} }}
	}
	latest := slices.Clone(points)
	slices.Reverse(latest)
	columns := []column[apm.Point]{
		{"from", kindTime, func(p apm.Point) value { return value{at: p.Start} }},
		count("calls", func(p apm.Point) uint64 { return p.Calls }),
		{"rate", kindNumber, func(p apm.Point) value { return value{number: rate(p.Calls, p.Step)} }},
		count("failures", func(p apm.Point) uint64 { return p.Failures }),
		count("slow", func(p apm.Point) uint64 { return p.Slow }),
		millis("mean", func(p apm.Point) time.Duration { return p.Duration.Mean }),
		millis("p95", func(p apm.Point) time.Duration { return p.Duration.P95 }),
		millis("max", func(p apm.Point) time.Duration { return p.Duration.Max }),
		{"breakdown", kindBar, func(p apm.Point) value {
			return value{duration: p.Duration.Total, parts: figureParts(p.Figures)}
		}},
	}
	// The last deploy in a step is the one that its figures are of.
	list := deploys(versions)
	deployed := func(p apm.Point) value {
		for _, d := range list {
			if !d.at.Before(p.Start) && d.at.Before(p.Start.Add(p.Step)) {
				return value{text: d.to, href: deployLink(q, d)}
			}
		}
		return value{none: true}
	}
	if slices.ContainsFunc(points, func(p apm.Point) bool { return !deployed(p).none }) {
		columns = slices.Insert(columns, 1, column[apm.Point]{"deployed", kindCode, deployed})
	}
	return newTable(q, latest, shape[apm.Point]{
		key: key, now: time.Now(), empty: "empty.endpoints",
		rowKey:  func(p apm.Point) string { return strconv.FormatInt(p.Start.Unix(), 10) },
		columns: columns,
	})
}

// pointData is a step of time in the versioned JSON.
type pointData struct {
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

func pointsData(list []apm.Point) []pointData {
	data := make([]pointData, 0, len(list))
	for _, p := range list {
		data = append(data, pointData{
			Time: p.Start.UTC(), Calls: p.Calls, Failures: p.Failures, Slow: p.Slow,
			Mean: p.Duration.Mean.Seconds(), P95: p.Duration.P95.Seconds(), Max: p.Duration.Max.Seconds(),
			SQL: p.SQL.Seconds(), Fetch: p.Fetch.Seconds(), External: p.External.Seconds(), App: (p.App + p.Segment).Seconds(),
		})
	}
	return data
}
