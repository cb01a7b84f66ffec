package transaction

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// Kind tells what a transaction is: it decides which telemetry it may appear in.
type Kind uint8

// The kinds. Only a Server transaction with a method is in the http.server.* metrics.
const (
	Server Kind = iota
	Job
	Consumer
)

// Transaction is one served request or one job, from begin to end. It is a [context.Context] as well, the one
// that the work of the transaction runs in, which saves an allocation for each request.
//
// A Transaction is safe for concurrent use. It is never recycled: contexts and goroutines may outlive the request. All methods
// that children call do nothing once it has ended, and nothing on a nil Transaction.
type Transaction struct {
	context.Context // The caller's.

	// Set by Begin and not changed afterwards.
	agent        *Agent
	start        time.Time
	method       string
	traceID      trace.TraceID
	spanID       trace.SpanID
	parent       *trace.SpanContext // The span that caused this one, remote or local; nil: none.
	kind         Kind
	secure       bool // url.scheme is https.
	sampled      bool
	adopted      bool // The span is the program's own: it began before t did.
	activeShard  uint32
	binding      *binding     // nil: t is found by its context only.
	older, newer *Transaction // Neighbours in the registry; its shard's mutex guards them.

	mu       sync.Mutex
	clock    clock
	sheet    *sheet // nil until there is a child, and again after the end.
	calls    [Phases]int32
	routed   int32 // How often the route was set or claimed.
	route    string
	outcome  Outcome
	user     uint64
	notes    *notes // nil until there is something that few transactions have.
	duration time.Duration
	hasUser  bool
	ignored  bool
	ended    bool
}

// Request is what is known of a transaction when it begins.
type Request struct {
	Kind   Kind
	Method string // A method of the conventions, or _OTHER; empty if it is no HTTP request.
	Secure bool   // url.scheme is https, not http.
	Route  string // May come later, see [Transaction.SetRoute].
}

// Begin starts t, which must be zero, in place: a caller that embeds it in a record of its own pays for one allocation only.
// parent is the context of the caller, from which a remote parent has been extracted (see [Agent.Extract]).
// t is the context to go on with.
func (t *Transaction) Begin(parent context.Context, a *Agent, r Request) {
	t.Context = parent
	t.agent = a
	t.kind, t.method, t.secure, t.route = r.Kind, r.Method, r.Secure, r.Route
	t.identify(trace.SpanContextFromContext(parent))
	t.start = time.Now()
	if a.GoroutineLabels {
		t.bind()
	}
	a.Active.add(t) // From here on others see t.
}

// Ignore keeps the transaction out of every figure. It still works as a context and for its children.
func (t *Transaction) Ignore() {
	if t == nil {
		return
	}
	t.mu.Lock()
	t.ignored = true
	t.mu.Unlock()
}

// Ended reports whether t has ended.
func (t *Transaction) Ended() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ended
}

// SpentNow returns the exclusive time of each phase up to now.
func (t *Transaction) SpentNow() [Phases]time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ended {
		t.charge(t.now())
	}
	return t.clock.spent
}

func (t *Transaction) isIgnored() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ignored
}

// End ends the transaction and posts it. Only the first call does anything.
func (t *Transaction) End() {
	if t == nil {
		return
	}
	t.mu.Lock()
	if t.ended {
		t.mu.Unlock()
		return
	}
	t.duration = t.now()
	t.charge(t.duration)
	t.ended = true
	ignored, sheet := t.ignored, t.sheet
	if sheet != nil {
		for i := range sheet.entries {
			if e := &sheet.entries[i]; e.Open {
				if n := t.noted(); n.orphans == nil {
					n.orphans = slices.Clone(sheet.entries) // Their calls will look for them.
				}
				e.End = t.duration
			}
		}
	}
	t.mu.Unlock()

	// From here on nothing of t changes, and children see that it has ended.
	t.agent.Active.remove(t)
	if t.binding != nil {
		t.unbind()
	}
	if !ignored && !t.agent.stopped.Load() {
		t.agent.Ledger.Post(t)
		if t.agent.Recorder != nil {
			t.agent.Recorder.Consider(t)
		}
	}
	if sheet != nil {
		t.mu.Lock()
		t.sheet = nil
		t.mu.Unlock()
		sheet.recycle()
	}
}

// now is the offset from the start. One reading of the monotonic clock, which is cheaper than time.Now.
func (t *Transaction) now() time.Duration { return time.Since(t.start) }

// charge books the time up to now to the phase that was in flight. The caller holds t.mu.
func (t *Transaction) charge(now time.Duration) {
	top := t.clock.top
	if d := t.clock.charge(now); top == Segment && d > 0 {
		t.sheet.segments[t.sheet.innermost[len(t.sheet.innermost)-1]].Time += d
	}
}

// children returns the sheet, with room for a first child. The caller holds t.mu.
func (t *Transaction) children() *sheet {
	if t.sheet == nil {
		t.sheet = sheets.Get().(*sheet)
	}
	return t.sheet
}
