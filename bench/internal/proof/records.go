package proof

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/bench"
	"github.com/daybook-apm/daybook/bench/workload"
)

// Records runs all kinds of work under one agent, serially and in parallel, and fails the test if
// what the agent has delivered by its end is not exactly what was done.
func Records(t *testing.T, c bench.Contestant) {
	t.Helper()
	agent, err := c.Start(bench.Config{Inspect: true})
	if err != nil {
		t.Fatalf("Start(%s): %v", c.Name, err)
	}
	var want bench.Records
	for _, kind := range workload.Kinds() {
		program, err := workload.New(agent, kind, 20)
		if err != nil {
			t.Fatalf("workload.New(%s, %s): %v", c.Name, kind, err)
		}
		for _, load := range []workload.Load{
			{Program: program, Clients: 1},
			{Program: program, Clients: 2},
			{Program: program, Clients: 1, Cancelable: true},
		} {
			n, err := load.Times(64)
			if err != nil {
				t.Fatalf("%s, %s: %v", c.Name, kind, err)
			}
			want.Requests += n
			want.Statements += n * int64(kind.Statements())
			want.Calls += n * int64(kind.Calls())
			// Some agents drop what comes faster than they can send: not what is asked here.
			if err := agent.Flush(t.Context()); err != nil {
				t.Fatalf("Flush(%s): %v", c.Name, err)
			}
		}
		if err := program.Close(); err != nil {
			t.Fatalf("close database: %v", err)
		}
	}
	if err := agent.Close(t.Context()); err != nil {
		t.Fatalf("Close(%s): %v", c.Name, err)
	}
	if diff := cmp.Diff(want, agent.Recorded()); diff != "" {
		t.Errorf("%s recorded (-want +got):\n%s", c.Name, diff)
	}
}

// All proves each contestant in a subtest of its own.
func All(t *testing.T, contestants []bench.Contestant) {
	t.Helper()
	for _, c := range contestants {
		t.Run(c.Name, func(t *testing.T) { Records(t, c) })
	}
}
