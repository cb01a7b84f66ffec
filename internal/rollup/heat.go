package rollup

import (
	"time"

	"github.com/daybook-apm/daybook/internal/histogram"
)

const (
	// HeatStep is the width of a column, heatColumns how many are kept: 10 minutes and the one that runs.
	HeatStep    = 5 * time.Second
	heatColumns = 120 + 1
	heatStep    = int64(HeatStep / time.Second)

	// Rows are half octaves between 2^-10 s (1 ms) and 2^3 s, with one for what is faster and one for what is slower.
	firstBound, lastBound, boundStep = 80, 184, 4
	// HeatRows is how many rows there are.
	HeatRows = (lastBound-firstBound)/boundStep + 2
)

// HeatBounds are the longest durations of all rows but the last, which has none.
var HeatBounds = func() (bounds [HeatRows - 1]time.Duration) {
	for i := range bounds {
		bounds[i] = histogram.UpperBound(firstBound + i*boundStep)
	}
	return bounds
}()

// HeatColumn counts the transactions of five seconds by duration. OK are those that did not fail.
type HeatColumn struct {
	Start      time.Time
	OK, Failed [HeatRows]uint32
}

// heat is the last columns, found by their start as in a ring.
type heat [heatColumns]heatColumn

type heatColumn struct {
	start      int64
	ok, failed [HeatRows]uint32
}

func (h *heat) add(at int64, all, failed *histogram.Counts) {
	start := at / heatStep * heatStep
	c := &h[start/heatStep%heatColumns]
	if c.start != start {
		*c = heatColumn{start: start}
	}
	for i := range all {
		row := min(max(0, (i-firstBound+boundStep-1)/boundStep), HeatRows-1)
		bad := min(failed[i], all[i])
		c.failed[row] += uint32(bad)
		c.ok[row] += uint32(all[i] - bad)
	}
}

// Heat returns the columns of the last ten minutes, the oldest first and the one that runs last. What was before the
// history began is left out.
func (h *History) Heat(now time.Time) []HeatColumn {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.look(now, false)
	last := now.Unix() / heatStep * heatStep
	first := max(last-(heatColumns-1)*heatStep, h.since[0]/heatStep*heatStep)
	var list []HeatColumn
	for start := first; start <= last; start += heatStep {
		column := HeatColumn{Start: time.Unix(start, 0).In(h.location)}
		if c := &h.heat[start/heatStep%heatColumns]; c.start == start {
			column.OK, column.Failed = c.ok, c.failed
		}
		list = append(list, column)
	}
	return list
}
