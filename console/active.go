package console

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/daybook-apm/daybook/apm"
)

// ages are the bands of elapsed time that one tells apart at a glance.
var ages = []struct {
	class string
	below time.Duration
}{
	{"age-1", time.Second}, {"age-2", 3 * time.Second}, {"age-3", 8 * time.Second}, {"age-4", 1<<63 - 1},
}

// stuckAfter is from when on a transaction is taken for one that hangs.
const stuckAfter = 8 * time.Second

// age is how many transactions are of one band.
type age struct {
	Class, Label string
	Count        int
}

func countAges(l *language, list []apm.ActiveTransaction) []age {
	counted := make([]age, len(ages))
	for i, a := range ages {
		counted[i] = age{Class: a.class, Label: l.text(a.class)}
	}
	for _, t := range list {
		counted[ageOf(t.Elapsed)].Count++
	}
	return counted
}

func ageOf(d time.Duration) int {
	for i, a := range ages {
		if d < a.below {
			return i
		}
	}
	return len(ages) - 1
}

func activePage(c *console, q query) (*content, error) {
	now := time.Now()
	all := c.source.active()
	list := slices.DeleteFunc(slices.Clone(all), func(t apm.ActiveTransaction) bool {
		return !q.matches(t.Method+" "+t.Route, t.Current, t.TraceID, t.Phase)
	})
	columns := []column[apm.ActiveTransaction]{
		{"method", kindText, func(t apm.ActiveTransaction) value { return value{text: t.Method, class: "method"} }},
		{"route", kindText, func(t apm.ActiveTransaction) value {
			if t.Route == "" {
				return value{text: q.lang.text("route.unknown"), title: q.lang.text("route.unknown.title"), class: "name"}
			}
			return value{text: t.Route, href: endpointLink(q, t.Method, t.Route), class: "name"}
		}},
		{"elapsed", kindElapsed, func(t apm.ActiveTransaction) value {
			return value{duration: t.Elapsed, class: ages[ageOf(t.Elapsed)].class}
		}},
		{"phase", kindText, func(t apm.ActiveTransaction) value {
			return value{text: q.lang.text("phase." + t.Phase), class: "in-" + t.Phase}
		}},
		{"current", kindCode, func(t apm.ActiveTransaction) value { return value{text: t.Current, class: "name"} }},
		{"current_elapsed", kindElapsed, func(t apm.ActiveTransaction) value { return value{duration: t.CurrentElapsed, none: t.Current == ""} }},
		{"stack", kindText, func(t apm.ActiveTransaction) value {
			return value{text: q.lang.text("link.stack"), href: q.link("stack", "id", strconv.FormatUint(t.ID, 10))}
		}},
		{"trace", kindCode, func(t apm.ActiveTransaction) value { return value{text: t.TraceID, href: traceLink(q, t.TraceID)} }},
	}
	sorted := arrange(q, list, columns, "-elapsed")
	return &content{
		sections: []section{
			{Key: "ages", Ages: countAges(q.lang, all), Alerts: stuckAlerts(q.lang, all)},
			{Key: "active", Table: newTable(q, list, shape[apm.ActiveTransaction]{
				key: "active", columns: columns, sorted: sorted, sortable: true, empty: emptyKey(q, "empty.active"), now: now,
				rowKey: func(t apm.ActiveTransaction) string { return strconv.FormatUint(t.ID, 10) },
			})},
		},
		name: "active", data: activeDataOf(list),
	}, nil
}

// stuckAlerts are one sentence for each endpoint and phase in which transactions hang.
func stuckAlerts(l *language, list []apm.ActiveTransaction) (sentences []string) {
	type place struct{ method, route, phase string }
	type crowd struct {
		place
		longest time.Duration
		count   int
	}
	crowds := map[place]*crowd{}
	for _, t := range list {
		if t.Elapsed < stuckAfter {
			continue
		}
		p := place{t.Method, t.Route, t.Phase}
		if crowds[p] == nil {
			crowds[p] = &crowd{place: p}
		}
		crowds[p].count++
		crowds[p].longest = max(crowds[p].longest, t.Elapsed)
	}
	sorted := make([]*crowd, 0, len(crowds))
	for _, c := range crowds {
		sorted = append(sorted, c)
	}
	slices.SortFunc(sorted, func(a, b *crowd) int {
		return cmp.Or(-cmp.Compare(a.longest, b.longest), cmp.Compare(a.route, b.route), cmp.Compare(a.method, b.method), cmp.Compare(a.phase, b.phase))
	})
	for _, c := range sorted {
		route := c.route
		if route == "" {
			route = l.text("route.unknown")
		}
		sentences = append(sentences, l.text("alert.stuck", nameOf(c.method, route), l.elapsed(c.longest), l.text("phase."+c.phase), c.count))
	}
	return sentences
}

// activeData is an active transaction in the versioned JSON.
type activeData struct {
	ID             uint64  `json:"id"`
	TraceID        string  `json:"trace_id"`
	Method         string  `json:"method"`
	Route          string  `json:"route"`
	Elapsed        float64 `json:"elapsed_seconds"`
	Phase          string  `json:"phase"`
	Current        string  `json:"current"`
	CurrentElapsed float64 `json:"current_elapsed_seconds"`
}

func activeDataOf(list []apm.ActiveTransaction) []activeData {
	data := make([]activeData, 0, len(list))
	for _, t := range list {
		data = append(data, activeData{
			ID: t.ID, TraceID: t.TraceID, Method: t.Method, Route: t.Route, Elapsed: t.Elapsed.Seconds(),
			Phase: t.Phase, Current: t.Current, CurrentElapsed: t.CurrentElapsed.Seconds(),
		})
	}
	return data
}

// stackPage shows what the goroutine of an active transaction does at this moment.
func stackPage(c *console, q query) (*content, error) {
	id, err := strconv.ParseUint(q.values.Get("id"), 10, 64)
	if err != nil {
		return nil, errNotFound
	}
	s := section{Key: "running"}
	stack, err := c.source.stack(id)
	if err != nil {
		s.Notes = []string{q.lang.text("note.no_stack", strings.TrimPrefix(err.Error(), "apm: stack: "))}
	}
	s.Pre = string(stack)
	return &content{sections: []section{s}, name: "stack", data: s.Pre}, nil
}
