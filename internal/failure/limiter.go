package failure

import (
	"hash/maphash"
	"sync/atomic"
	"time"
)

// interval is how often the stack of one kind of error is taken: one sample is enough, and an error may come with each request.
const interval = time.Second

// ways is how many kinds of errors that share their slots get their stacks in the same second.
const ways = 4

// Limiter says when to take the stack of an error: once a second for each error.type and message. The number of slots is fixed:
// of hundreds of kinds in one second some get theirs later. The zero value is ready; it is safe for concurrent use.
type Limiter struct {
	sets [64]set
}

type set [ways]slot

// slot is the kind of error that used it last, as the upper half of its hash, and when that was, in milliseconds of the epoch,
// of which the lower half comes around in seven weeks. 0: nobody.
type slot struct{ atomic.Uint64 }

// age returns how long ago value was used.
func age(value uint64, now uint32) time.Duration {
	if value == 0 {
		return interval
	}
	return time.Duration(now-uint32(value)) * time.Millisecond
}

var seed = maphash.MakeSeed()

// Allow reports whether the stack of f is to be taken now.
func (l *Limiter) Allow(f *Failure) bool {
	type kind struct{ errorType, message string }
	hash := maphash.Comparable(seed, kind{f.Type, f.Message})
	now := uint32(time.Now().UnixMilli())
	for {
		mine, was := l.sets[hash%uint64(len(l.sets))].find(hash>>32, now)
		if age(was, now) < interval {
			return false
		}
		if mine.CompareAndSwap(was, hash>>32<<32|uint64(now)) {
			return true
		}
		// Another goroutine was faster: for this kind, or there may be a slot left.
	}
}

// find returns the slot of a kind or, if it has none, the one that was used longest ago, and what is in it.
func (s *set) find(kind uint64, now uint32) (*slot, uint64) {
	oldest, value := &s[0], s[0].Load()
	for i := range s {
		v := s[i].Load()
		if v != 0 && v>>32 == kind {
			return &s[i], v
		}
		if age(v, now) > age(value, now) {
			oldest, value = &s[i], v
		}
	}
	return oldest, value
}
