package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime"

	"github.com/daybook-apm/daybook/bench/worker"
	"github.com/daybook-apm/daybook/bench/workload"
)

// manyRoutes is the number of endpoints of a large service.
const manyRoutes = 500

// memory holds what each contestant keeps, by name.
type memory struct {
	heap    map[string]float64 // bytes
	binary  map[string]float64 // bytes
	collect map[string]worker.Result
}

func measureMemory(ctx context.Context, p plan, built programs, all []contestant, log *progress) (memory, error) {
	m := memory{heap: map[string]float64{}, binary: map[string]float64{}, collect: map[string]worker.Result{}}
	for _, c := range all {
		log.printf("heap after %d requests to %d endpoints: %s", p.requests, manyRoutes, c.name)
		task := worker.Task{
			Mode: worker.ModeHeap, Kind: workload.Full,
			Routes: manyRoutes, Clients: runtime.NumCPU(), Requests: p.requests,
		}
		result, err := built.run(ctx, c, task, 0)
		if err != nil {
			return memory{}, err
		}
		m.heap[c.name] = float64(result.Heap)
	}
	for _, c := range filter(all, func(c contestant) bool { return c.collects }) {
		log.printf("collect and export %d endpoints: %s", manyRoutes, c.name)
		task := worker.Task{
			Mode: worker.ModeCollect, Kind: workload.Full,
			Routes: manyRoutes, Clients: 1, Requests: p.requests, Repeat: p.collections,
		}
		result, err := built.run(ctx, c, task, 0)
		if err != nil {
			return memory{}, err
		}
		m.collect[c.name] = result
	}
	if built.weighed == "" {
		return m, nil
	}
	for _, c := range filter(all, weighable) {
		info, err := os.Stat(filepath.Join(built.weighed, c.program))
		if err != nil {
			return memory{}, err
		}
		m.binary[c.name] = float64(info.Size())
	}
	return m, nil
}

// weighable reports whether a contestant has a program under size: the floor is no library.
func weighable(c contestant) bool { return c.name != floorName }
