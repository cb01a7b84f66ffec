package main

import (
	"context"
	"math/rand/v2"

	"github.com/daybook-apm/daybook/bench/worker"
	"github.com/daybook-apm/daybook/bench/workload"
)

// processors are the values of GOMAXPROCS that are tried; on a smaller machine the later ones
// are more threads than processors, which still shows who waits for whom.
var processors = []int{1, 2, 4, 8, 16}

// endpoints are the numbers of endpoints that clients share: one hot one, or many.
var endpoints = []int{1, manyRoutes}

// scaling holds the processor time of a request in microseconds, one value a round.
type scaling map[scalingKey]sample

type scalingKey struct {
	contestant            string
	processors, endpoints int
}

func measureScaling(ctx context.Context, p plan, built programs, all []contestant, log *progress) (scaling, error) {
	all = filter(all, func(c contestant) bool { return c.scales })
	measured := scaling{}
	for round := range p.scalingRounds {
		for _, e := range endpoints {
			for _, n := range processors {
				log.printf("scaling, round %d of %d: %d endpoints, GOMAXPROCS=%d", round+1, p.scalingRounds, e, n)
				for _, c := range rand.Perm(len(all)) {
					c := all[c]
					task := worker.Task{
						Mode: worker.ModeLoad, Kind: workload.Full,
						Routes: e, Clients: n, Warm: p.warm, Measure: p.measure,
					}
					result, err := built.run(ctx, c, task, n)
					if err != nil {
						return nil, err
					}
					key := scalingKey{c.name, n, e}
					measured[key] = append(measured[key], result.CPU.Seconds()*1e6/float64(result.Requests))
				}
			}
		}
	}
	return measured, nil
}

// added returns what a contestant adds to the bare request in each round, in microseconds.
func (s scaling) added(contestant string, processors, endpoints int) sample {
	return minus(s[scalingKey{contestant, processors, endpoints}], s[scalingKey{bareName, processors, endpoints}])
}
