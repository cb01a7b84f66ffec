package ledger

import (
	"runtime"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/transaction"
)

const (
	// maxPoints is how many points are held between two readings, all stripes together.
	maxPoints = 8192
	// minStripePoints is how many each stripe holds at least.
	minStripePoints = 256
)

// Point is one finished transaction, as a scatter chart shows it.
type Point struct {
	End      int64 // Nanoseconds since the epoch.
	Duration time.Duration
	TraceID  trace.TraceID
	Endpoint *transaction.Endpoint // The account that it was posted to. Never changed.
	Failed   bool
	Slow     bool
}

// points are the transactions since they were read last. It is striped, since every request comes here.
type points struct {
	stripes []pointStripe

	mu    sync.Mutex // Guards spare.
	spare []Point
}

type pointStripe struct {
	mu   sync.Mutex
	ring []Point
	next int  // Where the next point goes.
	full bool // The ring went round since the last reading: the oldest points are overwritten.
	_    [64]byte
}

// WatchPoints begins to keep points. Without a reader nothing is kept, which costs a post one atomic load.
func (l *Ledger) WatchPoints() {
	n := runtime.GOMAXPROCS(0)
	size := max(maxPoints/n, minStripePoints)
	p := &points{stripes: make([]pointStripe, n), spare: make([]Point, size)}
	for i := range p.stripes {
		p.stripes[i].ring = make([]Point, size)
	}
	l.points.CompareAndSwap(nil, p)
}

// ForgetPoints stops keeping points.
func (l *Ledger) ForgetPoints() { l.points.Store(nil) }

func (p *points) add(t *transaction.Transaction, e *transaction.Endpoint, number uint32) {
	s := &p.stripes[number%uint32(len(p.stripes))]
	s.mu.Lock()
	point := &s.ring[s.next]
	point.End = t.Start().UnixNano() + int64(t.Duration())
	point.Duration = t.Duration()
	point.TraceID = t.TraceID()
	point.Endpoint = e
	point.Failed = t.Outcome().Failed
	point.Slow = t.Slow()
	if s.next++; s.next == len(s.ring) {
		s.next, s.full = 0, true
	}
	s.mu.Unlock()
}

// TakePoints calls visit with the points since the last call, at most the last 8,192, those of one processor in the
// order of their posting. It does not hold up posts.
func (l *Ledger) TakePoints(visit func(*Point)) {
	p := l.points.Load()
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.stripes {
		s := &p.stripes[i]
		s.mu.Lock()
		ring, next, full := s.ring, s.next, s.full
		s.ring, s.next, s.full = p.spare, 0, false
		s.mu.Unlock()
		p.spare = ring
		if full {
			for j := next; j < len(ring); j++ {
				visit(&ring[j])
			}
		}
		for j := range next {
			visit(&ring[j])
		}
	}
}
