package recorder

import (
	"time"

	"github.com/daybook-apm/daybook/internal/transaction"
)

// stuckAfter is how old a transaction is when it is looked at while it runs.
const stuckAfter = 8 * time.Second

// maxStacks is how many stacks one look takes. Each needs a profile of all goroutines, and when a database hangs there are many of
// both; a few of them show where.
const maxStacks = 3

// watch keeps what has become older than eight seconds, each transaction once.
func (r *Recorder) watch() {
	stacks := 0
	for _, t := range r.config.Active.Older(stuckAfter) {
		var seen *Trace
		t.Observe(func(elapsed time.Duration) {
			// Who has set a longer threshold for the route expects it to take that long.
			s := t.Stuck()
			if s.Seen || t.Outcome().Streamed || elapsed < t.RouteThreshold() {
				return
			}
			s.Seen = true
			if !r.admit(r.endpoints.of(t.Endpoint()), Stuck, t.Start().Sub(r.start)+elapsed) {
				return
			}
			s.Kept = true
			seen = r.capture(t, elapsed)
			if !seen.Sampled {
				s.Exported = seen.settled()
				seen.exported = s.Exported
			}
		})
		if seen == nil {
			continue
		}
		if r.config.Stack != nil && stacks < maxStacks {
			stacks++
			seen.Stack = r.config.Stack(t)
		}
		r.keep(seen)
	}
}

// capture copies a transaction that is running. Its open children end here, as far as the copy goes.
func (r *Recorder) capture(t *transaction.Transaction, elapsed time.Duration) *Trace {
	c := newTrace(t, Stuck, elapsed)
	c.Running, c.WasStuck = true, false
	for i := range c.Entries {
		if e := &c.Entries[i]; e.Open {
			e.End = elapsed
		}
	}
	return c
}

// settled returns which entries of a stuck transaction will not change any more. Rows of a statement may be read for a
// while after it has ended.
func (t *Trace) settled() (bits uint64) {
	for i := range t.Entries {
		if e := &t.Entries[i]; !e.Open && isEntry(e) && t.Duration-e.End >= time.Second {
			bits |= 1 << i
		}
	}
	return bits
}

// isEntry reports whether e is anything: one that was taken back is nothing.
func isEntry(e *transaction.Entry) bool {
	return e.Statement != nil || e.Remote != nil || e.Segment != ""
}
