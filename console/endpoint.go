package console

import (
	"cmp"
	"slices"
	"time"

	"github.com/daybook-apm/daybook/apm"
)

func endpointPage(c *console, q query) (*content, error) {
	s := c.source.snapshot(q.window.duration)
	e, ok := endpointOf(s, q.values.Get("method"), q.values.Get("route"))
	if !ok {
		return nil, errNotFound
	}
	content := &content{
		subject: nameOf(e.Method, e.Route),
		sections: []section{
			{Key: "endpoint", Tiles: endpointTiles(s, e), Alerts: nonEmpty(endpointAlert(q.lang, e)), Notes: explanations(q, []apm.EndpointStats{e})},
			breakdownSection(q, s, e),
			courseSection(c, q, e),
			{Key: "endpoint_sql", Table: endpointStatements(q, s, e)},
			{Key: "endpoint_external", Table: endpointRemotes(q, s, e)},
		},
		name: "endpoint",
	}
	if len(e.Errors) > 0 {
		content.sections = append(content.sections, section{Key: "endpoint_errors", Table: newTable(q, e.Errors, shape[apm.ErrorStats]{
			key: "endpoint_errors", now: s.End, rowKey: func(e apm.ErrorStats) string { return e.Type + "\n" + e.Message },
			columns: slices.DeleteFunc(errorColumns(q), func(c column[apm.ErrorStats]) bool { return c.key == "where" }),
		})})
	}
	if slowest := slowestTraces(c.source.traces(), e); len(slowest) > 0 {
		content.sections = append(content.sections, section{Key: "slowest", Table: newTable(q, slowest, shape[apm.Trace]{
			key: "slowest", now: s.End, rowKey: func(t apm.Trace) string { return t.SpanID },
			columns: slices.DeleteFunc(traceColumns(q), func(c column[apm.Trace]) bool { return c.key == "method" || c.key == "route" }),
		})})
	}
	data := struct {
		endpointData
		Statements []statementData  `json:"statements"`
		Remotes    []remoteData     `json:"remotes"`
		Errors     []errorGroupData `json:"errors"`
	}{endpointData: newEndpointData(e), Statements: []statementData{}, Remotes: []remoteData{}, Errors: []errorGroupData{}}
	for _, st := range e.Statements {
		data.Statements = append(data.Statements, newStatementData(statement{StatementStats: st}))
	}
	for _, r := range e.Remotes {
		data.Remotes = append(data.Remotes, newRemoteData(remote{RemoteStats: r}))
	}
	for _, err := range e.Errors {
		data.Errors = append(data.Errors, newErrorGroupData(err))
	}
	content.data = data
	return content, nil
}

func nonEmpty(sentence string) []string {
	if sentence == "" {
		return nil
	}
	return []string{sentence}
}

func endpointTiles(s apm.Snapshot, e apm.EndpointStats) []tile {
	return []tile{
		{Key: "calls", Value: formatCount(float64(e.Calls))},
		{Key: "rate", Value: formatNumber(rate(e.Calls, s.End.Sub(s.Start))), Unit: "/s"},
		{Key: "mean", Value: formatMillis(e.Duration.Mean), Unit: "ms"},
		{Key: "p50", Value: formatMillis(e.Duration.P50), Unit: "ms"},
		{Key: "p95", Value: formatMillis(e.Duration.P95), Unit: "ms"},
		{Key: "p99", Value: formatMillis(e.Duration.P99), Unit: "ms"},
		{Key: "max", Value: formatMillis(e.Duration.Max), Unit: "ms"},
		{Key: "failures", Value: formatShare(ratio(float64(e.Failures), float64(e.Calls))), Unit: "%", Alert: e.Failures > 0},
		{Key: "slow", Value: formatCount(float64(e.Slow))},
	}
}

// phaseRow is one line of the breakdown: what a part of the time is, per call.
type phaseRow struct {
	phase   string
	segment string // Its name, if the phase is a segment.
	total   time.Duration
	calls   float64
}

