package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// The parts of a run.
const (
	loadPart    = "load"
	memoryPart  = "memory"
	socketsPart = "sockets"
	scalingPart = "scaling"

	allParts = loadPart + "," + memoryPart + "," + socketsPart + "," + scalingPart
)

// flags are the command line.
type flags struct {
	quick, check              bool
	contestants, works, parts string
	rounds                    int
	measure                   time.Duration
	out, raw, profiles        string
}

func parse(args []string) (flags, error) {
	var f flags
	set := flag.NewFlagSet("bench", flag.ContinueOnError)
	set.BoolVar(&f.quick, "quick", false, "fewer and shorter rounds, at most 2 minutes")
	set.BoolVar(&f.check, "check", false, "short form for CI: no table; fails on allocations and on twice the budget of CPU")
	set.StringVar(&f.contestants, "contestants", "", "contestants, separated by commas; bare always takes part (default all)")
	set.StringVar(&f.works, "works", "", "works of the load part (default "+allWorks+", quick and check fewer)")
	set.StringVar(&f.parts, "parts", "", "parts of the run (default "+allParts+")")
	set.IntVar(&f.rounds, "rounds", 0, "rounds of the load part (default 7, quick 3, check 5)")
	set.DurationVar(&f.measure, "measure", 0, "measured time of each process of the load part (default 500ms, quick 130ms, check 200ms)")
	set.StringVar(&f.out, "out", "results.md", "file for the table")
	set.StringVar(&f.raw, "raw", "results.txt", "file for the single measurements of the load part, for benchstat")
	set.StringVar(&f.profiles, "profiles", "", "existing directory for CPU profiles of the last round under load and on sockets (default none)")
	if err := set.Parse(args); err != nil {
		return f, err
	}
	if set.NArg() > 0 {
		return f, fmt.Errorf("unknown argument %q", set.Arg(0))
	}
	return f.withDefaults(), nil
}

// withDefaults fills in what the command line left open.
func (f flags) withDefaults() flags {
	if f.check {
		f.contestants = cmp.Or(f.contestants, checkContestants)
		f.works = cmp.Or(f.works, serialWorks)
	}
	if f.quick {
		f.works = cmp.Or(f.works, quickWorks)
	}
	f.works = cmp.Or(f.works, allWorks)
	f.parts = cmp.Or(f.parts, allParts)
	return f
}

func (f flags) plan() plan {
	p := fullPlan()
	switch {
	case f.check:
		p = checkPlan()
	case f.quick:
		p = quickPlan()
	}
	if f.rounds > 0 {
		p.rounds = f.rounds
	}
	if f.measure > 0 {
		p.measure = f.measure
	}
	return p
}

func (f flags) selectParts() (map[string]bool, error) {
	known := strings.Split(allParts, ",")
	parts := map[string]bool{}
	for name := range strings.SplitSeq(f.parts, ",") {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("unknown part %q", name)
		}
		parts[name] = true
	}
	return parts, nil
}

// weighs reports whether binaries are weighed: linking them takes longer than the short forms have.
func (f flags) weighs(parts map[string]bool) bool { return parts[memoryPart] && !f.check && !f.quick }

func run(ctx context.Context, args []string) error {
	f, err := parse(args)
	if err != nil {
		return err
	}
	log := &progress{out: os.Stderr, start: time.Now()}
	dir, err := os.MkdirTemp("", "daybook-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	all, err := selectContestants(f.contestants)
	if err != nil {
		return err
	}
	ws, err := selectWorks(f.works)
	if err != nil {
		return err
	}
	parts, err := f.selectParts()
	if err != nil {
		return err
	}
	built, err := build(ctx, dir, all, f.weighs(parts), log)
	if err != nil {
		return err
	}
	if f.check {
		return check(ctx, f.plan(), built, all, ws, log)
	}
	m, err := measure(ctx, f.plan(), built, all, ws, parts, f.profiles, log)
	if err != nil {
		return err
	}
	return write(f, m, args, log)
}

func measure(ctx context.Context, p plan, built programs, all []contestant, ws []work, parts map[string]bool, profiles string, log *progress) (measurements, error) {
	m := measurements{contestants: all, works: ws}
	var err error
	if parts[loadPart] {
		if m.loads, err = measureLoads(ctx, p, built, all, ws, profiles, log); err != nil {
			return m, err
		}
	}
	if parts[memoryPart] {
		if m.memory, err = measureMemory(ctx, p, built, all, log); err != nil {
			return m, err
		}
	}
	if parts[socketsPart] {
		if m.sockets, err = measureSockets(ctx, p, built, all, profiles, log); err != nil {
			return m, err
		}
	}
	if parts[scalingPart] {
		if m.scaling, err = measureScaling(ctx, p, built, all, log); err != nil {
			return m, err
		}
	}
	return m, nil
}

// write writes the table to its file and to standard output, and the single measurements.
func write(f flags, m measurements, args []string, log *progress) error {
	var text bytes.Buffer
	fmt.Fprintf(&text, "`%s`, %s, %s, took %s.\n", strings.Join(append([]string{"go run ./cmd/bench"}, args...), " "),
		time.Now().Format(time.DateOnly), machine(), time.Since(log.start).Round(time.Second))
	fmt.Fprintln(&text, "Medians of the rounds; in parentheses: the whole of the bare program.")
	if share, ok := m.loads.share(fullWork, bareName); ok {
		fmt.Fprintf(&text, "The machine gave a serial client %.0f %% of a processor; with much less than 100, others were busy and the figures are worth less.\n", share)
	}
	fmt.Fprintln(&text)
	if err := newTable(m).write(&text); err != nil {
		return err
	}
	fmt.Fprintln(&text)
	if err := writeBudgets(&text, m); err != nil {
		return err
	}
	var raw bytes.Buffer
	if err := writeRaw(&raw, m); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Clean(f.out), text.Bytes(), 0o644); err != nil {
		return err
	}
	if len(m.loads) > 0 {
		if err := os.WriteFile(filepath.Clean(f.raw), raw.Bytes(), 0o644); err != nil {
			return err
		}
	}
	_, err := io.Copy(os.Stdout, &text)
	return err
}
