package console

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// point is one finished transaction.
type point struct {
	end          time.Time
	duration     time.Duration
	failed, slow bool
	method       string
	route        string
	traceID      string
}

// pointsWindow is how far back the list of transactions goes if no box says otherwise.
const pointsWindow = 10 * time.Minute

// transactionsPage lists the transactions of a box: those that ended from one moment to another and took from one duration
// to another. Those that were kept lead to their trace.
func transactionsPage(c *console, q query) (*content, error) {
	now := time.Now()
	from, to := unixMilli(q, "from", now.Add(-pointsWindow)), unixMilli(q, "to", now)
	shortest, longest := millis(q, "shortest", 0), millis(q, "longest", 1<<62)
	list := slices.DeleteFunc(c.source.points(from, to, shortest, longest), func(p point) bool {
		return !q.matches(nameOf(p.method, p.route), p.traceID)
	})
	kept := map[string]bool{}
	for _, t := range c.source.traces() {
		kept[t.TraceID] = true
	}
	columns := []column[point]{
		{"end", kindTime, func(p point) value { return value{at: p.end} }},
		{"method", kindText, func(p point) value { return value{text: p.method, class: "method"} }},
		{"route", kindText, func(p point) value {
			v := value{text: p.route, href: endpointLink(q, p.method, p.route), class: "name"}
			if kept[p.traceID] {
				v.href = traceLink(q, p.traceID)
			}
			return v
		}},
		{"duration", kindMillis, func(p point) value { return value{duration: p.duration} }},
		{"outcome", kindText, func(p point) value {
			switch {
			case p.failed:
				return value{text: q.lang.text("outcome.failed"), class: "bad"}
			case p.slow:
				return value{text: q.lang.text("outcome.slow"), class: "warn"}
			}
			return value{text: q.lang.text("outcome.ok")}
		}},
		{"trace", kindCode, func(p point) value {
			v := value{text: p.traceID}
			if kept[p.traceID] {
				v.href = traceLink(q, p.traceID)
			} else {
				v.class, v.title = "faint", q.lang.text("note.not_kept")
			}
			return v
		}},
	}
	sorted := arrange(q, list, columns, "-duration")
	subject := from.Format(time.TimeOnly) + " – " + to.Format(time.TimeOnly)
	if q.values.Get("shortest") != "" || q.values.Get("longest") != "" {
		subject += fmt.Sprintf(", %s – %s", formatElapsed(shortest), formatLongest(longest))
	}
	data := make([]pointData, 0, len(list))
	for _, p := range list {
		data = append(data, pointData{p.end.UTC(), p.duration.Seconds(), p.method, p.route, p.failed, p.slow, p.traceID})
	}
	return &content{
		subject: subject,
		sections: []section{{
			Key: "transactions", Notes: []string{q.lang.text("note.transactions")},
			Table: newTable(q, list, shape[point]{
				key: "transactions", columns: columns, sorted: sorted, sortable: true, empty: emptyKey(q, "empty.transactions"), now: now,
				rowKey: func(p point) string { return p.traceID + p.end.String() },
			}),
		}},
		name: "transactions", data: data,
	}, nil
}

func formatLongest(d time.Duration) string {
	if d == 1<<62 {
		return "∞"
	}
	return formatElapsed(d)
}

// unixMilli reads a moment from the URL.
func unixMilli(q query, name string, missing time.Time) time.Time {
	n, err := strconv.ParseInt(q.values.Get(name), 10, 64)
	if err != nil {
		return missing
	}
	return time.UnixMilli(n)
}

// millis reads a duration in ms from the URL.
func millis(q query, name string, missing time.Duration) time.Duration {
	v, err := strconv.ParseFloat(q.values.Get(name), 64)
	if err != nil || !(v >= 0 && v < 1e12) {
		return missing
	}
	return time.Duration(v * float64(time.Millisecond))
}

// pointData is a transaction in the versioned JSON.
type pointData struct {
	End      time.Time `json:"end"`
	Duration float64   `json:"duration_seconds"`
	Method   string    `json:"method"`
	Route    string    `json:"route"`
	Failed   bool      `json:"failed"`
	Slow     bool      `json:"slow"`
	TraceID  string    `json:"trace_id"`
}
