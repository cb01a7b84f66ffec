package transaction

import (
	"sync"
	"time"

	"github.com/daybook-apm/daybook/internal/stripe"
)

// shards is a power of two that is well above the cores of most machines.
const shards = 64

// Registry knows the active transactions. It is sharded by processor, so that two requests on
// two processors do not meet in it.
type Registry struct {
	shards [shards]shard
}

type shard struct {
	mu     sync.Mutex
	newest *Transaction
	_      [48]byte // Keeps neighbours off each other's cache line.
}

func (r *Registry) add(t *Transaction) {
	t.activeShard = stripe.Number() % shards
	s := &r.shards[t.activeShard]
	s.mu.Lock()
	t.older = s.newest
	if s.newest != nil {
		s.newest.newer = t
	}
	s.newest = t
	s.mu.Unlock()
}

func (r *Registry) remove(t *Transaction) {
	s := &r.shards[t.activeShard]
	s.mu.Lock()
	if t.newer != nil {
		t.newer.older = t.older
	} else {
		s.newest = t.older
	}
	if t.older != nil {
		t.older.newer = t.newer
	}
	t.older, t.newer = nil, nil
	s.mu.Unlock()
}

// Snapshot is what an active transaction is doing now.
type Snapshot struct {
	Transaction *Transaction
	Endpoint    Endpoint
	Elapsed     time.Duration
	Phase       Phase
	// Current is the open child of the highest phase that began last, if there is one.
	Current Entry
	// CurrentElapsed is how long Current has been open.
	CurrentElapsed time.Duration
	Streamed       bool
}

// All returns the active transactions, ignored ones left out, in no order.
func (r *Registry) All() []Snapshot {
	var all []Snapshot
	for i := range r.shards {
		s := &r.shards[i]
		s.mu.Lock()
		for t := s.newest; t != nil; t = t.older {
			if now, ok := t.snapshot(); ok {
				all = append(all, now)
			}
		}
		s.mu.Unlock()
	}
	return all
}

// Find returns the active transaction with the given [Transaction.ID], or nil. A nil registry has none.
func (r *Registry) Find(id uint64) *Transaction {
	if r == nil {
		return nil
	}
	for i := range r.shards {
		s := &r.shards[i]
		s.mu.Lock()
		for t := s.newest; t != nil; t = t.older {
			if t.ID() == id && !t.isIgnored() {
				s.mu.Unlock()
				return t
			}
		}
		s.mu.Unlock()
	}
	return nil
}

func (t *Transaction) snapshot() (Snapshot, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended || t.ignored {
		return Snapshot{}, false
	}
	now := t.now()
	s := Snapshot{
		Transaction: t,
		Endpoint:    Endpoint{t.method, t.route},
		Elapsed:     now,
		Phase:       t.clock.top,
		Streamed:    t.outcome.Streamed,
	}
	if t.sheet == nil {
		return s, true
	}
	highest := App
	for i := range t.sheet.entries {
		if e := &t.sheet.entries[i]; e.Open && e.phase() >= highest {
			highest = e.phase()
			s.Current, s.CurrentElapsed = *e, now-e.Start
		}
	}
	return s, true
}

func (e *Entry) phase() Phase {
	switch {
	case e.Remote != nil:
		return External
	case e.Statement != nil:
		return SQL
	}
	return Segment
}
