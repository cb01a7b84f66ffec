package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSelectContestants(t *testing.T) {
	selected, err := selectContestants("otel-1pct,floor")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range selected {
		got = append(got, c.name)
	}
	if diff := cmp.Diff([]string{bareName, floorName, otelName}, got); diff != "" {
		t.Errorf("selected (-want +got):\n%s", diff)
	}
	if _, err := selectContestants("floor,nobody"); err == nil {
		t.Error("an unknown contestant was accepted")
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("OTEL_TRACES_SAMPLER", "always_on")
	t.Setenv("GOGC", "50")
	t.Setenv("SHOP", "open")
	kept := map[string]bool{}
	for _, variable := range environment() {
		kept[variable] = true
	}
	if kept["OTEL_TRACES_SAMPLER=always_on"] || kept["GOGC=50"] || !kept["SHOP=open"] {
		t.Errorf("environment() = %q", environment())
	}
}
