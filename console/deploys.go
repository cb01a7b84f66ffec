package console

import (
	"slices"
	"time"

	"github.com/daybook-apm/daybook/apm"
)

// deploy is a change of the version of the service.
type deploy struct {
	from, to string
	at       time.Time
}

// deploys returns the changes that are known, the latest first. The first version that ran is no change.
func deploys(versions []apm.Version) (list []deploy) {
	for i := 1; i < len(versions); i++ {
		list = append(list, deploy{versions[i-1].Version, versions[i].Version, versions[i].Since})
	}
	slices.Reverse(list)
	return list
}

const (
	// freshDeploy is until when the minutes around a deploy are still known, on both sides of it.
	freshDeploy = 30 * time.Minute
	// deploySpan is what is compared later, when only whole hours are known.
	deploySpan = 3 * time.Hour
)

// around returns what to compare of a deploy.
func around(d deploy, now time.Time) (before, after apm.Window) {
	span := deploySpan
	if now.Sub(d.at) < freshDeploy {
		span = freshDeploy
	}
	after = apm.Window{From: d.at, To: d.at.Add(span)}
	if after.To.After(now) {
		after.To = now
	}
	return apm.Window{From: d.at.Add(-span), To: d.at}, after
}

// deploysPage lists the deploys and tells what the chosen one, else the last one, has changed.
func deploysPage(c *console, q query) (*content, error) {
	now := time.Now()
	list := deploys(c.source.history.Versions())
	main := section{Key: "deploys", Table: newTable(q, list, shape[deploy]{
		key: "deploys", now: now, empty: "empty.deploys", rowKey: func(d deploy) string { return d.at.String() },
		columns: []column[deploy]{
			{"at", kindTime, func(d deploy) value {
				return value{at: d.at, href: q.link("deploys", "at", d.at.UTC().Format(time.RFC3339Nano))}
			}},
			{"version", kindCode, func(d deploy) value { return value{text: d.to} }},
			{"before", kindCode, func(d deploy) value { return value{text: d.from} }},
		},
	})}
	data := deploysData{Deploys: []deployData{}, Changes: []changeData{}}
	for _, d := range list {
		data.Deploys = append(data.Deploys, deployData{d.at.UTC(), d.to, d.from})
	}
	content := &content{sections: []section{main}, name: "deploys"}
	if len(list) > 0 {
		chosen := max(0, slices.IndexFunc(list, func(d deploy) bool { return d.at.UTC().Format(time.RFC3339Nano) == q.values.Get("at") }))
		comparison := c.source.agent.Compare(around(list[chosen], now))
		content.subject = list[chosen].from + " → " + list[chosen].to
		content.sections = slices.Insert(content.sections, 0, changesSection(q, comparison))
		for _, e := range comparison.Endpoints {
			data.Changes = append(data.Changes, changeData{
				e.Method, e.Route, string(e.Duration), string(e.Failures), e.Before.Calls, e.After.Calls,
				e.Before.Duration.Mean.Seconds(), e.After.Duration.Mean.Seconds(), e.Before.Failures, e.After.Failures,
			})
		}
	}
	content.data = data
	return content, nil
}

func changesSection(q query, c apm.Comparison) section {
	failures := func(f apm.Figures) float64 { return ratio(float64(f.Failures), float64(f.Calls)) }
	verdict := func(v apm.Verdict) value {
		class := ""
		switch v {
		case apm.Slower, apm.FailsMore:
			class = "bad"
		case apm.Faster, apm.FailsLess:
			class = "good"
		case apm.NotEnoughCalls, apm.Unchanged:
			class = "faint"
		}
		return value{text: q.lang.text("verdict." + string(v)), class: class}
	}
	return section{
		Key: "changes",
		Notes: []string{q.lang.text("note.compared", c.Before.From.Format("15:04"), c.Before.To.Format("15:04"),
			c.After.From.Format("15:04"), c.After.To.Format("15:04"))},
		Table: newTable(q, c.Endpoints, shape[apm.EndpointChange]{
			key: "changes", now: c.After.To, empty: "empty.changes",
			rowKey: func(e apm.EndpointChange) string { return nameOf(e.Method, e.Route) },
			columns: []column[apm.EndpointChange]{
				{"method", kindText, func(e apm.EndpointChange) value { return value{text: e.Method, class: "method"} }},
				{"route", kindText, func(e apm.EndpointChange) value {
					return value{text: e.Route, href: endpointLink(q, e.Method, e.Route), class: "name"}
				}},
				{"speed", kindText, func(e apm.EndpointChange) value { return verdict(e.Duration) }},
				{"mean_before", kindMillis, func(e apm.EndpointChange) value {
					return value{duration: e.Before.Duration.Mean, none: e.Before.Calls == 0}
				}},
				{"mean_after", kindMillis, func(e apm.EndpointChange) value {
					return value{duration: e.After.Duration.Mean, none: e.After.Calls == 0}
				}},
				{"failing", kindText, func(e apm.EndpointChange) value { return verdict(e.Failures) }},
				{"failures_before", kindShare, func(e apm.EndpointChange) value { return value{number: failures(e.Before), none: e.Before.Calls == 0} }},
				{"failures_after", kindShare, func(e apm.EndpointChange) value { return value{number: failures(e.After), none: e.After.Calls == 0} }},
				{"calls_before", kindCount, func(e apm.EndpointChange) value { return value{number: float64(e.Before.Calls)} }},
				{"calls_after", kindCount, func(e apm.EndpointChange) value { return value{number: float64(e.After.Calls)} }},
			},
		}),
	}
}

// deploysData is the deploys and what one of them has changed, in the versioned JSON.
type deploysData struct {
	Deploys []deployData `json:"deploys"`
	Changes []changeData `json:"changes"`
}

type deployData struct {
	At      time.Time `json:"at"`
	Version string    `json:"version"`
	Before  string    `json:"before"`
}

type changeData struct {
	Method         string  `json:"method"`
	Route          string  `json:"route"`
	Duration       string  `json:"duration"`
	Failing        string  `json:"failing"`
	CallsBefore    uint64  `json:"calls_before"`
	CallsAfter     uint64  `json:"calls_after"`
	MeanBefore     float64 `json:"mean_seconds_before"`
	MeanAfter      float64 `json:"mean_seconds_after"`
	FailuresBefore uint64  `json:"failures_before"`
	FailuresAfter  uint64  `json:"failures_after"`
}
