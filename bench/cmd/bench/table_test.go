package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/bench/worker"
)

func TestTable(t *testing.T) {
	full, err := findWork(fullWork)
	if err != nil {
		t.Fatal(err)
	}
	m := measurements{
		contestants: filter(contestants, func(c contestant) bool {
			return c.name == bareName || c.name == floorName || c.name == otelName
		}),
		works: []work{full},
		loads: loads{
			{fullWork, bareName}:  {{Requests: 1000, CPU: 4 * time.Millisecond, Allocations: 35_000, Recorded: -1}},
			{fullWork, floorName}: {{Requests: 1000, CPU: 5 * time.Millisecond, Allocations: 40_000, Made: 1200, Recorded: 900}},
			{fullWork, otelName}:  {{Requests: 500, CPU: 12 * time.Millisecond, Allocations: 72_500, Made: 600, Recorded: 600}},
		},
		memory: memory{heap: map[string]float64{bareName: 1 << 20, otelName: 7 << 20}},
	}
	var got strings.Builder
	if err := newTable(m).write(&got); err != nil {
		t.Fatal(err)
	}
	want := `
| added to bare, unless said otherwise |   bare | floor | otel, 1 % |
| ------------------------------------ | -----: | ----: | --------: |
| 2 queries, 1 exec, 1 call: CPU, µs   | (4.00) |  1.00 |     20.00 |
| – of otel at 1 %                     |        | 0.050 |     1.000 |
| – allocations                        | (35.0) |   5.0 |     110.0 |
| share of requests delivered, %       |        |  75.0 |     100.0 |
| kept heap, 500 endpoints, MiB        |  (1.0) |       |       6.0 |
`
	if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), got.String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

// measured returns measurements of one round in which a contestant adds so much CPU and so many
// allocations to each work.
func measured(cpu map[string]time.Duration, allocations map[string]uint64) measurements {
	m := measurements{loads: loads{}}
	for _, w := range works() {
		for _, c := range contestants {
			m.loads[loadKey{w.name, c.name}] = []worker.Result{{
				Requests:    1,
				CPU:         time.Microsecond + cpu[c.name],
				Allocations: 35 + allocations[c.name],
			}}
		}
	}
	return m
}
