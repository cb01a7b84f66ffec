package console

import (
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/daybook-apm/daybook/apm"
)

func tracePage(c *console, q query) (*content, error) {
	t, ok := c.source.trace(q.values.Get("id"))
	if !ok {
		return nil, errNotFound
	}
	tiles := []tile{
		{Key: "duration", Value: formatMillis(t.Duration), Unit: "ms", Alert: t.Failed},
		{Key: "start", Value: t.Start.Format("15:04:05.000")},
		{Key: "kept", Value: q.lang.text("kept." + t.Kept)},
	}
	if t.Status > 0 {
		tiles = append(tiles, tile{Key: "status", Value: strconv.Itoa(t.Status), Alert: t.Failed})
	}
	for _, p := range traceParts(&t) {
		if p.width > 0 {
			tiles = append(tiles, tile{Key: "part_" + p.name, Value: formatNumber(1000 * p.width), Unit: "ms"})
		}
	}
	sections := []section{
		{Key: "trace", Tiles: tiles, Copy: t.TraceID, Links: traceLinks(q, c.traceLink, &t), Notes: traceNotes(q.lang, &t)},
		{Key: "waterfall", Legend: true, Table: waterfall(q, &t)},
	}
	if len(t.Errors) > 0 {
		sections = append(sections, section{Key: "trace_errors", Table: traceErrors(q, &t)})
	}
	for _, e := range t.Errors {
		if e.Stack != "" {
			sections = append(sections, section{Key: "stack", Pre: e.Stack})
		}
	}
	if t.Stack != "" {
		sections = append(sections, section{Key: "stack_stuck", Pre: t.Stack})
	}
	return &content{subject: nameOf(t.Method, t.Route), sections: sections, name: "trace", data: wholeTrace(&t)}, nil
}

// traceLinks lead to the endpoint and to the trace backend.
func traceLinks(q query, template string, t *apm.Trace) []link {
	links := []link{{Label: q.lang.text("link.endpoint"), Href: endpointLink(q, t.Method, t.Route)}}
	address := strings.ReplaceAll(template, "{trace_id}", url.PathEscape(t.TraceID))
	if u, err := url.Parse(address); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		links = append(links, link{Label: q.lang.text("link.backend", u.Host), Href: address, External: true})
	}
	return links
}

func traceNotes(l *language, t *apm.Trace) (notes []string) {
	if t.Running {
		notes = append(notes, l.text("note.running"))
	}
	if calls := t.SQLCalls + t.ExternalCalls; calls > maxEntries {
		notes = append(notes, l.text("note.entries", maxEntries, formatCount(float64(calls))))
	}
	return notes
}

// maxEntries is how many entries a transaction keeps.
const maxEntries = 64

// step is one line of a waterfall: an entry, several runs of one statement in a row, or a gap in which no entry was in flight.
type step struct {
	entries []apm.TraceEntry
	offset  time.Duration
	end     time.Duration
}

func (s step) gap() bool { return len(s.entries) == 0 }

// spent is how long the entries were in flight, reading rows included.
func (s step) spent() (d time.Duration) {
	if s.gap() {
		return s.end - s.offset
	}
	for _, e := range s.entries {
		d += e.Duration + e.Fetch
	}
	return d
}

// steps puts together what repeats, and shows what is in between. A gap that is hardly seen is none.
func steps(t *apm.Trace) (list []step) {
	least := max(t.Duration/50, time.Millisecond/10)
	var covered time.Duration
	for _, e := range t.Entries {
		end := max(e.End, e.Offset+e.Duration)
		if e.Offset-covered >= least {
			list = append(list, step{offset: covered, end: e.Offset})
		}
		covered = max(covered, end)
		if n := len(list); n > 0 && e.StatementID != "" && !list[n-1].gap() && list[n-1].entries[0].StatementID == e.StatementID {
			list[n-1].entries = append(list[n-1].entries, e)
			list[n-1].end = max(list[n-1].end, end)
			continue
		}
		list = append(list, step{[]apm.TraceEntry{e}, e.Offset, end})
	}
	if t.Duration-covered >= least {
		list = append(list, step{offset: covered, end: t.Duration})
	}
	return list
}

