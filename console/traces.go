package console

import (
	"slices"
	"strconv"
	"time"

	"github.com/daybook-apm/daybook/apm"
)

func traceLink(q query, id string) string { return q.link("trace", "id", id) }

func tracesPage(c *console, q query) (*content, error) {
	now := time.Now()
	list := slices.DeleteFunc(c.source.traces(), func(t apm.Trace) bool {
		return !q.matches(nameOf(t.Method, t.Route), t.TraceID, t.ErrorType, t.Kept, strconv.Itoa(t.Status))
	})
	columns := traceColumns(q)
	sorted := arrange(q, list, columns, "-start")
	main := section{Key: "traces", Legend: true, Table: newTable(q, list, shape[apm.Trace]{
		key: "traces", columns: columns, sorted: sorted, sortable: true, empty: emptyKey(q, "empty.traces"), now: now,
		rowKey: func(t apm.Trace) string { return t.SpanID },
	})}
	if suppressed := c.source.snapshot(q.window.duration).Suppressed; suppressed > 0 {
		main.Notes = append(main.Notes, q.lang.text("note.suppressed", formatCount(float64(suppressed))))
	}
	data := make([]traceData, 0, len(list))
	for i := range list {
		data = append(data, newTraceData(&list[i]))
	}
	return &content{sections: []section{main}, name: "traces", data: data}, nil
}

func traceColumns(q query) []column[apm.Trace] {
	return []column[apm.Trace]{
		{"start", kindTime, func(t apm.Trace) value { return value{at: t.Start, href: traceLink(q, t.SpanID)} }},
		{"kept", kindText, func(t apm.Trace) value {
			return value{text: q.lang.text("kept." + t.Kept), title: q.lang.text("kept." + t.Kept + ".title"), class: "kept-" + t.Kept}
		}},
		{"method", kindText, func(t apm.Trace) value { return value{text: t.Method, class: "method"} }},
		{"route", kindText, func(t apm.Trace) value {
			return value{text: t.Route, href: traceLink(q, t.SpanID), class: "name"}
		}},
		{"duration", kindMillis, func(t apm.Trace) value { return value{duration: t.Duration} }},
		{"breakdown", kindBar, func(t apm.Trace) value { return value{duration: t.Duration, parts: traceParts(&t)} }},
		{"sql_calls", kindCount, func(t apm.Trace) value { return value{number: float64(t.SQLCalls)} }},
		{"external_calls", kindCount, func(t apm.Trace) value { return value{number: float64(t.ExternalCalls)} }},
		{"status", kindText, func(t apm.Trace) value {
			if t.Status == 0 {
				return value{none: true}
			}
			v := value{text: strconv.Itoa(t.Status)}
			if t.Failed {
				v.class = "bad"
			}
			return v
		}},
		{"error", kindCode, func(t apm.Trace) value { return value{text: t.ErrorType, class: "name"} }},
		{"trace", kindCode, func(t apm.Trace) value { return value{text: t.TraceID} }},
	}
}

func traceParts(t *apm.Trace) []part {
	return []part{
		{"sql", t.SQL.Seconds()}, {"fetch", t.Fetch.Seconds()}, {"external", t.External.Seconds()}, {"own", (t.App + t.Segment).Seconds()},
	}
}

// traceData is a kept transaction in the versioned JSON.
type traceData struct {
	TraceID      string      `json:"trace_id"`
	SpanID       string      `json:"span_id"`
	ParentSpanID string      `json:"parent_span_id,omitempty"`
	Kept         string      `json:"kept"`
	Running      bool        `json:"running"`
	Method       string      `json:"method"`
	Route        string      `json:"route"`
	Start        time.Time   `json:"start"`
	Duration     float64     `json:"duration_seconds"`
	SQL          float64     `json:"sql_seconds"`
	SQLCalls     uint64      `json:"sql_calls"`
	Fetch        float64     `json:"fetch_seconds"`
	External     float64     `json:"external_seconds"`
	ExternalCall uint64      `json:"external_calls"`
	App          float64     `json:"app_seconds"`
	Status       int         `json:"status"`
	ErrorType    string      `json:"error_type"`
	Failed       bool        `json:"failed"`
	Canceled     bool        `json:"canceled"`
	Entries      []entryData `json:"entries,omitempty"`
	Errors       []errorData `json:"errors,omitempty"`
}

// entryData is an entry of a trace in the versioned JSON.
type entryData struct {
	Kind        string  `json:"kind"`
	Text        string  `json:"text"`
	Offset      float64 `json:"offset_seconds"`
	End         float64 `json:"end_seconds"`
	Duration    float64 `json:"duration_seconds"`
	Fetch       float64 `json:"fetch_seconds"`
	StatementID string  `json:"statement_id,omitempty"`
	Query       string  `json:"query,omitempty"`
	Caller      string  `json:"caller,omitempty"`
	Rows        int64   `json:"rows"`
	Status      int     `json:"status,omitempty"`
	ErrorType   string  `json:"error_type,omitempty"`
	Repeats     uint64  `json:"repeats"`
	Open        bool    `json:"open"`
}

// errorData is an error of a trace in the versioned JSON.
type errorData struct {
	Offset  float64 `json:"offset_seconds"`
	Type    string  `json:"type"`
	Message string  `json:"message"`
	Count   uint64  `json:"count"`
}

// newTraceData leaves out the entries, which only the trace's own page has.
func newTraceData(t *apm.Trace) traceData {
	return traceData{
		TraceID: t.TraceID, SpanID: t.SpanID, ParentSpanID: t.ParentSpanID, Kept: t.Kept, Running: t.Running,
		Method: t.Method, Route: t.Route, Start: t.Start.UTC(), Duration: t.Duration.Seconds(),
		SQL: t.SQL.Seconds(), SQLCalls: t.SQLCalls, Fetch: t.Fetch.Seconds(),
		External: t.External.Seconds(), ExternalCall: t.ExternalCalls, App: (t.App + t.Segment).Seconds(),
		Status: t.Status, ErrorType: t.ErrorType, Failed: t.Failed, Canceled: t.Canceled,
	}
}
