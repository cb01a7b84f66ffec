package apm

import (
	"time"

	"github.com/daybook-apm/daybook/internal/rollup"
)

// Window is the time from one moment up to another.
type Window struct{ From, To time.Time }

// Verdict says what a comparison found.
type Verdict string

// The verdicts.
const (
	// NotEnoughCalls says that a change could not be told from noise: there were fewer than 50 calls on one side, or fewer than three intervals
	// with calls in the window before.
	NotEnoughCalls Verdict = "not enough calls"
	Unchanged      Verdict = "unchanged"
	Slower         Verdict = "slower"
	Faster         Verdict = "faster"
	FailsMore      Verdict = "fails more"
	FailsLess      Verdict = "fails less"
)

// Comparison compares the endpoints in two windows.
type Comparison struct {
	// Before and After are the windows that are really compared: see [Agent.Compare].
	Before, After Window
	// Endpoints are all that were called in one of the windows. First come those that fail more, then those that
	// got slower, then what got better; among equals, what takes most time.
	Endpoints []EndpointChange
}

// EndpointChange is one endpoint in two windows.
type EndpointChange struct {
	Method, Route string
	Before, After Figures
	// Duration is Slower, Faster, Unchanged or NotEnoughCalls, by the mean duration; Failures is FailsMore, FailsLess, Unchanged or
	// NotEnoughCalls, by the part of the calls that failed.
	Duration, Failures Verdict
}

// Compare tells which endpoints got slower or fail more in the window after than in the window before, such as those around a change of
// the version: see [History.Versions]. The windows consist of whole minutes within the last hour and of whole hours within the last 49;
// of those that are asked for the whole intervals inside count. With a state directory (see [WithStateDir]) the hours of earlier
// processes are known, and the minutes of one that was shut down; without, the history begins with the first call
// of this, [Agent.History] or [Agent.Snapshot] with a window.
//
// A change is named only when it is beyond what the intervals of the window before differ by themselves, and beyond what chance
// does to so many calls; of a thousand comparisons of the same with the same about one is mistaken. A mean that changed
// by less than 5 % is unchanged.
func (a *Agent) Compare(before, after Window) Comparison {
	h := a.rollups()
	if h == nil {
		return Comparison{}
	}
	changes, b, t := h.Compare(time.Now(), rollup.Window(before), rollup.Window(after))
	c := Comparison{Before: Window(b), After: Window(t)}
	for i := range changes {
		change := &changes[i]
		c.Endpoints = append(c.Endpoints, EndpointChange{
			Method: change.Endpoint.Method, Route: change.Endpoint.Route,
			Before: newFigures(&change.Before), After: newFigures(&change.After),
			Duration: [...]Verdict{NotEnoughCalls, Unchanged, Slower, Faster}[change.Duration],
			Failures: [...]Verdict{NotEnoughCalls, Unchanged, FailsMore, FailsLess}[change.Failures],
		})
	}
	return c
}
