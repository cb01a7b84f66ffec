package console

import (
	"runtime"
	"runtime/metrics"
	"time"

	"github.com/daybook-apm/daybook/apm"
)

// process is what the Go runtime knows of itself. Sizes are in bytes.
type process struct {
	Goroutines uint64  `json:"goroutines"`
	Threads    int     `json:"processors"`
	Heap       uint64  `json:"heap_bytes"`
	Total      uint64  `json:"memory_bytes"`
	Limit      uint64  `json:"memory_limit_bytes,omitempty"`
	Cycles     uint64  `json:"gc_cycles"`
	CPU        float64 `json:"cpu_seconds"`
	GC         float64 `json:"gc_cpu_seconds"`
	Disk       uint64  `json:"disk_free_bytes,omitempty"`
}

// readProcess reads what is cheap to read: none of these stops the program.
func readProcess() process {
	samples := []metrics.Sample{
		{Name: "/sched/goroutines:goroutines"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/total:bytes"},
		{Name: "/gc/cycles/total:gc-cycles"},
		{Name: "/cpu/classes/total:cpu-seconds"},
		{Name: "/cpu/classes/idle:cpu-seconds"},
		{Name: "/cpu/classes/gc/total:cpu-seconds"},
		{Name: "/gc/gomemlimit:bytes"},
	}
	metrics.Read(samples)
	integer := func(i int) uint64 {
		if samples[i].Value.Kind() != metrics.KindUint64 {
			return 0
		}
		return samples[i].Value.Uint64()
	}
	float := func(i int) float64 {
		if samples[i].Value.Kind() != metrics.KindFloat64 {
			return 0
		}
		return samples[i].Value.Float64()
	}
	p := process{
		Goroutines: integer(0), Threads: runtime.GOMAXPROCS(0), Heap: integer(1), Total: integer(2), Cycles: integer(3),
		CPU: float(4) - float(5), GC: float(6), Disk: freeDisk(),
	}
	if limit := integer(7); limit < 1<<62 { // Without a limit it is the largest number.
		p.Limit = limit
	}
	return p
}

const mebibyte = 1 << 20

func runtimePage(c *console, q query) (*content, error) {
	s := c.source.snapshot(q.window.duration)
	p, spent := readProcess(), c.source.spent()
	pools := section{Key: "pools", Table: poolTable(q, s)}
	if s.IgnoredPools > 0 {
		pools.Notes = []string{q.lang.text("note.ignored_pools", formatCount(float64(s.IgnoredPools)))}
	}
	tiles := []tile{
		{Key: "goroutines", Value: formatCount(float64(p.Goroutines))},
		{Key: "processors", Value: formatCount(float64(p.Threads))},
		{Key: "heap", Value: formatNumber(float64(p.Heap) / mebibyte), Unit: "MiB"},
		{Key: "memory", Value: formatNumber(float64(p.Total) / mebibyte), Unit: "MiB"},
		{Key: "gc_cycles", Value: formatCount(float64(p.Cycles))},
		{Key: "gc_cpu", Value: formatShare(ratio(p.GC, p.CPU)), Unit: "%"},
	}
	if p.Disk > 0 {
		tiles = append(tiles, tile{Key: "disk", Value: formatCount(float64(p.Disk) / mebibyte), Unit: "MiB", Alert: p.Disk < 512*mebibyte})
	}
	own := []tile{
		{Key: "console_pages", Value: formatCount(float64(spent.Pages))},
		{Key: "console_snapshots", Value: formatCount(float64(spent.Snapshots))},
		{Key: "console_refused", Value: formatCount(float64(spent.Refused)), Alert: spent.Refused > 0},
		{Key: "console_time", Value: formatMillis(each(spent.Time, spent.Pages)), Unit: "ms"},
		{Key: "console_total", Value: q.lang.elapsed(spent.Time)},
		{Key: "console_bytes", Value: formatNumber(float64(spent.Bytes) / mebibyte), Unit: "MiB"},
		{Key: "overflowed", Value: formatCount(float64(s.Overflowed))},
		{Key: "unattributed", Value: formatCount(float64(s.Unattributed))},
	}
	return &content{
		sections: []section{{Key: "process", Tiles: tiles}, pools, {Key: "exports", Table: exportTable(q, s)}, {Key: "own", Tiles: own}},
		name:     "runtime",
		data: map[string]any{
			"process": p, "pools": poolsData(s.Pools), "ignored_pools": s.IgnoredPools, "exports": exportsData(s.Exports),
			"console":    map[string]any{"pages": spent.Pages, "snapshots": spent.Snapshots, "refused": spent.Refused, "bytes": spent.Bytes, "render_seconds": spent.Time.Seconds()},
			"overflowed": s.Overflowed, "unattributed": s.Unattributed,
		},
	}, nil
}

func poolTable(q query, s apm.Snapshot) *table {
	count := func(key string, n func(apm.PoolStats) int) column[apm.PoolStats] {
		return column[apm.PoolStats]{key, kindCount, func(p apm.PoolStats) value { return value{number: float64(n(p))} }}
	}
	return newTable(q, s.Pools, shape[apm.PoolStats]{
		key: "pools", empty: "empty.pools", now: s.End, rowKey: func(p apm.PoolStats) string { return p.Name },
		alert: func(p apm.PoolStats) string {
			if p.Max > 0 && p.Used >= p.Max {
				return q.lang.text("alert.pool", p.Name, p.Used, p.Max)
			}
			return ""
		},
		columns: []column[apm.PoolStats]{
			{"pool", kindText, func(p apm.PoolStats) value { return value{text: p.Name, class: "name"} }},
			count("used", func(p apm.PoolStats) int { return p.Used }),
			count("idle", func(p apm.PoolStats) int { return p.Idle }),
			{"limit", kindCount, func(p apm.PoolStats) value { return value{number: float64(p.Max), none: p.Max == 0} }},
			{"waits", kindCount, func(p apm.PoolStats) value { return value{number: float64(p.Waits)} }},
			{"wait_mean", kindMillis, func(p apm.PoolStats) value { return value{duration: each(p.WaitTime, p.Waits)} }},
			{"wait_total", kindMillis, func(p apm.PoolStats) value { return value{duration: p.WaitTime} }},
		},
	})
}

// exportTable is what became of the telemetry.
func exportTable(q query, s apm.Snapshot) *table {
	count := func(key string, n func(apm.ExportStats) uint64) column[apm.ExportStats] {
		return column[apm.ExportStats]{key, kindCount, func(e apm.ExportStats) value { return value{number: float64(n(e))} }}
	}
	return newTable(q, s.Exports, shape[apm.ExportStats]{
		key: "exports", empty: "empty.exports", now: s.End, rowKey: func(e apm.ExportStats) string { return e.Signal },
		columns: []column[apm.ExportStats]{
			{"signal", kindText, func(e apm.ExportStats) value { return value{text: e.Signal, class: "name"} }},
			{"destination", kindText, func(e apm.ExportStats) value { return value{text: e.Destination} }},
			count("queued", func(e apm.ExportStats) uint64 { return uint64(e.Queued) }),
			count("sent", func(e apm.ExportStats) uint64 { return e.Sent }),
			count("export_failures", func(e apm.ExportStats) uint64 { return e.Failed }),
			count("dropped", func(e apm.ExportStats) uint64 { return e.Dropped }),
		},
	})
}

// exportData is a signal's export in the versioned JSON.
type exportData struct {
	Signal      string `json:"signal"`
	Destination string `json:"destination"`
	Queued      int    `json:"queued"`
	Sent        uint64 `json:"sent"`
	Failed      uint64 `json:"failed"`
	Dropped     uint64 `json:"dropped"`
}

func exportsData(list []apm.ExportStats) []exportData {
	data := make([]exportData, 0, len(list))
	for _, e := range list {
		data = append(data, exportData{e.Signal, e.Destination, e.Queued, e.Sent, e.Failed, e.Dropped})
	}
	return data
}

// poolData is a connection pool in the versioned JSON.
type poolData struct {
	Name  string  `json:"name"`
	Used  int     `json:"used"`
	Idle  int     `json:"idle"`
	Max   int     `json:"max"`
	Waits uint64  `json:"waits"`
	Wait  float64 `json:"wait_seconds"`
}

func poolsData(list []apm.PoolStats) []poolData {
	data := make([]poolData, 0, len(list))
	for _, p := range list {
		data = append(data, poolData{p.Name, p.Used, p.Idle, p.Max, p.Waits, p.WaitTime.Seconds()})
	}
	return data
}

// rate returns how many a second there were.
func rate(n uint64, d time.Duration) float64 { return ratio(float64(n), d.Seconds()) }
