package console

import (
	"math"
	"time"

	"github.com/daybook-apm/daybook/apm"
)

const (
	// liveWindow is what the figures of the first page are taken over: short enough to show what has just changed.
	liveWindow = time.Minute
	// liveCourse and liveStep are how far its charts go back, and how fine they are.
	liveCourse = 10 * time.Minute
	liveStep   = 5 * time.Second
)

func livePage(c *console, q query) (*content, error) {
	s := c.source.snapshot(liveWindow)
	active := c.source.active()
	course := c.source.history.Timeline(liveCourse, liveStep)
	heat := c.source.history.Heatmap()
	now := sumUp(s, course)
	tiles := []tile{
		{Key: "rate", Value: formatNumber(now.rate), Unit: "/s"},
		durationTile("mean", now.mean, now.calls),
		durationTile("p95", now.p95, now.calls),
		{Key: "failure_share", Value: formatShare(now.failureShare), Unit: "%", Alert: now.failureShare > alertFailures},
		{Key: "active", Value: formatCount(float64(len(active)))},
		{Key: "users", Value: formatCount(float64(s.Users))},
	}
	for _, p := range s.Pools {
		t := tile{Key: "pool", Value: formatCount(float64(p.Used)), Unit: p.Name}
		if p.Max > 0 {
			t.Value, t.Alert = t.Value+" / "+formatCount(float64(p.Max)), p.Used >= p.Max
		}
		tiles = append(tiles, t)
	}
	content := &content{
		sections: []section{
			{Key: "now", Tiles: tiles},
			{Key: "ages", Ages: countAges(q.lang, active), Alerts: stuckAlerts(q.lang, active)},
			courseOf(c, q, course),
		},
		name: "live",
		data: map[string]any{
			"requests_per_second": now.rate, "mean_seconds": now.mean.Seconds(), "p95_seconds": now.p95.Seconds(),
			"failure_ratio": now.failureShare, "active": len(active), "active_by_age": ageCounts(countAges(q.lang, active)),
			"users": s.Users, "pools": poolsData(s.Pools),
			"step_seconds": liveStep.Seconds(), "timeline": pointsData(course), "heatmap": newHeatData(heat),
		},
	}
	if h := newHeatmap(q, heat); h != nil {
		content.sections = append(content.sections, section{Key: "heatmap", Heatmap: h})
	}
	return content, nil
}

// durationTile shows a figure that there is none of without calls.
func durationTile(key string, d time.Duration, calls uint64) tile {
	if calls == 0 {
		return tile{Key: key, Value: "–"}
	}
	return tile{Key: key, Value: formatMillis(d), Unit: "ms"}
}

func courseOf(c *console, q query, course []apm.Point) section {
	versions := c.source.history.Versions()
	charts := liveCharts(q, course, versions)
	if len(charts) == 0 {
		return section{Key: "course", Notes: []string{q.lang.text("empty.course")}}
	}
	// Five seconds would be too many rows to read.
	minutes := c.source.history.Timeline(liveCourse, time.Minute)
	return section{Key: "course", Charts: charts, Details: pointTable(q, "course", minutes, versions)}
}

func liveCharts(q query, course []apm.Point, versions []apm.Version) []*chart {
	if len(course) < 2 {
		return nil
	}
	// The last step is not over: its rate would always fall.
	whole := course[:len(course)-1]
	return markDeploys(q, compact(
		newChart(q, "throughput", "/s", whole, false,
			measure{"calls", func(p apm.Point) float64 { return rate(p.Calls, p.Step) }},
			measure{"failures", func(p apm.Point) float64 { return rate(p.Failures, p.Step) }}),
		newChart(q, "duration", "ms", whole, false,
			measure{"p95", func(p apm.Point) float64 { return called(p, p.Duration.P95) }},
			measure{"mean", func(p apm.Point) float64 { return called(p, p.Duration.Mean) }}),
	), whole, versions)
}

// called returns a duration of a point in ms, or not a number if there were no calls.
func called(p apm.Point, d time.Duration) float64 {
	if p.Calls == 0 {
		return math.NaN()
	}
	return 1000 * d.Seconds()
}

// compact leaves out charts for which there is nothing to draw yet.
func compact(charts ...*chart) (list []*chart) {
	for _, c := range charts {
		if c != nil {
			list = append(list, c)
		}
	}
	return list
}

func ageCounts(list []age) (counts []int) {
	for _, a := range list {
		counts = append(counts, a.Count)
	}
	return counts
}

// total is what all endpoints together came to.
type total struct {
	calls              uint64
	rate, failureShare float64
	mean, p95          time.Duration
}

// sumUp adds up the endpoints. Percentiles cannot be added up: they are those of the last whole step with calls.
func sumUp(s apm.Snapshot, course []apm.Point) total {
	var calls, failures uint64
	var spent time.Duration
	for i := range s.Endpoints {
		calls += s.Endpoints[i].Calls
		failures += s.Endpoints[i].Failures
		spent += s.Endpoints[i].Duration.Total
	}
	t := total{
		calls:        calls,
		rate:         rate(calls, s.End.Sub(s.Start)),
		failureShare: ratio(float64(failures), float64(calls)),
		mean:         each(spent, calls),
	}
	for i := len(course) - 2; i >= 0 && t.p95 == 0; i-- {
		t.p95 = course[i].Duration.P95
	}
	return t
}

// heatData is the heatmap in the versioned JSON: for each column how many transactions were in each row.
type heatData struct {
	Step    float64          `json:"step_seconds"`
	Bounds  []float64        `json:"bounds_seconds"`
	Columns []heatColumnData `json:"columns"`
}

type heatColumnData struct {
	Time   time.Time `json:"time"`
	OK     []uint32  `json:"ok"`
	Failed []uint32  `json:"failed"`
}

func newHeatData(m apm.Heatmap) heatData {
	data := heatData{Step: m.Step.Seconds(), Bounds: []float64{}, Columns: []heatColumnData{}}
	for _, b := range m.Bounds {
		data.Bounds = append(data.Bounds, b.Seconds())
	}
	for _, c := range m.Columns {
		data.Columns = append(data.Columns, heatColumnData{c.Start.UTC(), c.OK, c.Failed})
	}
	return data
}
