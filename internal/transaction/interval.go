package transaction

import "context"

// Interval is time of a phase that is no call: preparing a statement, beginning and ending an SQL transaction, asking
// whether a connection lives. The zero Interval does nothing.
type Interval struct {
	transaction *Transaction
	phase       Phase
}

// StartInterval begins an interval of the transaction of ctx, if there is one.
func StartInterval(ctx context.Context, p Phase) Interval { return From(ctx).StartInterval(p) }

// StartInterval is [StartInterval] for what has kept the transaction: a commit belongs to the request that began.
func (t *Transaction) StartInterval(p Phase) Interval {
	if t == nil {
		return Interval{}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return Interval{}
	}
	t.charge(t.now())
	t.clock.begin(p)
	return Interval{t, p}
}

// End ends the interval.
func (i Interval) End() {
	t := i.transaction
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ended {
		t.charge(t.now())
		t.clock.end(i.phase)
	}
}
