package console

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/daybook-apm/daybook/apm"
)

// heatColumns is how many columns a heatmap has at least.
const heatColumns = 120

// heatLevels is how many shades a heatmap has for how many transactions a cell counts.
const heatLevels = 5

// heatmap is response times over time: columns are times, rows durations, shades numbers. A cell with a failure has a colour of its own.
type heatmap struct {
	Columns, Rows int
	// Paths are the cells of one shade each.
	Paths []heatPath
	// Ticks are the durations beside it, Times the moments below it.
	Ticks, Times []tick
	// From and Step tell a script what the columns are, in Unix ms; Bounds the rows, in ms.
	From, Step int64
	Bounds     string
	// Target is the page that lists the transactions of a box, Scatter has the single ones.
	Target, Scatter string
	Table           *table
	// Empty says that nothing has ended in all this time.
	Empty bool
}

type heatPath struct{ Class, D string }

// tick is a label at a part of an axis, in per cent of its length.
type tick struct {
	At, Label string
	Side      string // first or last for one whose middle is too near to an end.
}

// newHeatmap draws a heatmap, or nothing if there are no columns yet.
func newHeatmap(q query, m apm.Heatmap) *heatmap {
	columns, bounds, step := m.Columns, m.Bounds, m.Step
	if len(columns) == 0 {
		return nil
	}
	// The frame is that of all ten minutes from the start, so that cells keep their size.
	width := max(heatColumns, len(columns))
	blank := width - len(columns)
	from := columns[0].Start.Add(-step * time.Duration(blank))
	h := &heatmap{
		Columns: width, Rows: len(bounds) + 1, From: from.UnixMilli(), Step: step.Milliseconds(),
		Target: q.link("transactions"), Scatter: q.link("scatter.json"),
	}
	highest := uint32(0)
	for _, c := range columns {
		highest = max(highest, slices.Max(c.OK), slices.Max(c.Failed))
	}
	h.Empty = highest == 0
	var paths [heatLevels + 1]strings.Builder
	for x, c := range columns {
		for row := range c.OK {
			y := h.Rows - 1 - row
			switch {
			case c.Failed[row] > 0:
				fmt.Fprintf(&paths[heatLevels], "M%d %dh1v1h-1z", blank+x, y)
			case c.OK[row] > 0:
				fmt.Fprintf(&paths[shade(c.OK[row], highest)], "M%d %dh1v1h-1z", blank+x, y)
			}
		}
	}
	for i := range paths {
		class := "heat-" + strconv.Itoa(i+1)
		if i == heatLevels {
			class = "heat-bad"
		}
		h.Paths = append(h.Paths, heatPath{class, paths[i].String()})
	}
	millis := make([]string, len(bounds))
	for i, b := range bounds {
		millis[i] = strconv.FormatFloat(1000*b.Seconds(), 'f', 3, 64)
		// Half octaves: every sixth bound is another three doublings, and about a power of ten.
		if i%6 == 0 {
			h.Ticks = append(h.Ticks, tick{At: decimal(100 * float64(h.Rows-1-i) / float64(h.Rows)), Label: heatLabel(b)})
		}
	}
	h.Bounds = strings.Join(millis, ",")
	h.Times = timeTicks(from, step*time.Duration(width))
	h.Table = heatTable(q, m)
	return h
}

func heatLabel(d time.Duration) string {
	if d < time.Second {
		return strconv.Itoa(int(d.Round(time.Millisecond).Milliseconds())) + " ms"
	}
	return strconv.Itoa(int(d.Round(time.Second).Seconds())) + " s"
}

// shade returns which of the levels a number has: each is a multiple of the one before.
func shade(n, highest uint32) int {
	part := math.Log1p(float64(n)) / math.Log1p(float64(highest))
	return min(heatLevels-1, int(part*heatLevels))
}

// timeTicks labels the full minutes of a span, about five of them.
func timeTicks(from time.Time, span time.Duration) (list []tick) {
	every := time.Minute
	for _, e := range []time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour} {
		if every = e; span <= 6*e {
			break
		}
	}
	at := from.Truncate(every)
	if at.Before(from) {
		at = at.Add(every)
	}
	for ; !at.After(from.Add(span)); at = at.Add(every) {
		t := tick{Label: at.Format("15:04")}
		part := at.Sub(from).Seconds() / span.Seconds()
		switch t.At = decimal(100 * part); {
		case part < 0.03:
			t.Side = "first"
		case part > 0.97:
			t.Side = "last"
		}
		list = append(list, t)
	}
	return list
}

// heatLine is a minute of a heatmap.
type heatLine struct {
	from, to      time.Time
	count, failed uint64
	slowest       time.Duration // A bound; 0: beyond the last.
}

// heatTable is what a heatmap says, for those who cannot see or drag.
func heatTable(q query, m apm.Heatmap) *table {
	var lines []heatLine
	for _, c := range m.Columns {
		if n := len(lines); n == 0 || !lines[n-1].from.Truncate(time.Minute).Equal(c.Start.Truncate(time.Minute)) {
			lines = append(lines, heatLine{from: c.Start})
		}
		l := &lines[len(lines)-1]
		l.to = c.Start.Add(m.Step)
		for row := range c.OK {
			n := uint64(c.OK[row]) + uint64(c.Failed[row])
			l.count += n
			l.failed += uint64(c.Failed[row])
			if n > 0 {
				l.slowest = max(l.slowest, m.Bounds[min(row, len(m.Bounds)-1)])
			}
		}
	}
	slices.Reverse(lines)
	return newTable(q, lines, shape[heatLine]{
		key: "heatmap", now: time.Now(), empty: "empty.endpoints",
		rowKey: func(l heatLine) string { return strconv.FormatInt(l.from.Unix(), 10) },
		columns: []column[heatLine]{
			{"from", kindTime, func(l heatLine) value {
				return value{at: l.from, href: q.link("transactions", "from", strconv.FormatInt(l.from.UnixMilli(), 10), "to", strconv.FormatInt(l.to.UnixMilli(), 10))}
			}},
			{"calls", kindCount, func(l heatLine) value { return value{number: float64(l.count)} }},
			{"failures", kindCount, func(l heatLine) value { return value{number: float64(l.failed)} }},
			{"slowest", kindMillis, func(l heatLine) value { return value{duration: l.slowest, none: l.count == 0} }},
		},
	})
}
