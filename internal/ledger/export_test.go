package ledger

import (
	"time"

	"github.com/daybook-apm/daybook/internal/histogram"
	"github.com/daybook-apm/daybook/internal/stripe"
)

// Durations is one account of durations, as the ledger splits it.
type Durations struct {
	account *striped[histogram.Histogram]
	whole   *cell[histogram.Histogram]
}

// NewDurations returns an empty account.
func NewDurations() *Durations {
	d := &Durations{account: newRequest()}
	d.whole = (*d.account.stripes.Load())[0]
	return d
}

// Record adds to the stripe of the caller's processor.
func (d *Durations) Record(t time.Duration) { record(d.account, t, stripe.Number()) }

// RecordWhole adds to the first stripe, which is what it would be without the others.
func (d *Durations) RecordWhole(t time.Duration) {
	d.whole.mu.Lock()
	d.whole.value.Record(t)
	d.whole.mu.Unlock()
}

// Stripes returns how many there are, Count how many durations they hold.
func (d *Durations) Stripes() int { return len(*d.account.stripes.Load()) }

func (d *Durations) Count() (n uint64) {
	d.account.each(func(h *histogram.Histogram) { n += h.Count() })
	return n
}
