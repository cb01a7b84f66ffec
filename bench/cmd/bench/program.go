package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/daybook-apm/daybook/bench/worker"
)

// programs are the directories of what has been built.
type programs struct {
	workers string
	// weighed has the programs under size; it is empty if they are not wanted.
	weighed string
}

// build builds the workers of all contestants into dir, and if weigh is set the programs under
// size. It runs in the module's directory.
func build(ctx context.Context, dir string, all []contestant, weigh bool, log *progress) (programs, error) {
	log.printf("build the workers; the first time this takes a few minutes")
	p := programs{workers: filepath.Join(dir, "worker")}
	if err := goBuild(ctx, p.workers, "./cmd/worker", all, "-ldflags=-w"); err != nil || !weigh {
		return p, err
	}
	log.printf("build the programs to be weighed")
	p.weighed = filepath.Join(dir, "size")
	return p, goBuild(ctx, p.weighed, "./size", filter(all, weighable))
}

// goBuild builds the programs of all contestants that are under parent, by one command: they share
// most of what they link.
func goBuild(ctx context.Context, dir, parent string, all []contestant, flags ...string) error {
	args := append([]string{"build", "-o", dir + string(filepath.Separator)}, flags...)
	for _, c := range all {
		if pkg := parent + "/" + c.program; !slices.Contains(args, pkg) {
			args = append(args, pkg)
		}
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, text)
	}
	return nil
}

// patience is how long a worker may take before it is given up.
const patience = 5 * time.Minute

// run runs task for a contestant in a process of its own, with so many processors; zero leaves
// their number to the process.
func (p programs) run(ctx context.Context, c contestant, task worker.Task, processors int) (worker.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd, err := p.command(ctx, c, task, processors)
	if err != nil {
		return worker.Result{}, err
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		return worker.Result{}, fmt.Errorf("%s, %s: %w\n%s", c.name, task.Mode, errors.Join(err, ctx.Err()), stderr.Bytes())
	}
	var result worker.Result
	if err := json.Unmarshal(output, &result); err != nil {
		return worker.Result{}, fmt.Errorf("%s, %s: read result: %w", c.name, task.Mode, err)
	}
	return result, nil
}

func (p programs) command(ctx context.Context, c contestant, task worker.Task, processors int) (*exec.Cmd, error) {
	task.Contestant = c.name
	arg, err := json.Marshal(task)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(p.workers, c.program), string(arg))
	cmd.Env = environment()
	if processors > 0 {
		cmd.Env = append(cmd.Env, "GOMAXPROCS="+strconv.Itoa(processors))
	}
	return cmd, nil
}

// settings are the prefixes of variables that would set up an agent or the runtime other than its
// defaults.
var settings = []string{"OTEL_", "DAYBOOK_", "NEW_RELIC_", "DD_", "ELASTIC_APM_", "GOGC=", "GOMEMLIMIT=", "GOMAXPROCS=", "GODEBUG="}

func environment() []string {
	var kept []string
next:
	for _, variable := range os.Environ() {
		for _, prefix := range settings {
			if strings.HasPrefix(variable, prefix) {
				continue next
			}
		}
		kept = append(kept, variable)
	}
	return kept
}
