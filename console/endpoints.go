package console

import (
	"slices"
	"time"

	"github.com/daybook-apm/daybook/apm"
)

// What the library itself puts in place of a route.
const (
	otherRoute     = "(other)"
	unmatchedRoute = "(unmatched)"
	withoutRoute   = "(no transaction)"
)

// An endpoint is marked when more than these parts of its calls fail or are slow, if there are enough of them to tell.
const (
	alertFailures = 0.05
	alertSlow     = 0.25
	alertCalls    = 5
)

func endpointsPage(c *console, q query) (*content, error) {
	s := c.source.snapshot(q.window.duration)
	list := slices.DeleteFunc(slices.Clone(s.Endpoints), func(e apm.EndpointStats) bool {
		return e.Calls == 0 && e.Route != withoutRoute || !q.matches(e.Method+" "+e.Route)
	})
	var total time.Duration
	for i := range s.Endpoints {
		total += s.Endpoints[i].Duration.Total
	}
	columns := append(endpointColumns(q, total), courseColumns(c, q)...)
	sorted := arrange(q, list, columns, "-share")
	main := section{Key: "endpoints", Legend: true, Notes: explanations(q, list), Table: newTable(q, list, shape[apm.EndpointStats]{
		key: "endpoints", columns: columns, sorted: sorted, sortable: true, empty: emptyKey(q, "empty.endpoints"), now: s.End,
		rowKey: endpointKey,
		alert:  func(e apm.EndpointStats) string { return endpointAlert(q.lang, e) },
	})}
	return &content{sections: []section{main}, name: "endpoints", data: endpointsData(list)}, nil
}

func endpointKey(e apm.EndpointStats) string { return e.Method + " " + e.Route }

// emptyKey says why a table is empty: because of the filter, or because nothing has happened.
func emptyKey(q query, key string) string {
	if q.filter != "" {
		return "empty.filter"
	}
	return key
}

// explanations tell what the rows are that stand for no route of the program.
func explanations(q query, list []apm.EndpointStats) (notes []string) {
	for _, route := range []string{unmatchedRoute, otherRoute, withoutRoute} {
		if slices.ContainsFunc(list, func(e apm.EndpointStats) bool { return e.Route == route }) {
			notes = append(notes, q.lang.text("explain."+route))
		}
	}
	return notes
}

func endpointColumns(q query, total time.Duration) []column[apm.EndpointStats] {
	count := func(key string, of func(apm.EndpointStats) uint64, class string) column[apm.EndpointStats] {
		return column[apm.EndpointStats]{key, kindCount, func(e apm.EndpointStats) value {
			v := value{number: float64(of(e))}
			if v.number > 0 {
				v.class = class
			}
			return v
		}}
	}
	millis := func(key string, of func(apm.EndpointStats) time.Duration) column[apm.EndpointStats] {
		return column[apm.EndpointStats]{key, kindMillis, func(e apm.EndpointStats) value {
			return value{duration: of(e), none: e.Calls == 0}
		}}
	}
	perCall := func(key string, of func(apm.EndpointStats) time.Duration) column[apm.EndpointStats] {
		return millis(key, func(e apm.EndpointStats) time.Duration { return each(of(e), e.Calls) })
	}
	return []column[apm.EndpointStats]{
		{"method", kindText, func(e apm.EndpointStats) value { return value{text: e.Method, class: "method"} }},
		{"route", kindText, func(e apm.EndpointStats) value {
			v := value{text: e.Route, href: endpointLink(q, e.Method, e.Route), class: "name"}
			if key := "explain." + e.Route; q.lang.has(key) {
				v.title = q.lang.text(key)
			}
			return v
		}},
		count("calls", func(e apm.EndpointStats) uint64 { return e.Calls }, ""),
		{"share", kindShare, func(e apm.EndpointStats) value {
			return value{number: ratio(e.Duration.Total.Seconds(), total.Seconds())}
		}},
		{"breakdown", kindBar, func(e apm.EndpointStats) value {
			return value{duration: e.Duration.Total, parts: breakdown(e)}
		}},
		count("failures", func(e apm.EndpointStats) uint64 { return e.Failures }, "bad"),
		count("client_errors", func(e apm.EndpointStats) uint64 { return e.ClientErrors }, ""),
		count("slow", func(e apm.EndpointStats) uint64 { return e.Slow }, "warn"),
		millis("mean", func(e apm.EndpointStats) time.Duration { return e.Duration.Mean }),
		millis("p95", func(e apm.EndpointStats) time.Duration { return e.Duration.P95 }),
		millis("max", func(e apm.EndpointStats) time.Duration { return e.Duration.Max }),
		millis("stddev", func(e apm.EndpointStats) time.Duration { return e.Duration.StdDev }),
		perCall("sql", func(e apm.EndpointStats) time.Duration { return e.SQL }),
		{"sql_calls", kindNumber, func(e apm.EndpointStats) value {
			v := value{number: ratio(float64(e.SQLCalls), float64(e.Calls)), none: e.Calls == 0}
			if e.Repeated > 0 {
				v.class, v.title = "warn", q.lang.text("title.repeated", e.Repeated)
			}
			return v
		}},
		perCall("fetch", func(e apm.EndpointStats) time.Duration { return e.Fetch }),
		perCall("external", func(e apm.EndpointStats) time.Duration { return e.External }),
		perCall("own", ownTime),
	}
}