func breakdownSection(q query, s apm.Snapshot, e apm.EndpointStats) section {
	rows := []phaseRow{
		{phase: "sql", total: e.SQL, calls: ratio(float64(e.SQLCalls), float64(e.Calls))},
		{phase: "fetch", total: e.Fetch},
		{phase: "external", total: e.External, calls: ratio(float64(e.ExternalCalls), float64(e.Calls))},
		{phase: "own", total: ownTime(e)},
	}
	for _, segment := range e.Segments {
		rows = append(rows, phaseRow{phase: "own", segment: segment.Name, total: segment.Time, calls: ratio(float64(segment.Calls), float64(e.Calls))})
	}
	return section{Key: "breakdown", Table: newTable(q, rows, shape[phaseRow]{
		key: "breakdown", now: s.End, rowKey: func(p phaseRow) string { return p.phase + "\n" + p.segment },
		columns: []column[phaseRow]{
			{"phase", kindText, func(p phaseRow) value {
				if p.segment != "" {
					return value{text: p.segment, class: "name nested"}
				}
				return value{text: q.lang.text("phase." + p.phase), class: "name in-" + p.phase}
			}},
			{"per_call", kindMillis, func(p phaseRow) value { return value{duration: each(p.total, e.Calls), none: e.Calls == 0} }},
			{"share", kindShare, func(p phaseRow) value { return value{number: ratio(p.total.Seconds(), e.Duration.Total.Seconds())} }},
			{"bar", kindBar, func(p phaseRow) value {
				return value{duration: p.total, whole: e.Duration.Total, parts: []part{{p.phase, p.total.Seconds()}}, class: "wide"}
			}},
			{"times", kindNumber, func(p phaseRow) value { return value{number: p.calls, none: p.calls == 0} }},
			{"total", kindMillis, func(p phaseRow) value { return value{duration: p.total} }},
		},
	})}
}

func endpointStatements(q query, s apm.Snapshot, e apm.EndpointStats) *table {
	columns := slices.Insert(statementColumns(q, func(st apm.StatementStats) apm.StatementStats { return st }), 2,
		column[apm.StatementStats]{"per_request", kindNumber, func(st apm.StatementStats) value {
			return value{number: ratio(float64(st.Calls), float64(e.Calls)), none: e.Calls == 0}
		}})
	list := slices.Clone(e.Statements)
	sorted := arrange(q, list, columns, "-total")
	return newTable(q, list, shape[apm.StatementStats]{
		key: "endpoint_sql", columns: columns, sorted: sorted, sortable: true, empty: "empty.sql", now: s.End, rowKey: statementKey,
	})
}

func endpointRemotes(q query, s apm.Snapshot, e apm.EndpointStats) *table {
	columns := slices.Insert(remoteColumns(q, func(r apm.RemoteStats) apm.RemoteStats { return r }), 3,
		column[apm.RemoteStats]{"per_request", kindNumber, func(r apm.RemoteStats) value {
			return value{number: ratio(float64(r.Calls), float64(e.Calls)), none: e.Calls == 0}
		}})
	return newTable(q, e.Remotes, shape[apm.RemoteStats]{
		key: "endpoint_external", columns: columns, empty: "empty.external", now: s.End, rowKey: remoteKey,
	})
}

// courseSection is what a call consisted of, over time.
func courseSection(c *console, q query, e apm.EndpointStats) section {
	window, step := q.window.duration, time.Minute
	switch {
	case window == 0 || window > 6*time.Hour:
		window, step = 48*time.Hour, time.Hour
	case window > time.Hour:
		step = time.Hour
	default:
		window = time.Hour
	}
	points, versions := c.source.history.EndpointTimeline(e.Method, e.Route, window, step), c.source.history.Versions()
	perCall := func(class string, of func(apm.Point) time.Duration) measure {
		return measure{class, func(p apm.Point) float64 { return 1000 * each(of(p), p.Calls).Seconds() }}
	}
	whole := points
	if len(points) > 2 {
		whole = points[:len(points)-1] // The last step is not over: its rate would always fall.
	}
	return section{Key: "over_time", Charts: markDeploys(q, compact(
		newChart(q, "breakdown", "ms", whole, true,
			perCall("sql", func(p apm.Point) time.Duration { return p.SQL }),
			perCall("fetch", func(p apm.Point) time.Duration { return p.Fetch }),
			perCall("external", func(p apm.Point) time.Duration { return p.External }),
			perCall("own", func(p apm.Point) time.Duration { return p.App + p.Segment })),
		newChart(q, "throughput", "/s", whole, false,
			measure{"calls", func(p apm.Point) float64 { return rate(p.Calls, p.Step) }},
			measure{"failures", func(p apm.Point) float64 { return rate(p.Failures, p.Step) }}),
	), whole, versions), Details: pointTable(q, "over_time", points, versions)}
}

// maxSlowest is how many traces the page of an endpoint shows.
const maxSlowest = 20

// slowestTraces returns the kept traces of an endpoint that took longest.
func slowestTraces(all []apm.Trace, e apm.EndpointStats) []apm.Trace {
	list := slices.DeleteFunc(all, func(t apm.Trace) bool { return t.Method != e.Method || t.Route != e.Route })
	slices.SortStableFunc(list, func(a, b apm.Trace) int { return cmp.Compare(b.Duration, a.Duration) })
	return list[:min(maxSlowest, len(list))]
}

// endpointOf returns the account of an endpoint.
func endpointOf(s apm.Snapshot, method, route string) (apm.EndpointStats, bool) {
	i := slices.IndexFunc(s.Endpoints, func(e apm.EndpointStats) bool { return e.Method == method && e.Route == route })
	if i < 0 {
		return apm.EndpointStats{}, false
	}
	return s.Endpoints[i], true
}
