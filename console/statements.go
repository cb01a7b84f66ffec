package console

import (
	"slices"
	"time"

	"github.com/daybook-apm/daybook/apm"
)

// statement is one with the endpoints that run it, those that take most of its time first.
type statement struct {
	apm.StatementStats
	callers []caller
}

// statements returns all of a snapshot, with their endpoints.
func statements(s apm.Snapshot) []statement {
	by := callers{}
	for _, e := range s.Endpoints {
		for _, st := range e.Statements {
			by.add(statementKey(st), caller{e.Method, e.Route, st.Calls, st.Errors, e.Calls, st.Total, st.Max})
		}
	}
	list := make([]statement, len(s.Statements))
	for i, st := range s.Statements {
		list[i] = statement{st, by.of(statementKey(st))}
	}
	return list
}

func statementKey(s apm.StatementStats) string { return s.System + "\n" + s.Namespace + "\n" + s.ID }

func statementsPage(c *console, q query) (*content, error) {
	s := c.source.snapshot(q.window.duration)
	list := slices.DeleteFunc(statements(s), func(st statement) bool {
		return st.Calls == 0 || !q.matches(st.Summary, st.Text, st.System, st.Namespace, callerNames(st.callers))
	})
	columns := slices.Insert(statementColumns(q, func(st statement) apm.StatementStats { return st.StatementStats }), 1,
		column[statement]{"endpoints", kindText, func(st statement) value { return callersValue(q, st.callers) }})
	sorted := arrange(q, list, columns, "-total")
	main := section{Key: "sql", Table: newTable(q, list, shape[statement]{
		key: "sql", columns: columns, sorted: sorted, sortable: true, empty: emptyKey(q, "empty.sql"), now: s.End,
		rowKey: func(st statement) string { return statementKey(st.StatementStats) },
	})}
	data := make([]statementData, 0, len(list))
	for _, st := range list {
		data = append(data, newStatementData(st))
	}
	return &content{sections: []section{main}, name: "statements", data: data}, nil
}

// statementColumns are those of statements in any list: T is the row, of which of takes the statement.
func statementColumns[T any](q query, of func(T) apm.StatementStats) []column[T] {
	count := func(key string, n func(apm.StatementStats) uint64, class string) column[T] {
		return column[T]{key, kindCount, func(row T) value {
			v := value{number: float64(n(of(row)))}
			if v.number > 0 {
				v.class = class
			}
			return v
		}}
	}
	millis := func(key string, d func(apm.StatementStats) time.Duration) column[T] {
		return column[T]{key, kindMillis, func(row T) value { return value{duration: d(of(row))} }}
	}
	return []column[T]{
		{"statement", kindCode, func(row T) value {
			st := of(row)
			return value{text: st.Text, title: st.Text, class: "name statement", href: statementLink(q, st)}
		}},
		count("calls", func(s apm.StatementStats) uint64 { return s.Calls }, ""),
		millis("total", func(s apm.StatementStats) time.Duration { return s.Total }),
		millis("mean", func(s apm.StatementStats) time.Duration { return s.Mean }),
		millis("max", func(s apm.StatementStats) time.Duration { return s.Max }),
		millis("fetch_total", func(s apm.StatementStats) time.Duration { return s.Fetch }),
		count("rows", func(s apm.StatementStats) uint64 { return s.Rows }, ""),
		count("errors", func(s apm.StatementStats) uint64 { return s.Errors }, "bad"),
		{"repeats", kindCount, func(row T) value {
			st := of(row)
			v := value{number: float64(st.MaxRepeats)}
			if st.MaxRepeats >= repeatedFrom {
				v.class, v.title = "warn", q.lang.text("title.repeats", st.MaxRepeats)
			}
			return v
		}},
		{"caller", kindCode, func(row T) value { return callerValue(of(row).Caller) }},
		{"system", kindText, func(row T) value { st := of(row); return value{text: st.System, title: st.Namespace} }},
	}
}

// repeatedFrom is how often a statement must run in one transaction to be worth a word.
const repeatedFrom = 10

func statementLink(q query, s apm.StatementStats) string {
	return q.link("statement", "system", s.System, "namespace", s.Namespace, "id", s.ID)
}

func statementPage(c *console, q query) (*content, error) {
	s := c.source.snapshot(q.window.duration)
	list := statements(s)
	key := q.values.Get("system") + "\n" + q.values.Get("namespace") + "\n" + q.values.Get("id")
	i := slices.IndexFunc(list, func(st statement) bool { return statementKey(st.StatementStats) == key })
	if i < 0 {
		return nil, errNotFound
	}
	st := list[i]
	return &content{
		subject: st.Summary,
		sections: []section{
			callersSection(q, s, st.callers),
			{Key: "statement_text", Pre: st.Text},
			{Key: "statement_total", Table: newTable(q, []apm.StatementStats{st.StatementStats}, shape[apm.StatementStats]{
				key: "statement_total", now: s.End, rowKey: statementKey,
				columns: statementColumns(q, func(st apm.StatementStats) apm.StatementStats { return st })[1:],
			})},
		},
		name: "statement", data: newStatementData(st),
	}, nil
}

// statementData is a statement in the versioned JSON.
type statementData struct {
	ID         string       `json:"id"`
	System     string       `json:"system"`
	Namespace  string       `json:"namespace"`
	Summary    string       `json:"summary"`
	Text       string       `json:"text"`
	Calls      uint64       `json:"calls"`
	Errors     uint64       `json:"errors"`
	Rows       uint64       `json:"rows"`
	MaxRepeats uint64       `json:"max_repeats"`
	Caller     string       `json:"caller"`
	Duration   callDuration `json:"duration"`
	Fetch      float64      `json:"fetch_seconds"`
	Endpoints  []callerData `json:"endpoints,omitempty"`
}

func newStatementData(s statement) statementData {
	return statementData{
		ID: s.ID, System: s.System, Namespace: s.Namespace, Summary: s.Summary, Text: s.Text,
		Calls: s.Calls, Errors: s.Errors, Rows: s.Rows, MaxRepeats: s.MaxRepeats, Caller: s.Caller,
		Duration:  callDuration{s.Total.Seconds(), s.Mean.Seconds(), s.Max.Seconds()},
		Fetch:     s.Fetch.Seconds(),
		Endpoints: callersData(s.callers),
	}
}
