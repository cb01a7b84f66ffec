package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"runtime"
	"runtime/pprof"
	"time"

	"github.com/daybook-apm/daybook/bench"
	"github.com/daybook-apm/daybook/bench/workload"
)

// Main runs the task in the program's only argument with the contestant that it names, and exits.
func Main(contestants []bench.Contestant) {
	log.SetFlags(0)
	log.SetPrefix("worker: ")
	if len(os.Args) != 2 {
		log.Fatal("usage: one argument, the task as JSON; started by cmd/bench")
	}
	var task Task
	if err := json.Unmarshal([]byte(os.Args[1]), &task); err != nil {
		log.Fatalf("read task: %v", err)
	}
	for _, c := range contestants {
		if c.Name == task.Contestant {
			if err := run(c, task); err != nil {
				log.Fatalf("%s: %v", task.Contestant, err)
			}
			return
		}
	}
	log.Fatalf("no contestant %q in this program", task.Contestant)
}

func run(c bench.Contestant, task Task) error {
	ctx := context.Background()
	agent, err := c.Start(bench.Config{Manual: task.Mode == ModeCollect})
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	var result Result
	switch task.Mode {
	case ModeLoad:
		result, err = load(ctx, agent, task)
	case ModeHeap:
		result, err = heap(ctx, agent, task)
	case ModeCollect:
		result, err = collect(ctx, agent, task)
	case ModeServe:
		return serve(ctx, agent, task)
	default:
		err = fmt.Errorf("unknown mode %q", task.Mode)
	}
	if err != nil {
		return err
	}
	return report(result)
}

func report(r Result) error { return json.NewEncoder(os.Stdout).Encode(r) }

// ballast is memory that the program holds, as a service does. Without it a heap of a few
// megabytes is collected hundreds of times a second, and a contestant that keeps more would be
// collected less often than one that keeps little.
const ballast = 32 << 20

// load measures requests, and what the agent has to do to send them all.
func load(ctx context.Context, agent bench.Agent, task Task) (Result, error) {
	held := make([]byte, ballast)
	program, err := workload.New(agent, task.Kind, task.Routes)
	if err != nil {
		return Result{}, err
	}
	l := workload.Load{Program: program, Clients: task.Clients, Cancelable: task.Cancelable, Cold: task.Cold}
	warmed, err := l.For(task.Warm)
	if err != nil {
		return Result{}, err
	}
	runtime.GC()
	stop, err := profile(task.CPUProfile)
	if err != nil {
		return Result{}, err
	}
	before := readUsage()
	n, err := l.For(task.Measure)
	if err != nil {
		return Result{}, err
	}
	if err := agent.Close(ctx); err != nil {
		return Result{}, fmt.Errorf("close: %w", err)
	}
	after := readUsage()
	stop()
	runtime.KeepAlive(held)
	return Result{
		Requests:    n,
		CPU:         after.cpu - before.cpu,
		Wall:        after.at.Sub(before.at),
		Allocations: after.allocations - before.allocations,
		Bytes:       after.bytes - before.bytes,
		Made:        warmed + n,
		Recorded:    agent.Recorded().Requests,
	}, program.Close()
}

func profile(file string) (stop func(), err error) {
	if file == "" {
		return func() {}, nil
	}
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		if err := f.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "worker: close profile:", err)
		}
	}, nil
}

// heap measures what stays on the heap when many requests to many routes are over and sent.
func heap(ctx context.Context, agent bench.Agent, task Task) (Result, error) {
	program, made, err := play(ctx, agent, task)
	if err != nil {
		return Result{}, err
	}
	result := Result{Made: made, Heap: liveHeap()}
	return result, closeAll(ctx, agent, program)
}

// collect measures collections of metrics and exports after many requests to many routes.
func collect(ctx context.Context, agent bench.Agent, task Task) (Result, error) {
	collector, ok := agent.(bench.Collector)
	if !ok {
		return Result{}, fmt.Errorf("%T has no collection of its own", agent)
	}
	held := make([]byte, ballast)
	program, made, err := play(ctx, agent, task)
	if err != nil {
		return Result{}, err
	}
	result := Result{Made: made}
	// The first of each builds what later ones use again.
	if err := collector.Collect(ctx); err != nil {
		return Result{}, fmt.Errorf("collect: %w", err)
	}
	if result.ExportBytes, err = collector.Export(ctx); err != nil {
		return Result{}, fmt.Errorf("export: %w", err)
	}
	for range task.Repeat {
		// A collection has a whole interval of traffic behind it: none is left in the caches.
		l := workload.Load{Program: program, Clients: task.Clients}
		if _, err := l.Times(int64(task.Routes)); err != nil {
			return Result{}, err
		}
		before := readUsage()
		if err := collector.Collect(ctx); err != nil {
			return Result{}, fmt.Errorf("collect: %w", err)
		}
		between := readUsage()
		if _, err := collector.Export(ctx); err != nil {
			return Result{}, fmt.Errorf("export: %w", err)
		}
		after := readUsage()
		result.Collect += between.cpu - before.cpu
		result.CollectAllocations += between.allocations - before.allocations
		result.Export += after.cpu - between.cpu
	}
	result.Collect /= time.Duration(task.Repeat)
	result.CollectAllocations /= uint64(task.Repeat)
	result.Export /= time.Duration(task.Repeat)
	runtime.KeepAlive(held)
	return result, closeAll(ctx, agent, program)
}

// play makes the task's requests and lets the agent send them.
func play(ctx context.Context, agent bench.Agent, task Task) (*workload.Program, int64, error) {
	program, err := workload.New(agent, task.Kind, task.Routes)
	if err != nil {
		return nil, 0, err
	}
	made, err := workload.Load{Program: program, Clients: task.Clients}.Times(task.Requests)
	if err != nil {
		return nil, 0, err
	}
	if err := agent.Flush(ctx); err != nil {
		return nil, 0, fmt.Errorf("flush: %w", err)
	}
	return program, made, nil
}

func closeAll(ctx context.Context, agent bench.Agent, program *workload.Program) error {
	if err := agent.Close(ctx); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return program.Close()
}
