package main

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var withinBudget = map[string]time.Duration{
	floorName:     1 * time.Microsecond,
	unsampledName: 2 * time.Microsecond,
	daybookName:   2500 * time.Nanosecond,
	alwaysName:    40 * time.Microsecond,
	otelName:      27 * time.Microsecond,
	otelAllName:   55 * time.Microsecond,
}

func TestMissed(t *testing.T) {
	log := &progress{out: io.Discard, start: time.Now()}
	with := func(name string, d time.Duration) map[string]time.Duration {
		cpu := map[string]time.Duration{name: d}
		for n, d := range withinBudget {
			if n != name {
				cpu[n] = d
			}
		}
		return cpu
	}
	few := map[string]uint64{unsampledName: 3}
	for _, test := range []struct {
		name        string
		cpu         map[string]time.Duration
		allocations map[string]uint64
		want        []string
	}{
		{name: "all kept", cpu: withinBudget, allocations: few},
		{
			name: "noise is allowed",
			cpu:  with(alwaysName, 100*time.Microsecond), allocations: few,
		},
		{
			name: "more than twice the budget",
			cpu:  with(alwaysName, 115*time.Microsecond), allocations: few,
			want: []string{"full, added CPU of daybook-always to otel-always"},
		},
		{
			name: "one allocation more",
			cpu:  withinBudget, allocations: map[string]uint64{unsampledName: 4},
			want: []string{"http, added allocations of daybook-unsampled"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, b := range missed(budgets(), measured(test.cpu, test.allocations), log) {
				got = append(got, b.what)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("missed budgets (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWriteBudgets(t *testing.T) {
	var text strings.Builder
	if err := writeBudgets(&text, measured(withinBudget, map[string]uint64{unsampledName: 4})); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"- full, added CPU of daybook to otel-1pct: 0.093, at most 0.111: kept; the aim is 0.083\n",
		"- full, added allocations of daybook-unsampled: 4.000, at most 10.000: kept\n",
		"- http, added allocations of daybook-unsampled: 4.000, at most 3.000: **missed**\n",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("budgets lack %q:\n%s", want, text.String())
		}
	}
	if strings.Contains(text.String(), "sockets") {
		t.Errorf("budgets speak of what was not measured:\n%s", text.String())
	}
}
