package apm

import (
	"context"
	"errors"
	"log/slog"

	"github.com/daybook-apm/daybook/internal/transaction"
)

// Stack returns the stacks of the goroutines that run the transaction with the given [ActiveTransaction.ID]: two lines a
// frame, the innermost first, under the number of goroutines that have this stack. It is an error if
// there is no such transaction any more, if the agent was started without [WithGoroutineLabels], or if the program has set
// labels of its own in all of them.
//
// It takes a profile of all goroutines of the program, about 15 µs of CPU for each, and stops the program for a moment to begin and
// to end it: it is meant for a person who asks.
func (a *Agent) Stack(id uint64) ([]byte, error) {
	t := a.core.Active.Find(id)
	switch {
	case t == nil:
		return nil, errors.New("apm: stack: the transaction is not active any more")
	case !transaction.CanLabel:
		return nil, errors.New("apm: stack: goroutines carry no labels, and apm.WithGoroutineLabels does nothing: how this release of Go keeps them is not known")
	case !a.core.GoroutineLabels:
		return nil, errors.New("apm: stack: goroutines carry no labels; switch on apm.WithGoroutineLabels")
	}
	s := t.Stack()
	if s == nil {
		return nil, errors.New("apm: stack: no goroutine carries the labels of the transaction; the program has set others, or it has just ended")
	}
	return s, nil
}

// maxLogged is how many transactions Shutdown names that were still running.
const maxLogged = 10

// logActive logs what is still running, the longest first: nothing of it will be in any figure.
func (a *Agent) logActive() {
	active := a.Active()
	if len(active) == 0 {
		return
	}
	var attrs []any
	for _, t := range active[:min(len(active), maxLogged)] {
		attrs = append(attrs, slog.Group(t.TraceID,
			"method", t.Method, "route", t.Route, "elapsed", t.Elapsed, "phase", t.Phase, "in", t.Current))
	}
	a.logger.LogAttrs(context.Background(), slog.LevelWarn, "daybook: shut down while transactions were running; shut the server down first",
		slog.Int("running", len(active)), slog.Group("longest", attrs...))
}