// parts are the entries as a bar over the whole transaction. A part without a name is empty space.
func (s step) parts() (parts []part) {
	at := time.Duration(0)
	add := func(name string, d time.Duration) {
		parts = append(parts, part{name, d.Seconds()})
		at += d
	}
	if s.gap() {
		add("", s.offset)
		add("own", s.end-s.offset)
		return parts
	}
	for _, e := range s.entries {
		if e.Offset > at {
			add("", e.Offset-at)
		}
		// What runs beside another one of the same line began earlier than its end.
		end := max(e.End, e.Offset+e.Duration)
		fetched := max(0, end-max(at, e.Offset)-e.Duration)
		name := map[string]string{"sql": "sql", "external": "external"}[e.Kind]
		if name == "" {
			name = "own"
		}
		if e.Kind == "sql" && e.Fetch > 0 {
			add(name, max(0, end-at-fetched))
			add("fetch", fetched)
			continue
		}
		add(name, max(0, end-at))
	}
	return parts
}

func waterfall(q query, t *apm.Trace) *table {
	first := func(s step) apm.TraceEntry {
		if s.gap() {
			return apm.TraceEntry{}
		}
		return s.entries[0]
	}
	columns := []column[step]{
		{"offset", kindMillis, func(s step) value { return value{duration: s.offset} }},
		{"entry", kindText, func(s step) value {
			e := first(s)
			switch {
			case s.gap():
				return value{text: q.lang.text("gap"), class: "nested"}
			case len(s.entries) > 1:
				return value{text: "×" + strconv.Itoa(len(s.entries)) + " " + e.Text, title: e.Query, class: "name warn in-" + e.Kind}
			case e.Repeats >= repeatedFrom:
				return value{text: e.Text, title: q.lang.text("title.repeats", e.Repeats), class: "name in-" + e.Kind}
			}
			return value{text: e.Text, title: e.Query, class: "name in-" + e.Kind}
		}},
		{"duration", kindMillis, func(s step) value { return value{duration: s.spent()} }},
		{"waterfall", kindBar, func(s step) value {
			return value{duration: s.spent(), whole: t.Duration, parts: s.parts(), class: "wide"}
		}},
		{"rows", kindCount, func(s step) value {
			v := value{none: first(s).Kind != "sql"}
			for _, e := range s.entries {
				v.number += float64(e.Rows)
			}
			return v
		}},
		{"result", kindCode, func(s step) value {
			for _, e := range s.entries {
				if e.ErrorType != "" {
					return value{text: e.ErrorType, class: "bad"}
				}
			}
			e := first(s)
			switch {
			case e.Open:
				return value{text: q.lang.text("open"), class: "warn"}
			case e.Status > 0:
				return value{text: strconv.Itoa(e.Status)}
			}
			return value{}
		}},
		{"caller", kindCode, func(s step) value { return callerValue(first(s).Caller) }},
	}
	return newTable(q, steps(t), shape[step]{
		key: "waterfall", columns: columns, now: t.Start, empty: "empty.entries",
		rowKey: func(s step) string { return strconv.FormatInt(int64(s.offset), 10) + first(s).Text },
	})
}

// callerValue shows the file and its folder; the whole path is there to hover over.
func callerValue(caller string) value {
	if caller == "" {
		return value{}
	}
	folder, file := path.Split(caller)
	return value{text: path.Join(path.Base(folder), file), title: caller}
}

func traceErrors(q query, t *apm.Trace) *table {
	return newTable(q, t.Errors, shape[apm.TraceError]{
		key: "trace_errors", now: t.Start,
		rowKey: func(e apm.TraceError) string { return e.Type + e.Message },
		columns: []column[apm.TraceError]{
			{"offset", kindMillis, func(e apm.TraceError) value { return value{duration: e.Offset} }},
			{"error", kindCode, func(e apm.TraceError) value { return value{text: e.Type, class: "bad"} }},
			{"message", kindText, func(e apm.TraceError) value { return value{text: e.Message, title: e.Message, class: "name wide-text"} }},
			{"count", kindCount, func(e apm.TraceError) value { return value{number: float64(e.Count)} }},
		},
	})
}

func wholeTrace(t *apm.Trace) traceData {
	data := newTraceData(t)
	for _, e := range t.Entries {
		data.Entries = append(data.Entries, entryData{
			Kind: e.Kind, Text: e.Text, Offset: e.Offset.Seconds(), End: e.End.Seconds(), Duration: e.Duration.Seconds(),
			Fetch: e.Fetch.Seconds(), StatementID: e.StatementID, Query: e.Query, Caller: e.Caller, Rows: e.Rows,
			Status: e.Status, ErrorType: e.ErrorType, Repeats: e.Repeats, Open: e.Open,
		})
	}
	for _, e := range t.Errors {
		data.Errors = append(data.Errors, errorData{e.Offset.Seconds(), e.Type, e.Message, e.Count})
	}
	return data
}
