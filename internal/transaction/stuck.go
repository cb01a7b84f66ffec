package transaction

import "time"

// Stuck is what the recorder notes on a transaction that it looked at while it was running.
type Stuck struct {
	// Seen says that it has been looked at, which is done once.
	Seen bool
	// Kept says that it was kept as stuck. It is then kept at its end as well.
	Kept bool
	// Exported are the entries, a bit for each index, whose spans were exported then.
	Exported uint64
}

// Older returns the active transactions that have been running for at least age, in no order.
func (r *Registry) Older(age time.Duration) []*Transaction {
	var old []*Transaction
	for i := range r.shards {
		s := &r.shards[i]
		s.mu.Lock()
		for t := s.newest; t != nil; t = t.older {
			if t.now() >= age {
				old = append(old, t)
			}
		}
		s.mu.Unlock()
	}
	return old
}

// Observe calls look with t locked if t is still running and not ignored. look may read all that is read after the end
// otherwise, but Duration; elapsed stands for that. It must not call what locks t.
func (t *Transaction) Observe(look func(elapsed time.Duration)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended || t.ignored {
		return
	}
	now := t.now()
	t.charge(now)
	look(now)
}

// Stuck returns the recorder's note, to be read and changed inside [Transaction.Observe] or after the end.
func (t *Transaction) Stuck() *Stuck { return &t.noted().stuck }

// WasStuck reports whether t was kept as stuck. It is read after the end.
func (t *Transaction) WasStuck() bool { return t.notes != nil && t.notes.stuck.Kept }
