package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSample_pairwise(t *testing.T) {
	a, b := sample{30, 12, 20}, sample{10, 4}
	if diff := cmp.Diff(sample{20, 8}, minus(a, b)); diff != "" {
		t.Errorf("minus(%v, %v) (-want +got):\n%s", a, b, diff)
	}
	if diff := cmp.Diff(sample{3, 3}, over(a, b)); diff != "" {
		t.Errorf("over(%v, %v) (-want +got):\n%s", a, b, diff)
	}
	if got := minus(a, nil); len(got) != 0 {
		t.Errorf("minus(%v, nil) = %v, want nothing", a, got)
	}
}

func TestSample_format(t *testing.T) {
	for _, test := range []struct {
		name   string
		sample sample
		want   string
	}{
		{"nothing", nil, "–"},
		{"too few for an interval", sample{3, 1, 2}, "2.0"},
		{"interval", sample{6, 1, 2, 3, 4, 5, 7}, "4.0 ± 3.0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := append(sample(nil), test.sample...)
			if got := test.sample.format(1); got != test.want {
				t.Errorf("%v.format(1) = %q, want %q", test.sample, got, test.want)
			}
			if diff := cmp.Diff(before, test.sample); diff != "" {
				t.Errorf("format changed the order of the rounds (-before +after):\n%s", diff)
			}
		})
	}
}
