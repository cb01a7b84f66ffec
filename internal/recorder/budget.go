package recorder

import (
	"math"
	"time"
)

const (
	burst       = 60
	price       = time.Second / 10 // Of one kept transaction: ten a second.
	firstBurst  = 10
	firstPrice  = time.Second // One first a second.
	firstPeriod = time.Minute
	// firstRetry is when an endpoint asks again whose first one was not kept. Others have had their turn by then.
	firstRetry = 10 * time.Second
	// closedFor is how long an endpoint does not ask again after a no, which spares the lock in a flood.
	closedFor = 20 * time.Millisecond
	// memory is how long what an endpoint has taken is held against it.
	memory = 3 * time.Second
)

// budget is two accounts that fill up with time. One of all, and one of the firsts, who pay from both.
type budget struct {
	all, firsts time.Duration
	at          time.Duration
	waiting     time.Duration // How many endpoints wait for their first one to be kept, at one a second.
}

func newBudget() budget {
	return budget{all: burst * price, firsts: firstBurst * firstPrice}
}

// take pays for one more of e, if there is enough.
func (b *budget) take(e *endpoint, reason Reason, now time.Duration) bool {
	if passed := now - b.at; passed > 0 {
		b.at = now
		b.all = min(b.all+passed, burst*price)
		b.firsts = min(b.firsts+passed, firstBurst*firstPrice)
	}
	if passed := now - e.at; passed > 0 {
		e.at = now
		e.taken *= math.Exp(-float64(passed) / float64(memory))
	}
	left := float64(b.all) / float64(price)
	switch {
	case reason == First:
		if left < 1 || b.firsts < firstPrice {
			e.nextFirst.Store(int64(now + firstRetry))
			b.wait(e, true)
			return false
		}
		b.firsts -= firstPrice
	// Who has taken as much as is left for all others has had enough. A flood of one endpoint thus never takes
	// all, of two of them neither, while alone it gets what flows in.
	case left < 1 || e.taken >= left:
		e.closed.Store(int64(now + closedFor))
		return false
	}
	b.all -= price
	e.taken++
	b.wait(e, false)
	// Who has had his turn lets those go first who wait.
	e.nextFirst.Store(int64(now + firstPeriod + b.waiting))
	return true
}

func (b *budget) wait(e *endpoint, waiting bool) {
	switch {
	case waiting && !e.waiting:
		b.waiting += firstPrice
	case !waiting && e.waiting:
		b.waiting -= firstPrice
	}
	e.waiting = waiting
}
