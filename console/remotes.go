package console

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/daybook-apm/daybook/apm"
)

// remote is one with the endpoints that call it.
type remote struct {
	apm.RemoteStats
	callers []caller
}

// remotes returns all of a snapshot, with their endpoints.
func remotes(s apm.Snapshot) []remote {
	by := callers{}
	for _, e := range s.Endpoints {
		for _, r := range e.Remotes {
			by.add(remoteKey(r), caller{e.Method, e.Route, r.Calls, r.Errors, e.Calls, r.Total, r.Max})
		}
	}
	list := make([]remote, len(s.Remotes))
	for i, r := range s.Remotes {
		list[i] = remote{r, by.of(remoteKey(r))}
	}
	return list
}

func remoteKey(r apm.RemoteStats) string { return r.System + "\n" + remoteName(r) }

func remoteName(r apm.RemoteStats) string {
	if r.Port == 0 {
		return r.Host
	}
	return net.JoinHostPort(r.Host, strconv.Itoa(r.Port))
}

func remotesPage(c *console, q query) (*content, error) {
	s := c.source.snapshot(q.window.duration)
	list := slices.DeleteFunc(remotes(s), func(r remote) bool {
		return r.Calls == 0 || !q.matches(r.System, remoteName(r.RemoteStats), callerNames(r.callers))
	})
	columns := append(remoteColumns(q, func(r remote) apm.RemoteStats { return r.RemoteStats }),
		column[remote]{"endpoints", kindText, func(r remote) value { return callersValue(q, r.callers) }})
	sorted := arrange(q, list, columns, "-total")
	main := section{Key: "external", Table: newTable(q, list, shape[remote]{
		key: "external", columns: columns, sorted: sorted, sortable: true, empty: emptyKey(q, "empty.external"), now: s.End,
		rowKey: func(r remote) string { return remoteKey(r.RemoteStats) },
		alert:  func(r remote) string { return remoteAlert(q.lang, r.RemoteStats) },
	})}
	data := make([]remoteData, 0, len(list))
	for _, r := range list {
		data = append(data, newRemoteData(r))
	}
	return &content{sections: []section{main}, name: "remotes", data: data}, nil
}

func remoteColumns[T any](q query, of func(T) apm.RemoteStats) []column[T] {
	millis := func(key string, d func(apm.RemoteStats) time.Duration) column[T] {
		return column[T]{key, kindMillis, func(row T) value { return value{duration: d(of(row))} }}
	}
	return []column[T]{
		{"remote", kindText, func(row T) value {
			r := of(row)
			return value{text: remoteName(r), class: "name", href: remoteLink(q, r)}
		}},
		{"system", kindText, func(row T) value { return value{text: of(row).System} }},
		{"calls", kindCount, func(row T) value { return value{number: float64(of(row).Calls)} }},
		millis("total", func(r apm.RemoteStats) time.Duration { return r.Total }),
		millis("mean", func(r apm.RemoteStats) time.Duration { return r.Mean }),
		millis("max", func(r apm.RemoteStats) time.Duration { return r.Max }),
		{"errors", kindCount, func(row T) value {
			r := of(row)
			v := value{number: float64(r.Errors), title: errorTypes(r)}
			if r.Errors > 0 {
				v.class = "bad"
			}
			return v
		}},
		{"error_share", kindShare, func(row T) value { r := of(row); return value{number: ratio(float64(r.Errors), float64(r.Calls))} }},
		{"error_types", kindText, func(row T) value { return value{text: errorTypes(of(row)), class: "name"} }},
	}
}

func remoteLink(q query, r apm.RemoteStats) string {
	return q.link("remote", "system", r.System, "host", r.Host, "port", strconv.Itoa(r.Port))
}

// errorTypes writes the kinds of failures with their numbers, the most frequent first.
func errorTypes(r apm.RemoteStats) string {
	types := slices.Sorted(maps.Keys(r.ErrorTypes))
	slices.SortStableFunc(types, func(a, b string) int { return int(r.ErrorTypes[b]) - int(r.ErrorTypes[a]) })
	for i, t := range types {
		types[i] = fmt.Sprintf("%s ×%d", t, r.ErrorTypes[t])
	}
	return strings.Join(types, ", ")
}

func remoteAlert(l *language, r apm.RemoteStats) string {
	if r.Errors < alertCalls || float64(r.Errors) <= alertFailures*float64(r.Calls) {
		return ""
	}
	return l.text("alert.failures", remoteName(r), formatShare(float64(r.Errors)/float64(r.Calls)),
		formatCount(float64(r.Errors)), formatCount(float64(r.Calls)))
}

func remotePage(c *console, q query) (*content, error) {
	s := c.source.snapshot(q.window.duration)
	list := remotes(s)
	i := slices.IndexFunc(list, func(r remote) bool {
		return r.System == q.values.Get("system") && r.Host == q.values.Get("host") && strconv.Itoa(r.Port) == q.values.Get("port")
	})
	if i < 0 {
		return nil, errNotFound
	}
	r := list[i]
	return &content{
		subject: remoteName(r.RemoteStats),
		sections: []section{
			callersSection(q, s, r.callers),
			{Key: "remote_total", Table: newTable(q, []apm.RemoteStats{r.RemoteStats}, shape[apm.RemoteStats]{
				key: "remote_total", now: s.End, rowKey: remoteKey,
				columns: remoteColumns(q, func(r apm.RemoteStats) apm.RemoteStats { return r })[1:],
			})},
		},
		name: "remote", data: newRemoteData(r),
	}, nil
}

// remoteData is a remote in the versioned JSON.
type remoteData struct {
	System     string            `json:"system"`
	Host       string            `json:"host"`
	Port       int               `json:"port"`
	Calls      uint64            `json:"calls"`
	Errors     uint64            `json:"errors"`
	ErrorTypes map[string]uint64 `json:"error_types,omitempty"`
	Duration   callDuration      `json:"duration"`
	Endpoints  []callerData      `json:"endpoints,omitempty"`
}

func newRemoteData(r remote) remoteData {
	return remoteData{
		System: r.System, Host: r.Host, Port: r.Port, Calls: r.Calls, Errors: r.Errors, ErrorTypes: r.ErrorTypes,
		Duration:  callDuration{r.Total.Seconds(), r.Mean.Seconds(), r.Max.Seconds()},
		Endpoints: callersData(r.callers),
	}
}
