package main

import (
	"context"
	"fmt"
)

// allowance is how far over a budget of processor time the short form lets a run be: machines that
// run CI are shared, and their noise is large.
const allowance = 2

// tries is how often the short form measures before it fails.
const tries = 2

// checkContestants are those that the budgets of the load part name.
const checkContestants = floorName + "," + unsampledName + "," + daybookName + "," + alwaysName + "," + otelName + "," + otelAllName

// check is the short form for CI. It fails if the same budget is missed in each try: allocations
// exactly, processor time by more than the allowance, or by more than is known already.
func check(ctx context.Context, p plan, built programs, all []contestant, ws []work, log *progress) error {
	open := budgets()
	for try := range tries {
		measured, err := measureLoads(ctx, p, built, all, ws, "", log)
		if err != nil {
			return err
		}
		open = missed(open, measurements{contestants: all, works: ws, loads: measured}, log)
		if len(open) == 0 {
			return nil
		}
		log.printf("try %d of %d: %d missed", try+1, tries, len(open))
	}
	return fmt.Errorf("%d budgets missed in each of %d tries", len(open), tries)
}

// missed logs what each budget came to, and returns those that were measured and not kept.
func missed(all []budget, m measurements, log *progress) []budget {
	var over []budget
	for _, b := range all {
		value, ok := b.got(m)
		if !ok {
			continue
		}
		if value <= b.bound() {
			log.printf("ok      %s: %.3f, fails above %.3f", b.what, value, b.bound())
			continue
		}
		log.printf("MISSED  %s: %.3f, fails above %.3f", b.what, value, b.bound())
		over = append(over, b)
	}
	return over
}
