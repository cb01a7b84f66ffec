package main

import "time"

// plan is how much is measured.
type plan struct {
	// rounds is how often each contestant is put under each work, each time in a new process that
	// warms up and then measures.
	rounds        int
	warm, measure time.Duration
	// requests are made to 500 endpoints before the heap and the collections are measured.
	requests int64
	// collections is how many collections are measured.
	collections int
	// socketStarts is how often all servers are started. They then take turns, socketRounds times, for
	// socketMeasure each: what others do on the machine changes from second to second, and meets them all alike.
	socketStarts, socketRounds int
	socketWarm, socketMeasure  time.Duration
	// scalingRounds is how often each number of processors is measured.
	scalingRounds int
}

func fullPlan() plan {
	return plan{
		rounds:        7,
		warm:          150 * time.Millisecond,
		measure:       500 * time.Millisecond,
		requests:      200_000,
		collections:   20,
		socketStarts:  3,
		socketRounds:  25,
		socketWarm:    500 * time.Millisecond,
		socketMeasure: 200 * time.Millisecond,
		scalingRounds: 3,
	}
}

func quickPlan() plan {
	return plan{
		rounds:        3,
		warm:          50 * time.Millisecond,
		measure:       130 * time.Millisecond,
		requests:      20_000,
		collections:   5,
		socketStarts:  1,
		socketRounds:  15,
		socketWarm:    300 * time.Millisecond,
		socketMeasure: 150 * time.Millisecond,
	}
}

func checkPlan() plan {
	return plan{
		rounds:  5,
		warm:    50 * time.Millisecond,
		measure: 200 * time.Millisecond,
	}
}
