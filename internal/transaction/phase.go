package transaction

import "time"

// Phase is what a transaction spends its time on. A greater phase hides a smaller one: while an external
// call and a query are both in flight, the time is external.
type Phase uint8

// The phases, from lowest to highest.
const (
	App      Phase = iota // The service's own code, outside named segments.
	Segment               // The innermost named segment.
	Fetch                 // Reading rows.
	SQL                   // Statements and what belongs to them: prepare, begin, commit.
	External              // Calls to other services.

	Phases = 5 // How many there are.
)

// String returns the value of the attribute apm.phase.
func (p Phase) String() string {
	return [Phases]string{"app", "segment", "fetch", "sql", "external"}[p]
}

// clock splits a transaction's time into phases. It has one hand: each begin or end of a child charges the
// time since the last event to the highest phase in flight, so that the phases always add up to the time that has passed,
// to the nanosecond, however many children run side by side. The transaction's mutex guards it.
type clock struct {
	last    time.Duration // Offset of the last event from the transaction's start.
	top     Phase         // The highest phase in flight.
	running [Phases]int32 // Children in flight; App is always in flight and not counted.
	spent   [Phases]time.Duration
}

// charge books the time up to now. A clock never goes back: an event that
// was read earlier and comes later charges nothing.
func (c *clock) charge(now time.Duration) time.Duration {
	d := now - c.last
	if d <= 0 {
		return 0
	}
	c.last = now
	c.spent[c.top] += d
	return d
}

// begin puts one more child into flight. The time before it must have been charged.
func (c *clock) begin(p Phase) {
	c.running[p]++
	if p > c.top {
		c.top = p
	}
}

// end takes one child out of flight. The time before it must have been charged.
func (c *clock) end(p Phase) {
	c.running[p]--
	if p != c.top {
		return
	}
	for c.top > App && c.running[c.top] == 0 {
		c.top--
	}
}
