package failure

import (
	"hash/maphash"
	"sync/atomic"
	"time"
)

// interval is how often the stack of one kind of error is taken: one sample is enough, and an error may come with each request.
const interval = time.Second

// Limiter says when to take the stack of an error: once a second for each error.type and message. Kinds
// share its fixed number of slots, so that some of many get theirs later. The zero value is ready; it is safe for concurrent use.
type Limiter struct {
	last [256]atomic.Int64 // When each slot was used last, in nanoseconds of the epoch.
}

var seed = maphash.MakeSeed()

// Allow reports whether the stack of f is to be taken now.
func (l *Limiter) Allow(f *Failure) bool {
	type kind struct{ errorType, message string }
	hash := maphash.Comparable(seed, kind{f.Type, f.Message})
	slot := &l.last[hash%uint64(len(l.last))]
	now, last := time.Now().UnixNano(), slot.Load()
	return now-last >= int64(interval) && slot.CompareAndSwap(last, now)
}
