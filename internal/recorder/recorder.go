package recorder

import (
	"context"
	"hash/maphash"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/failure"
	"github.com/daybook-apm/daybook/internal/stripe"
	"github.com/daybook-apm/daybook/internal/transaction"
)

const (
	// maxQueue is how many kept transactions wait to be exported. A burst fits in twice.
	maxQueue = 2 * burst
	// stripes is how many counters the suppressed are spread over.
	stripes = 16
)

// Reason says why a transaction was kept: the value of the attribute apm.kept.
type Reason string

// The reasons, the most important first.
const (
	Failed Reason = "failed"
	Slow   Reason = "slow"
	Stuck  Reason = "stuck" // It was running for eight seconds.
	First  Reason = "first" // No other of its endpoint has been kept for a minute.
)

// Config is what a recorder works with.
type Config struct {
	// MaxEndpoints is how many endpoints are told apart. Later ones share one budget.
	MaxEndpoints int
	// Active is where to look for what hangs.
	Active *transaction.Registry
	// Tracer exports what is kept, through a provider with the IDs and the sampler of package live. nil: nothing is exported.
	Tracer trace.Tracer
	// Stack returns the stack of the goroutine that runs a transaction, if it can be told. nil: it cannot.
	Stack func(*transaction.Transaction) []byte
	// Logger is told when an export panicked.
	Logger *slog.Logger
}

// Recorder implements [transaction.Recorder]. All methods are safe for concurrent use.
type Recorder struct {
	config Config
	start  time.Time
	errors groups

	endpoints endpoints

	mu     sync.Mutex // Guards budget and ring.
	budget budget
	ring   ring

	suppressed [stripes]counter

	queue   chan *Trace
	flush   chan chan struct{}
	closing chan struct{}
	done    chan struct{}
	once    sync.Once
}

type counter struct {
	atomic.Uint64
	_ [56]byte // Neighbours are on cache lines of their own.
}

// New returns a recorder, and starts its goroutine. Close ends it.
func New(c Config) *Recorder {
	r := &Recorder{
		config:    c,
		start:     time.Now(),
		endpoints: endpoints{seed: maphash.MakeSeed(), max: c.MaxEndpoints},
		budget:    newBudget(),
		queue:     make(chan *Trace, maxQueue),
		flush:     make(chan chan struct{}),
		closing:   make(chan struct{}),
		done:      make(chan struct{}),
	}
	go r.run()
	return r
}

// Consider implements [transaction.Recorder].
func (r *Recorder) Consider(t *transaction.Transaction) {
	o := t.Outcome()
	if o.Failed || len(t.Errors()) > 0 {
		r.errors.post(t)
	}
	now := t.Start().Sub(r.start) + t.Duration()
	e := r.endpoints.of(t.Endpoint())
	var reason Reason
	switch {
	case o.Failed:
		reason = Failed
	case t.Slow():
		reason = Slow
	case t.WasStuck():
		reason = Stuck
	case now < time.Duration(e.nextFirst.Load()):
		return
	default:
		reason = First
	}
	if t.WasStuck() || r.admit(e, reason, now) {
		r.keep(newTrace(t, reason, t.Duration()))
	}
}

// PostFailure implements [transaction.Recorder].
func (r *Recorder) PostFailure(e transaction.Endpoint, id trace.TraceID, f *failure.Failure) {
	r.errors.postOne(e, id, f)
}

// admit asks the budget.
func (r *Recorder) admit(e *endpoint, reason Reason, now time.Duration) bool {
	if reason == First || now >= time.Duration(e.closed.Load()) {
		r.mu.Lock()
		// Another one may have been the first meanwhile, and then there is nothing to be kept for.
		late := reason == First && now < time.Duration(e.nextFirst.Load())
		ok := !late && r.budget.take(e, reason, now)
		r.mu.Unlock()
		if ok || late {
			return ok
		}
	}
	r.suppressed[stripe.Number()%stripes].Add(1)
	return false
}

// keep keeps a trace in memory, and has it exported if it was not traced live. It never blocks.
func (r *Recorder) keep(t *Trace) {
	r.mu.Lock()
	r.ring.put(t)
	r.mu.Unlock()
	if r.config.Tracer == nil || t.Sampled {
		return
	}
	select {
	case r.queue <- t:
	default:
		r.suppressed[0].Add(1)
	}
}

// Traces returns what is kept in memory, at most 400, the latest first. A Trace does not change any more.
func (r *Recorder) Traces() []*Trace {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ring.all()
}

// Suppressed returns how many transactions were not kept, or not exported, because the budget was spent.
func (r *Recorder) Suppressed() (n uint64) {
	for i := range r.suppressed {
		n += r.suppressed[i].Load()
	}
	return n
}

// Errors returns the groups of errors, in no order. Their counts add up to all errors that there were.
func (r *Recorder) Errors() []Group { return r.errors.all() }

// Flush returns when the spans of all that was kept before have been given to the provider, or with the error of ctx.
func (r *Recorder) Flush(ctx context.Context) error {
	reply := make(chan struct{})
	select {
	case r.flush <- reply:
	case <-r.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-reply:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close is Flush, and ends the goroutine. What is kept afterwards stays in memory only. A second call only waits.
func (r *Recorder) Close(ctx context.Context) error {
	r.once.Do(func() { close(r.closing) })
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run exports what is kept and looks for what hangs.
func (r *Recorder) run() {
	defer close(r.done)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case t := <-r.queue:
			r.export(t)
		case <-tick.C:
			r.watch()
		case reply := <-r.flush:
			r.drain()
			close(reply)
		case <-r.closing:
			r.drain()
			return
		}
	}
}

// drain exports what is waiting now. What comes meanwhile waits for the next time, or a busy service would never let go.
func (r *Recorder) drain() {
	for range len(r.queue) {
		r.export(<-r.queue)
	}
}