// ownTime is what an endpoint spends in the program's own code, named or not.
func ownTime(e apm.EndpointStats) time.Duration { return e.App + e.Segment }

func each(d time.Duration, n uint64) time.Duration {
	if n == 0 {
		return 0
	}
	return d / time.Duration(n)
}

func ratio(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return part / whole
}

func breakdown(e apm.EndpointStats) []part {
	return []part{
		{"sql", e.SQL.Seconds()}, {"fetch", e.Fetch.Seconds()}, {"external", e.External.Seconds()}, {"own", ownTime(e).Seconds()},
	}
}

func endpointLink(q query, method, route string) string {
	return q.link("endpoint", "method", method, "route", route)
}

// endpointAlert says what is wrong with an endpoint, if enough of its calls say so.
func endpointAlert(l *language, e apm.EndpointStats) string {
	name := nameOf(e.Method, e.Route)
	switch calls := float64(e.Calls); {
	case e.Failures >= alertCalls && float64(e.Failures) > alertFailures*calls:
		return l.text("alert.failures", name, formatShare(float64(e.Failures)/calls), formatCount(float64(e.Failures)), formatCount(calls))
	case e.Slow >= alertCalls && float64(e.Slow) > alertSlow*calls:
		phase, share := mostOf(breakdown(e))
		return l.text("alert.slow", name, formatMillis(e.Duration.Mean), formatMillis(e.Duration.P95), formatShare(share), l.text("phase."+phase))
	}
	return ""
}

// mostOf returns the largest part, and what share of the whole it is.
func mostOf(parts []part) (name string, share float64) {
	largest, sum := 0.0, 0.0
	for _, p := range parts {
		sum += p.width
		if p.width > largest {
			largest, name = p.width, p.name
		}
	}
	return name, ratio(largest, sum)
}

func nameOf(method, route string) string {
	if method == "" {
		return route
	}
	return method + " " + route
}

// endpointData is an endpoint in the versioned JSON.
type endpointData struct {
	Method       string       `json:"method"`
	Route        string       `json:"route"`
	Calls        uint64       `json:"calls"`
	Failures     uint64       `json:"failures"`
	ClientErrors uint64       `json:"client_errors"`
	Canceled     uint64       `json:"canceled"`
	Slow         uint64       `json:"slow"`
	Repeated     uint64       `json:"repeated"`
	Duration     durationData `json:"duration"`
	PerCall      perCallData  `json:"per_call"`
}

type durationData struct {
	Total  float64 `json:"total_seconds"`
	Mean   float64 `json:"mean_seconds"`
	P50    float64 `json:"p50_seconds"`
	P95    float64 `json:"p95_seconds"`
	P99    float64 `json:"p99_seconds"`
	Max    float64 `json:"max_seconds"`
	StdDev float64 `json:"stddev_seconds"`
}

type perCallData struct {
	SQL           float64 `json:"sql_seconds"`
	SQLCalls      float64 `json:"sql_calls"`
	Fetch         float64 `json:"fetch_seconds"`
	External      float64 `json:"external_seconds"`
	ExternalCalls float64 `json:"external_calls"`
	App           float64 `json:"app_seconds"`
}

func endpointsData(list []apm.EndpointStats) []endpointData {
	data := make([]endpointData, 0, len(list))
	for _, e := range list {
		data = append(data, newEndpointData(e))
	}
	return data
}

func newEndpointData(e apm.EndpointStats) endpointData {
	calls := float64(e.Calls)
	return endpointData{
		Method: e.Method, Route: e.Route, Calls: e.Calls, Failures: e.Failures, ClientErrors: e.ClientErrors,
		Canceled: e.Canceled, Slow: e.Slow, Repeated: e.Repeated,
		Duration: durationData{
			Total: e.Duration.Total.Seconds(), Mean: e.Duration.Mean.Seconds(), P50: e.Duration.P50.Seconds(), P95: e.Duration.P95.Seconds(),
			P99: e.Duration.P99.Seconds(), Max: e.Duration.Max.Seconds(), StdDev: e.Duration.StdDev.Seconds(),
		},
		PerCall: perCallData{
			SQL: ratio(e.SQL.Seconds(), calls), SQLCalls: ratio(float64(e.SQLCalls), calls),
			Fetch:    ratio(e.Fetch.Seconds(), calls),
			External: ratio(e.External.Seconds(), calls), ExternalCalls: ratio(float64(e.ExternalCalls), calls),
			App: ratio(ownTime(e).Seconds(), calls),
		},
	}
}

// courseColumns tell how an endpoint does against yesterday, and in the last hour.
func courseColumns(c *console, q query) []column[apm.EndpointStats] {
	changes := map[string]value{}
	for _, e := range c.source.today().Endpoints {
		changes[nameOf(e.Method, e.Route)] = changeValue(q.lang, e)
	}
	var sparks map[string][]float64
	if q.format == formatHTML {
		sparks = c.source.sparks()
	}
	return []column[apm.EndpointStats]{
		{"change", kindChange, func(e apm.EndpointStats) value {
			v, ok := changes[nameOf(e.Method, e.Route)]
			v.none = v.none || !ok
			return v
		}},
		{"spark", kindSpark, func(e apm.EndpointStats) value {
			return value{title: q.lang.text("title.spark"), series: sparks[nameOf(e.Method, e.Route)]}
		}},
	}
}
