package main

import (
	"fmt"
	"strings"
)

// contestant is a column of the table.
type contestant struct {
	// name is what the worker knows it by.
	name string
	// title heads its column.
	title string
	// program is the directory of its worker under cmd/worker, and of its program under size.
	program string
	// serves and collects say in which of the slower parts it takes part.
	serves, collects, scales bool
}

// The names that budgets and ratios refer to.
const (
	bareName      = "bare"
	floorName     = "floor"
	unsampledName = "daybook-unsampled"
	daybookName   = "daybook"
	alwaysName    = "daybook-always"
	otelName      = "otel-1pct"
	otelAllName   = "otel-always"
)

// contestants are all columns in the order of the table. Bare comes first: the others are compared
// with it.
var contestants = []contestant{
	{name: bareName, title: "bare", program: "bare", serves: true, scales: true},
	{name: floorName, title: "floor", program: "floor", scales: true},
	{name: unsampledName, title: "daybook, not sampled", program: "daybook", scales: true},
	{name: daybookName, title: "daybook", program: "daybook", serves: true, collects: true, scales: true},
	{name: alwaysName, title: "daybook, always sampled", program: "daybook"},
	{name: otelName, title: "otel, 1 %", program: "otel", serves: true, collects: true, scales: true},
	{name: otelAllName, title: "otel, always", program: "otel"},
	{name: "newrelic", title: "New Relic", program: "newrelic"},
	{name: "datadog", title: "Datadog", program: "datadog"},
	{name: "elastic", title: "Elastic", program: "elastic"},
}

// yardstick takes part on real sockets only: it shows what a known time in each request comes to there.
var yardstick = contestant{name: "bare-5us", program: "bare"}

// selectContestants returns the contestants in a comma-separated list of names, always with bare;
// an empty list means all.
func selectContestants(list string) ([]contestant, error) {
	if list == "" {
		return contestants, nil
	}
	wanted := map[string]bool{bareName: true}
	for name := range strings.SplitSeq(list, ",") {
		wanted[name] = true
	}
	var selected []contestant
	for _, c := range contestants {
		if wanted[c.name] {
			selected = append(selected, c)
			delete(wanted, c.name)
		}
	}
	for name := range wanted {
		return nil, fmt.Errorf("unknown contestant %q", name)
	}
	return selected, nil
}

func filter(all []contestant, keep func(contestant) bool) []contestant {
	var kept []contestant
	for _, c := range all {
		if keep(c) {
			kept = append(kept, c)
		}
	}
	return kept
}
