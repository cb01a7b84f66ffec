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
	// began is when the version before was first seen, ended when the next one was; zero if there is none.
	began, ended time.Time
}

// deploys returns the changes that are known, the latest first. The first version that ran is no change.
func deploys(versions []apm.Version) (list []deploy) {
	for i := 1; i < len(versions); i++ {
		d := deploy{from: versions[i-1].Version, to: versions[i].Version, at: versions[i].Since, began: versions[i-1].Since}
		if i+1 < len(versions) {
			d.ended = versions[i+1].Since
		}
		list = append(list, d)
	}
	slices.Reverse(list)
	return list
}

const (
	// freshDeploy is until when the minutes around a deploy are still known, on both sides of it.
	freshDeploy = 29 * time.Minute
	// deploySpan is what is compared later, when only whole hours are known.
	deploySpan = 3 * time.Hour
)

// deployLink leads to what a deploy has changed.
func deployLink(q query, d deploy) string { return q.link("deploys", "at", d.name()) }

// name tells a deploy from the others in a URL. It has the seconds that a restart leaves.
func (d deploy) name() string { return d.at.UTC().Format(time.RFC3339) }

// around returns what to compare of a deploy: no more than the two versions. What is still to come is left to [apm.Agent.Compare],
// which knows that the minute that runs counts too.
func around(d deploy, now time.Time) (before, after apm.Window) {
	span := deploySpan
	if now.Sub(d.at) < freshDeploy {
		span = freshDeploy
	}
	before, after = apm.Window{From: d.at.Add(-span), To: d.at}, apm.Window{From: d.at, To: d.at.Add(span)}
	if before.From.Before(d.began) {
		before.From = d.began
	}
	if !d.ended.IsZero() && after.To.After(d.ended) {
		after.To = d.ended
	}
	return before, after
}

// deploysPage lists the deploys and tells what the chosen one, else the last one, has changed.
func deploysPage(c *console, q query) (*content, error) {
	now := time.Now()
	list := deploys(c.source.history.Versions())
	main := section{Key: "deploys", Table: newTable(q, list, shape[deploy]{
		key: "deploys", now: now, empty: "empty.deploys", rowKey: deploy.name,
		columns: []column[deploy]{
			{"at", kindTime, func(d deploy) value {
				return value{at: d.at, href: deployLink(q, d)}
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
		chosen := max(0, slices.IndexFunc(list, func(d deploy) bool { return d.name() == q.values.Get("at") }))
		comparison := c.source.agent.Compare(around(list[chosen], now))
		content.subject = list[chosen].from + " → " + list[chosen].to
		content.sections = slices.Insert(content.sections, 0, changesSection(q, comparison, now))
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

func changesSection(q query, c apm.Comparison, now time.Time) section {
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
		Key:   "changes",
		Notes: []string{comparedNote(q.lang, c, now)},
		Table: newTable(q, c.Endpoints, shape[apm.EndpointChange]{
			key: "changes", now: now, empty: "empty.changes",
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

// comparedNote says which times a comparison is of.
func comparedNote(l *language, c apm.Comparison, now time.Time) string {
	if !c.After.To.After(c.After.From) {
		return l.text("note.fresh_deploy")
	}
	if !c.Before.To.After(c.Before.From) {
		return l.text("note.nothing_before")
	}
	return l.text("note.compared", formatMinute(c.Before.From, now), formatMinute(c.Before.To, now), formatMinute(c.After.From, now), formatMinute(c.After.To, now))
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
