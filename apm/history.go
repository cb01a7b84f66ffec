package apm

import (
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/daybook-apm/daybook/internal/ledger"
	"github.com/daybook-apm/daybook/internal/rollup"
	"github.com/daybook-apm/daybook/internal/semconv"
	"github.com/daybook-apm/daybook/internal/state"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// History is the figures of an agent over time. [Agent.History] makes it. Its methods may be called from any goroutine, and
// return plain data that nothing changes afterwards. Times are those of the host, in its time zone. What happened belongs to the second, minute and hour
// in which it ended by the host's clock; when that is set back, the intervals that come again hold both.
type History struct{ rollup *rollup.History }

// Figures are what happened in some time.
type Figures struct {
	Calls        uint64
	Failures     uint64 // 5xx, panics and transactions that were failed by hand.
	ClientErrors uint64 // 4xx.
	Canceled     uint64 // The client went away, or the handler aborted.
	Slow         uint64 // Slower than the threshold.
	Repeated     uint64 // Transactions in which one statement ran ten times or more.

	Duration DurationStats

	// SQL, Fetch, External, Segment and App are the exclusive times of all calls: they add up to Duration.Total.
	SQL, Fetch, External, Segment, App    time.Duration
	SQLCalls, ExternalCalls, SegmentCalls uint64

	// Users is the estimated number of distinct users (see [SetUser]). It is known for minutes, hours and days of the whole
	// process; of several minutes or hours it is that of the one with the most, since users cannot be added up. Of an endpoint it is 0.
	Users uint64
	// Peak is the number of calls in the busiest second. Of an endpoint it is 0.
	Peak uint64
}

// Point is one step of a timeline.
type Point struct {
	Start time.Time
	Step  time.Duration // The last point has only just begun.
	Figures
}

// History returns the figures over time: by second, minute and hour. The first call begins to keep them; what was before is in
// no interval, unless the call came within a minute of the start. Before a first call nothing is kept, and nothing
// paid for. Then a goroutine looks at the accounts once a second, for less than 0.1 % of a processor with 500 endpoints, each
// transaction costs some 30 ns more, and the figures take at most 10 MiB with 200 endpoints. [Agent.Shutdown] ends the
// goroutine; what is known by then can still be read.
//
// With a state directory (see [WithStateDir]) figures are kept from the start of the agent, and those of earlier processes are here as well.
func (a *Agent) History() *History {
	h := a.rollups()
	if h != nil {
		h.Watch()
	}
	return &History{h}
}

// Timeline returns the figures of all endpoints together, step by step, in the last window: the oldest first, also the steps in which
// nothing happened, and last the one that runs. Kept are seconds for 15 minutes, minutes for 48 hours and hours for 8 days; the step is
// rounded up to what is kept of the whole window, and steps begin at full multiples. What was before the history began is left out.
func (h *History) Timeline(window, step time.Duration) []Point { return h.timeline(nil, window, step) }

// EndpointTimeline is [History.Timeline] of one endpoint, of which minutes are kept for an hour and hours for 49.
// Of one that is not known it is empty.
func (h *History) EndpointTimeline(method, route string, window, step time.Duration) []Point {
	return h.timeline(&transaction.Endpoint{Method: method, Route: route}, window, step)
}

// EndpointCalls is how often one endpoint was called, step by step.
type EndpointCalls struct {
	Method, Route string
	// Start is when the first step begins, Step how long each is. The last one has only just begun.
	Start time.Time
	Step  time.Duration
	Calls []uint64
}

// EndpointCalls returns the calls of [History.EndpointTimeline] of all endpoints, in no order. To ask for all at once costs little more than to
// ask for one.
func (h *History) EndpointCalls(window, step time.Duration) []EndpointCalls {
	if h.rollup == nil {
		return nil
	}
	var list []EndpointCalls
	h.rollup.Calls(time.Now(), window, step, func(e transaction.Endpoint, start time.Time, step time.Duration, calls []uint64) {
		list = append(list, EndpointCalls{Method: e.Method, Route: e.Route, Start: start, Step: step, Calls: slices.Clone(calls)})
	})
	return list
}

func (h *History) timeline(e *transaction.Endpoint, window, step time.Duration) []Point {
	if h.rollup == nil {
		return nil
	}
	var list []Point
	step = h.rollup.Timeline(time.Now(), e, window, step, func(start time.Time, f *rollup.Figures) {
		list = append(list, Point{Start: start, Figures: newFigures(f)})
	})
	for i := range list {
		list[i].Step = step
	}
	return list
}

func newFigures(f *rollup.Figures) Figures {
	return Figures{
		Calls: f.Calls, Failures: f.Failures, ClientErrors: f.ClientErrors,
		Canceled: f.Canceled, Slow: f.Slow, Repeated: f.Repeated,
		Duration:      durationStats(&f.Totals, &f.Durations),
		SQL:           f.Spent[transaction.SQL],
		Fetch:         f.Spent[transaction.Fetch],
		External:      f.Spent[transaction.External],
		Segment:       f.Spent[transaction.Segment],
		App:           f.Spent[transaction.App],
		SQLCalls:      uint64(f.Children[transaction.SQL]),
		ExternalCalls: uint64(f.Children[transaction.External]),
		SegmentCalls:  uint64(f.Children[transaction.Segment]),
		Users:         f.Users,
		Peak:          f.Peak,
	}
}

// Heatmap counts the transactions of the last ten minutes by duration, in columns of five seconds.
type Heatmap struct {
	Step time.Duration
	// Bounds are the longest durations of the rows: row i holds what took longer than Bounds[i-1] and at most Bounds[i]. The last
	// row has no bound, so there is one more of them. Two rows double the duration, from 1 ms to 8 s.
	Bounds []time.Duration
	// Columns begin with the oldest and end with the one that runs. Those before the history began are left out.
	Columns []HeatmapColumn
}

// HeatmapColumn is one column: how many transactions each row has.
type HeatmapColumn struct {
	Start time.Time
	// OK are those that did not fail.
	OK, Failed []uint32
}

// Heatmap returns the heatmap of now.
func (h *History) Heatmap() Heatmap {
	m := Heatmap{Step: rollup.HeatStep, Bounds: append([]time.Duration(nil), rollup.HeatBounds[:]...)}
	if h.rollup == nil {
		return m
	}
	for _, c := range h.rollup.Heat(time.Now()) {
		m.Columns = append(m.Columns, HeatmapColumn{c.Start, c.OK[:], c.Failed[:]})
	}
	return m
}

// ScatterPoint is one finished transaction.
type ScatterPoint struct {
	End           time.Time
	Duration      time.Duration
	Method, Route string
	Failed, Slow  bool
	TraceID       string // [Agent.Trace] has it if it was kept.
}

// Scatter returns the transactions that ended in [from, to) and took from shortest to longest, in the order of their end. Known are the last 20,000
// since the first call of [Agent.History], of at most some 8,000 a second, and of those before them the last 5,000 that failed or were slow.
func (h *History) Scatter(from, to time.Time, shortest, longest time.Duration) []ScatterPoint {
	if h.rollup == nil {
		return nil
	}
	points := h.rollup.Points(from, to, shortest, longest)
	list := make([]ScatterPoint, len(points))
	for i := range points {
		list[i] = newScatterPoint(&points[i])
	}
	return list
}

func newScatterPoint(p *ledger.Point) ScatterPoint {
	return ScatterPoint{
		End: time.Unix(0, p.End), Duration: p.Duration,
		Method: p.Endpoint.Method, Route: p.Endpoint.Route,
		Failed: p.Failed, Slow: p.Slow, TraceID: p.TraceID.String(),
	}
}

// Version is one service.version and when it ran.
type Version struct {
	Version string
	// Since is when it was first seen: when it was deployed. Until is when it was last seen.
	Since, Until time.Time
}

// Versions returns the versions of the service that ran, the oldest first, at most the last 50. Without a state
// directory it is only the one that runs; a service without a version has none.
func (h *History) Versions() []Version {
	if h.rollup == nil {
		return nil
	}
	var list []Version
	for _, v := range h.rollup.Versions() {
		list = append(list, Version(v))
	}
	return list
}

// past is what an agent has of its history.
type past struct {
	mu      sync.Mutex
	closed  bool
	dir     *state.Dir // nil: nothing survives.
	history *rollup.History
}

// rollups opens the history, if nobody has yet. It is nil for an agent that records nothing, and one that was shut down before.
func (a *Agent) rollups() *rollup.History {
	if a.ledger == nil {
		return nil
	}
	p := &a.past
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.history == nil && !p.closed {
		p.history = rollup.Open(rollup.Config{
			Ledger:   a.ledger,
			Location: time.Local,
			Version:  resourceValue(a.resource, semconv.ServiceVersion),
			State:    p.dir,
			Logger:   a.logger,
			Groups: func(visit func(number, count uint64)) {
				for _, g := range a.recorder.Errors() {
					visit(g.Number, g.Count)
				}
			},
		})
	}
	return p.history
}

// openState opens the state directory and the history that is in it.
func (a *Agent) openState(path string) {
	if path == "" {
		return
	}
	dir, err := state.Open(path)
	if err != nil {
		a.logger.Warn("daybook: the state directory cannot be used; nothing will survive a restart", slog.Any("error", err))
		return
	}
	a.past.dir = dir
	a.rollups()
}

// close ends the history, and writes what is to survive.
func (p *past) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.history != nil {
		p.history.Close()
	}
	if p.dir != nil {
		_ = p.dir.Close() // The lock ends with the process anyway.
	}
}
