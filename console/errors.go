package console

import (
	"slices"
	"strings"
	"time"

	"github.com/daybook-apm/daybook/apm"
)

func errorsPage(c *console, q query) (*content, error) {
	s := c.source.snapshot(q.window.duration)
	list := slices.DeleteFunc(slices.Clone(s.Errors), func(e apm.ErrorStats) bool {
		return !q.matches(e.Type, e.Message, errorEndpoints(e))
	})
	columns := errorColumns(q)
	sorted := arrange(q, list, columns, "-count")
	main := section{Key: "errors", Notes: errorNotes(q), Table: newTable(q, list, shape[apm.ErrorStats]{
		key: "errors", columns: columns, sorted: sorted, sortable: true, empty: emptyKey(q, "empty.errors"), now: s.End,
		rowKey: func(e apm.ErrorStats) string { return e.Type + "\n" + e.Message },
	})}
	data := make([]errorGroupData, 0, len(list))
	for _, e := range list {
		data = append(data, newErrorGroupData(e))
	}
	return &content{sections: []section{main}, name: "errors", data: data}, nil
}

func errorColumns(q query) []column[apm.ErrorStats] {
	return []column[apm.ErrorStats]{
		{"error", kindCode, func(e apm.ErrorStats) value {
			return value{text: e.Type, href: errorLink(q, e), class: "name"}
		}},
		{"message", kindText, func(e apm.ErrorStats) value { return value{text: e.Message, title: e.Message, class: "name wide-text"} }},
		{"count", kindCount, func(e apm.ErrorStats) value { return value{number: float64(e.Count)} }},
		{"since_start", kindCount, func(e apm.ErrorStats) value { return value{number: float64(e.Total)} }},
		{"first", kindTime, func(e apm.ErrorStats) value { return value{at: e.First, none: e.First.IsZero()} }},
		{"last", kindTime, func(e apm.ErrorStats) value { return value{at: e.Last, none: e.Last.IsZero()} }},
		{"where", kindText, func(e apm.ErrorStats) value { return errorEndpointsValue(q, e) }},
		{"sample", kindCode, func(e apm.ErrorStats) value {
			if e.LastTraceID == "" {
				return value{none: true}
			}
			return value{text: e.LastTraceID[:min(8, len(e.LastTraceID))], title: e.LastTraceID, href: traceLink(q, e.LastTraceID)}
		}},
	}
}

// errorNotes say that a window leaves out what did not happen in it.
func errorNotes(q query) []string {
	if q.window.duration == 0 {
		return nil
	}
	return []string{q.lang.text("note.errors")}
}

func errorLink(q query, e apm.ErrorStats) string {
	return q.link("error", "type", e.Type, "message", e.Message)
}

func errorEndpoints(e apm.ErrorStats) string {
	names := make([]string, len(e.Endpoints))
	for i, at := range e.Endpoints {
		names[i] = nameOf(at.Method, at.Route)
	}
	return strings.Join(names, ", ")
}

func errorEndpointsValue(q query, e apm.ErrorStats) value {
	list := make([]caller, len(e.Endpoints))
	for i, at := range e.Endpoints {
		list[i] = caller{method: at.Method, route: at.Route}
	}
	return callersValue(q, list)
}

// errorPage is one group of errors, with its endpoints and its stack.
func errorPage(c *console, q query) (*content, error) {
	s := c.source.snapshot(q.window.duration)
	e, ok := errorOf(s, q.values.Get("type"), q.values.Get("message"))
	if !ok {
		// It may have happened before the window: a link to it is good for as long as it is known.
		if e, ok = errorOf(c.source.snapshot(0), q.values.Get("type"), q.values.Get("message")); !ok {
			return nil, errNotFound
		}
		e = before(e)
	}
	content := &content{subject: e.Type, name: "error", data: newErrorGroupData(e), sections: []section{
		{Key: "error", Tiles: []tile{
			{Key: "count", Value: formatCount(float64(e.Count))},
			{Key: "since_start", Value: formatCount(float64(e.Total))},
			{Key: "first", Value: formatTime(e.First, s.End)},
			{Key: "last", Value: formatTime(e.Last, s.End)},
		}, Pre: e.Message},
		{Key: "error_endpoints", Table: newTable(q, e.Endpoints, shape[apm.ErrorEndpoint]{
			key: "error_endpoints", now: s.End, rowKey: func(e apm.ErrorEndpoint) string { return nameOf(e.Method, e.Route) },
			columns: []column[apm.ErrorEndpoint]{
				{"method", kindText, func(e apm.ErrorEndpoint) value { return value{text: e.Method, class: "method"} }},
				{"route", kindText, func(e apm.ErrorEndpoint) value {
					return value{text: e.Route, href: endpointLink(q, e.Method, e.Route), class: "name"}
				}},
				{"count", kindCount, func(e apm.ErrorEndpoint) value { return value{number: float64(e.Count)} }},
				{"since_start", kindCount, func(e apm.ErrorEndpoint) value { return value{number: float64(e.Total)} }},
			},
		})},
	}}
	if e.LastTraceID != "" {
		content.sections[0].Links = []link{{Label: q.lang.text("link.sample"), Href: traceLink(q, e.LastTraceID)}}
	}
	if e.Stack != "" {
		content.sections = append(content.sections, section{Key: "stack", Pre: e.Stack})
	}
	return content, nil
}

func errorOf(s apm.Snapshot, errorType, message string) (apm.ErrorStats, bool) {
	i := slices.IndexFunc(s.Errors, func(e apm.ErrorStats) bool { return e.Type == errorType && e.Message == message })
	if i < 0 {
		return apm.ErrorStats{}, false
	}
	return s.Errors[i], true
}

// before returns errors as a window sees them in which none of them happened.
func before(e apm.ErrorStats) apm.ErrorStats {
	e.Count = 0
	e.Endpoints = slices.Clone(e.Endpoints) // Those of the snapshot are shared.
	for i := range e.Endpoints {
		e.Endpoints[i].Count = 0
	}
	return e
}

// errorGroupData is a group of errors in the versioned JSON.
type errorGroupData struct {
	Type        string              `json:"type"`
	Message     string              `json:"message"`
	Count       uint64              `json:"count"` // In the window.
	Total       uint64              `json:"total"` // Since the start.
	First       *time.Time          `json:"first,omitempty"`
	Last        *time.Time          `json:"last,omitempty"`
	Endpoints   []errorEndpointData `json:"endpoints"`
	Stack       string              `json:"stack,omitempty"`
	LastTraceID string              `json:"last_trace_id,omitempty"`
}

type errorEndpointData struct {
	Method string `json:"method"`
	Route  string `json:"route"`
	Count  uint64 `json:"count"`
	Total  uint64 `json:"total"`
}

func newErrorGroupData(e apm.ErrorStats) errorGroupData {
	data := errorGroupData{
		Type: e.Type, Message: e.Message, Count: e.Count, Total: e.Total, Endpoints: []errorEndpointData{}, Stack: e.Stack, LastTraceID: e.LastTraceID,
		First: known(e.First), Last: known(e.Last),
	}
	for _, at := range e.Endpoints {
		data.Endpoints = append(data.Endpoints, errorEndpointData{at.Method, at.Route, at.Count, at.Total})
	}
	return data
}

// known returns a moment as JSON has it, or nil if it is not known.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
