package recorder

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/daybook-apm/daybook/internal/transaction"
)

// endpoint is what the recorder knows of one endpoint. Times are offsets from the recorder's start.
type endpoint struct {
	// nextFirst is when one more is kept as the first; closed is until when it need not ask otherwise. Both are read
	// by every request and written by few.
	nextFirst, closed atomic.Int64

	// The recorder's mutex guards these: how much the endpoint has taken lately, and at when that was, and whether it
	// has asked in vain for its first one.
	taken   float64
	at      time.Duration
	waiting bool

	key  transaction.Endpoint
	next *endpoint // In the same bucket; older, and thus never changed.
}

// endpoints finds endpoints. Every transaction looks here at its end, for nothing in most cases: the fixed table, which
// hashes the route only, finds what is there in half the time that a map for any key takes.
type endpoints struct {
	seed     maphash.Seed
	buckets  [1 << 10]atomic.Pointer[endpoint]
	max      int
	overflow endpoint // Shared by all that come when the table is full.

	mu    sync.Mutex // Guards insertions.
	count int
}

// of returns the endpoint of key. Only one that is new allocates or takes a lock.
func (s *endpoints) of(key transaction.Endpoint) *endpoint {
	bucket := &s.buckets[maphash.String(s.seed, key.Route)%uint64(len(s.buckets))]
	if e := bucket.Load().find(key); e != nil {
		return e
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	head := bucket.Load()
	if e := head.find(key); e != nil {
		return e
	}
	if s.count >= s.max {
		return &s.overflow
	}
	s.count++
	e := &endpoint{key: key, next: head}
	bucket.Store(e)
	return e
}

func (e *endpoint) find(key transaction.Endpoint) *endpoint {
	for ; e != nil && e.key != key; e = e.next {
	}
	return e
}
