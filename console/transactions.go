package console

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/daybook-apm/daybook/apm"
)

// pointsWindow is how far back the list of transactions goes if no box says otherwise.
const pointsWindow = 10 * time.Minute

// transactionsPage lists the transactions of a box: those that ended from one moment to another and took from one duration
// to another. Those that were kept lead to their trace.
func transactionsPage(c *console, q query) (*content, error) {
	now := time.Now()
	from, to := unixMilli(q, "from", now.Add(-pointsWindow)), unixMilli(q, "to", now)
	shortest, longest := millis(q, "shortest", 0), millis(q, "longest", 1<<62)
	list := slices.DeleteFunc(c.source.history.Scatter(from, to, shortest, longest), func(p apm.ScatterPoint) bool {
		return !q.matches(nameOf(p.Method, p.Route), p.TraceID)
	})
	kept := map[string]bool{}
	for _, t := range c.source.traces() {
		kept[t.TraceID] = true
	}
	columns := []column[apm.ScatterPoint]{
		{"end", kindTime, func(p apm.ScatterPoint) value { return value{at: p.End} }},
		{"method", kindText, func(p apm.ScatterPoint) value { return value{text: p.Method, class: "method"} }},
		{"route", kindText, func(p apm.ScatterPoint) value {
			v := value{text: p.Route, href: endpointLink(q, p.Method, p.Route), class: "name"}
			if kept[p.TraceID] {
				v.href = traceLink(q, p.TraceID)
			}
			return v
		}},
		{"duration", kindMillis, func(p apm.ScatterPoint) value { return value{duration: p.Duration} }},
		{"outcome", kindText, func(p apm.ScatterPoint) value {
			switch {
			case p.Failed:
				return value{text: q.lang.text("outcome.failed"), class: "bad"}
			case p.Slow:
				return value{text: q.lang.text("outcome.slow"), class: "warn"}
			}
			return value{text: q.lang.text("outcome.ok")}
		}},
		{"trace", kindCode, func(p apm.ScatterPoint) value {
			v := value{text: p.TraceID}
			if kept[p.TraceID] {
				v.href = traceLink(q, p.TraceID)
			} else {
				v.class, v.title = "faint", q.lang.text("note.not_kept")
			}
			return v
		}},
	}
	sorted := arrange(q, list, columns, "-duration")
	subject := from.Format(time.TimeOnly) + " – " + to.Format(time.TimeOnly)
	if q.values.Get("shortest") != "" || q.values.Get("longest") != "" {
		subject += fmt.Sprintf(", %s – %s", q.lang.elapsed(shortest), formatLongest(q.lang, longest))
	}
	main := section{Key: "transactions", Notes: []string{q.lang.text("note.transactions")}}
	if n := len(list); n > maxTransactions {
		list = list[:maxTransactions]
		main.Notes = append(main.Notes, q.lang.text("note.more_transactions", maxTransactions, formatCount(float64(n))))
	}
	data := make([]transactionData, 0, len(list))
	for _, p := range list {
		data = append(data, transactionData{p.End.UTC(), p.Duration.Seconds(), p.Method, p.Route, p.Failed, p.Slow, p.TraceID})
	}
	main.Table = newTable(q, list, shape[apm.ScatterPoint]{
		key: "transactions", columns: columns, sorted: sorted, sortable: true, empty: emptyKey(q, "empty.transactions"), now: now,
		rowKey: func(p apm.ScatterPoint) string { return p.TraceID + p.End.String() },
	})
	return &content{subject: subject, sections: []section{main}, name: "transactions", data: data}, nil
}

// maxTransactions is how many of a box are listed: those that the sorting puts first.
const maxTransactions = 2000

func formatLongest(l *language, d time.Duration) string {
	if d == 1<<62 {
		return "∞"
	}
	return l.elapsed(d)
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

// transactionData is a transaction in the versioned JSON.
type transactionData struct {
	End      time.Time `json:"end"`
	Duration float64   `json:"duration_seconds"`
	Method   string    `json:"method"`
	Route    string    `json:"route"`
	Failed   bool      `json:"failed"`
	Slow     bool      `json:"slow"`
	TraceID  string    `json:"trace_id"`
}

// scatterPage is all known transactions of the last minutes, in as few bytes as JSON allows: a script draws them.
func scatterPage(c *console, q query) (*content, error) {
	now := time.Now()
	from := now.Add(-pointsWindow)
	data := scatterData{From: from.UnixMilli(), End: []int64{}, Duration: []float64{}, State: []int{}}
	for _, p := range c.source.history.Scatter(from, now, 0, 1<<62) {
		state := 0
		switch {
		case p.Failed:
			state = 2
		case p.Slow:
			state = 1
		}
		data.End = append(data.End, p.End.UnixMilli()-data.From)
		// Three digits are finer than any screen.
		data.Duration = append(data.Duration, math.Round(1e5*p.Duration.Seconds())/100)
		data.State = append(data.State, state)
	}
	return &content{sections: []section{{Key: "scatter", Notes: []string{q.lang.text("heatmap.hint")}}}, name: "scatter", data: data}, nil
}

// scatterData is the transactions of a scatter chart, one at each index.
type scatterData struct {
	From     int64     `json:"from_unix_ms"`
	End      []int64   `json:"end_ms"`
	Duration []float64 `json:"duration_ms"`
	State    []int     `json:"state"` // 0 is fine, 1 slow, 2 failed.
}
