package main

import (
	"context"
	"math/rand/v2"
	"path/filepath"

	"github.com/daybook-apm/daybook/bench/worker"
)

// loads holds what was measured under each work: one result a round.
type loads map[loadKey][]worker.Result

type loadKey struct{ work, contestant string }

// measureLoads puts all contestants under all works, round by round in random order. If profiles
// is not empty, the last round leaves CPU profiles in that directory.
func measureLoads(ctx context.Context, p plan, built programs, all []contestant, ws []work, profiles string, log *progress) (loads, error) {
	measured := loads{}
	for round := range p.rounds {
		for i, w := range rand.Perm(len(ws)) {
			w := ws[w]
			log.printf("round %d of %d, work %d of %d: %s", round+1, p.rounds, i+1, len(ws), w.name)
			for _, c := range rand.Perm(len(all)) {
				c := all[c]
				task := w.task(p)
				if profiles != "" && round == p.rounds-1 {
					task.CPUProfile = filepath.Join(profiles, w.name+"."+c.name+".pprof")
				}
				result, err := built.run(ctx, c, task, 0)
				if err != nil {
					return nil, err
				}
				key := loadKey{w.name, c.name}
				measured[key] = append(measured[key], result)
			}
		}
	}
	return measured, nil
}

// cpu returns the processor time of a request in microseconds, one value a round.
func (l loads) cpu(work, contestant string) []float64 {
	return perRequest(l[loadKey{work, contestant}], func(r worker.Result) float64 { return r.CPU.Seconds() * 1e6 })
}

// allocations returns the allocations of a request, one value a round.
func (l loads) allocations(work, contestant string) []float64 {
	return perRequest(l[loadKey{work, contestant}], func(r worker.Result) float64 { return float64(r.Allocations) })
}

// recorded returns the share of requests that the agent delivered in the last round, in percent.
func (l loads) recorded(work, contestant string) (percent float64, ok bool) {
	results := l[loadKey{work, contestant}]
	if len(results) == 0 || results[len(results)-1].Recorded < 0 {
		return 0, false
	}
	last := results[len(results)-1]
	return 100 * float64(last.Recorded) / float64(last.Made), true
}

// addedCPU returns what a contestant adds to the bare request in each round, in microseconds.
func (l loads) addedCPU(work, contestant string) []float64 {
	return minus(l.cpu(work, contestant), l.cpu(work, bareName))
}

// addedAllocations returns what a contestant adds to the bare request in each round.
func (l loads) addedAllocations(work, contestant string) []float64 {
	return minus(l.allocations(work, contestant), l.allocations(work, bareName))
}

// share returns how much of one processor the measured processes got, in percent.
func (l loads) share(work, contestant string) (percent float64, ok bool) {
	var s sample
	for _, r := range l[loadKey{work, contestant}] {
		s = append(s, 100*r.CPU.Seconds()/r.Wall.Seconds())
	}
	return median(s)
}

func perRequest(results []worker.Result, value func(worker.Result) float64) []float64 {
	values := make([]float64, 0, len(results))
	for _, r := range results {
		values = append(values, value(r)/float64(r.Requests))
	}
	return values
}
