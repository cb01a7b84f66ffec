package console

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/daybook-apm/daybook/apm"
)

// caller is an endpoint's part in a statement or a remote.
type caller struct {
	method, route string
	calls, errors uint64
	requests      uint64 // Of the endpoint.
	total, max    time.Duration
}

// callers are the parts of endpoints in several statements or remotes, by the key of these.
type callers map[string][]caller

func (c callers) add(key string, part caller) { c[key] = append(c[key], part) }

// of returns the parts in one of them, the largest first.
func (c callers) of(key string) []caller {
	list := c[key]
	slices.SortFunc(list, func(a, b caller) int {
		return cmp.Or(-cmp.Compare(a.total, b.total), cmp.Compare(a.route, b.route), cmp.Compare(a.method, b.method))
	})
	return list
}

func callerNames(list []caller) string {
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = nameOf(c.method, c.route)
	}
	return strings.Join(names, ", ")
}

// callersValue shows the endpoint that takes most of something, and how many others do.
func callersValue(q query, list []caller) value {
	if len(list) == 0 {
		return value{none: true}
	}
	first := list[0]
	v := value{
		text: nameOf(first.method, first.route), title: callerNames(list), class: "name",
		href: endpointLink(q, first.method, first.route),
	}
	if len(list) > 1 {
		v.text = q.lang.text("more", v.text, len(list)-1)
	}
	if q.format == formatCSV {
		v.text = callerNames(list)
	}
	return v
}

// callersSection is the table of the endpoints that call something.
func callersSection(q query, s apm.Snapshot, list []caller) section {
	columns := []column[caller]{
		{"method", kindText, func(c caller) value { return value{text: c.method, class: "method"} }},
		{"route", kindText, func(c caller) value {
			return value{text: c.route, href: endpointLink(q, c.method, c.route), class: "name"}
		}},
		{"calls", kindCount, func(c caller) value { return value{number: float64(c.calls)} }},
		{"per_request", kindNumber, func(c caller) value {
			return value{number: ratio(float64(c.calls), float64(c.requests)), none: c.requests == 0}
		}},
		{"total", kindMillis, func(c caller) value { return value{duration: c.total} }},
		{"mean", kindMillis, func(c caller) value { return value{duration: each(c.total, c.calls)} }},
		{"max", kindMillis, func(c caller) value { return value{duration: c.max} }},
		{"errors", kindCount, func(c caller) value {
			v := value{number: float64(c.errors)}
			if c.errors > 0 {
				v.class = "bad"
			}
			return v
		}},
	}
	sorted := arrange(q, list, columns, "-total")
	return section{Key: "callers", Table: newTable(q, list, shape[caller]{
		key: "callers", columns: columns, sorted: sorted, sortable: true, empty: "empty.endpoints", now: s.End,
		rowKey: func(c caller) string { return nameOf(c.method, c.route) },
	})}
}

// callDuration is how long the calls of something took, in the versioned JSON.
type callDuration struct {
	Total float64 `json:"total_seconds"`
	Mean  float64 `json:"mean_seconds"`
	Max   float64 `json:"max_seconds"`
}

// callerData is an endpoint that calls something, in the versioned JSON.
type callerData struct {
	Method   string       `json:"method"`
	Route    string       `json:"route"`
	Calls    uint64       `json:"calls"`
	Errors   uint64       `json:"errors"`
	Duration callDuration `json:"duration"`
}

func callersData(list []caller) (data []callerData) {
	for _, c := range list {
		data = append(data, callerData{c.method, c.route, c.calls, c.errors,
			callDuration{c.total.Seconds(), each(c.total, c.calls).Seconds(), c.max.Seconds()}})
	}
	return data
}
