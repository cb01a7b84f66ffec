package ledger

import (
	"time"

	"github.com/daybook-apm/daybook/internal/histogram"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// Sum is an endpoint's account without its statements, remotes, segments and errors. It is reused for the next endpoint.
type Sum struct {
	Endpoint transaction.Endpoint
	Totals   Totals
	// Max is the longest duration since this reader looked last.
	Max time.Duration
	// Durations are those of all transactions, Failed those of the failed ones.
	Durations, Failed histogram.Counts
}

// Sums calls visit with the sum of each endpoint that was called, in no order. It costs a fraction of
// [Reader.Endpoints]: it is for whoever looks once a second.
func (r *Reader) Sums(visit func(*Sum)) {
	var s Sum
	r.ledger.each(func(e transaction.Endpoint, stripes *striped[account]) {
		s = Sum{Endpoint: e}
		stripes.each(func(a *account) {
			s.Totals.Add(&a.totals)
			s.Max = max(s.Max, a.takeMax(r.number))
			for i := range a.outcomes.keys {
				durations := &a.outcomes.values[i]
				s.Durations.AddHistogram(durations)
				if a.outcomes.keys[i].failed() {
					s.Failed.AddHistogram(durations)
				}
			}
		})
		if s.Totals.Calls > 0 {
			visit(&s)
		}
	})
}

// failed reports whether transactions of this outcome failed. What overflowed to (other) counts as failed: it is error types
// that there are too many of.
func (k *OutcomeKey) failed() bool {
	return k.ErrorType != "" && k.ErrorType != transaction.CanceledError
}
