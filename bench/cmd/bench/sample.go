package main

import (
	"fmt"
	"math"
	"slices"

	"golang.org/x/perf/benchmath"
)

// sample is what one measure came to, one value a round.
type sample []float64

// minus returns a-b round by round, and nothing if one of them has nothing.
func minus(a, b sample) sample {
	return pairwise(a, b, func(x, y float64) float64 { return x - y })
}

// over returns a/b round by round, and nothing if one of them has nothing.
func over(a, b sample) sample {
	return pairwise(a, b, func(x, y float64) float64 { return x / y })
}

func pairwise(a, b sample, f func(x, y float64) float64) sample {
	var both sample
	for i := range min(len(a), len(b)) {
		both = append(both, f(a[i], b[i]))
	}
	return both
}

// summary returns the median and the half width of its 95 % confidence interval, which is
// infinite with fewer than six values.
func (s sample) summary() (median, spread float64) {
	sum := benchmath.AssumeNothing.Summary(benchmath.NewSample(slices.Clone(s), &benchmath.DefaultThresholds), 0.95)
	return sum.Center, max(sum.Hi-sum.Center, sum.Center-sum.Lo)
}

func (s sample) median() float64 {
	median, _ := s.summary()
	return median
}

// format prints the median with so many decimals, and the interval if there is one.
func (s sample) format(decimals int) string {
	if len(s) == 0 {
		return "–"
	}
	median, spread := s.summary()
	if math.IsInf(spread, 0) || math.IsNaN(spread) {
		return fmt.Sprintf("%.*f", decimals, median)
	}
	return fmt.Sprintf("%.*f ± %.*f", decimals, median, decimals, spread)
}
