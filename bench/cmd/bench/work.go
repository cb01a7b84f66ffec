package main

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/daybook-apm/daybook/bench/worker"
	"github.com/daybook-apm/daybook/bench/workload"
)

// work is one kind of load that all contestants are put under.
type work struct {
	// name is what budgets and the command line call it.
	name string
	// title heads its rows.
	title      string
	kind       workload.Kind
	clients    int
	cancelable bool
	cold       bool
}

// The names of the works.
const (
	fullWork       = "full"
	httpWork       = "http"
	queryWork      = "query"
	callWork       = "call"
	parallelWork   = "parallel"
	cancelableWork = "cancelable"
	coldWork       = "cold"
)

// Lists of works for the command line's defaults.
const (
	serialWorks = fullWork + "," + httpWork + "," + queryWork + "," + callWork
	quickWorks  = serialWorks + "," + parallelWork
	allWorks    = quickWorks + "," + cancelableWork + "," + coldWork
)

// routes is the number of endpoints that the load visits in turn.
const routes = 20

func works() []work {
	return []work{
		{name: fullWork, title: "2 queries, 1 exec, 1 call", kind: workload.Full, clients: 1},
		{name: httpWork, title: "HTTP only", kind: workload.HTTP, clients: 1},
		{name: queryWork, title: "1 query", kind: workload.Query, clients: 1},
		{name: callWork, title: "1 call", kind: workload.Call, clients: 1},
		{
			name: parallelWork, title: fmt.Sprintf("the first, %d clients", runtime.NumCPU()),
			kind: workload.Full, clients: runtime.NumCPU(),
		},
		{name: cancelableWork, title: "the first, cancelable contexts", kind: workload.Full, clients: 1, cancelable: true},
		{name: coldWork, title: "1 query, cold caches", kind: workload.Query, clients: 1, cold: true},
	}
}

// selectWorks returns the works in a comma-separated list of names.
func selectWorks(list string) ([]work, error) {
	var selected []work
	for name := range strings.SplitSeq(list, ",") {
		w, err := findWork(name)
		if err != nil {
			return nil, err
		}
		selected = append(selected, w)
	}
	return selected, nil
}

func findWork(name string) (work, error) {
	for _, w := range works() {
		if w.name == name {
			return w, nil
		}
	}
	return work{}, fmt.Errorf("unknown workload %q", name)
}

func (w work) task(p plan) worker.Task {
	return worker.Task{
		Mode:       worker.ModeLoad,
		Kind:       w.kind,
		Routes:     routes,
		Clients:    w.clients,
		Cancelable: w.cancelable,
		Cold:       w.cold,
		Warm:       p.warm,
		Measure:    p.measure,
	}
}
