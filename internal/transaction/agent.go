package transaction

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/failure"
)

// Endpoint names one account of the ledger.
type Endpoint struct {
	Method string // Empty for jobs.
	Route  string
}

// Routes that are no pattern of a router.
const (
	// Unmatched is where requests are posted for which no router named a route.
	Unmatched = "(unmatched)"
	// Without is where calls are posted that had no transaction.
	Without = "(no transaction)"
	// Other is the overflow account of any list that has reached its bound.
	Other = "(other)"
)

// Ledger takes what is finished. Its methods are called from any goroutine and never
// block for longer than an addition takes. They must not keep what they are given.
type Ledger interface {
	// Post takes a transaction that has ended. The transaction does not change any more; its
	// totals and entries may be read only during the call.
	Post(*Transaction)
	// PostCall takes the duration of a single call that is in no transaction's entries.
	PostCall(*Entry)
	// PostStatement takes calls that came after the end of their transaction, or had none.
	PostStatement(Endpoint, *StatementTotal)
	// PostRemote is PostStatement for calls to remotes.
	PostRemote(Endpoint, *RemoteTotal)
	// PostError takes an error that was recorded after the end of its transaction, or without one.
	PostError(e Endpoint, errorType string)
}

// Recorder takes what hurt. The rules of [Ledger] are its rules.
type Recorder interface {
	// Consider takes a transaction that has ended, after the ledger. For the usual one, that is neither slow
	// nor failed, it must cost next to nothing.
	Consider(*Transaction)
	// PostFailure takes an error that was recorded after the end of its transaction, or without one: traceID is not valid then.
	PostFailure(Endpoint, trace.TraceID, *failure.Failure)
}

// Agent is what instrumentation needs to know of the agent that is running. Its fields are set before
// [Agent.Activate] or [NewContext] and not changed afterwards.
type Agent struct {
	Ledger     Ledger
	Recorder   Recorder // nil: nothing is kept, and errors are not described.
	Active     *Registry
	Sampler    Sampler
	Propagator propagation.TextMapPropagator
	Logger     *slog.Logger

	// TracerProvider makes the live spans of sampled transactions; nil: there are none.
	TracerProvider trace.TracerProvider
	// Join makes a provider whose spans merge with one that other instrumentation began for the same thing.
	Join func(trace.TracerProvider) trace.TracerProvider

	// GoroutineLabels binds each transaction to the goroutine that begins it. It needs [CanLabel].
	GoroutineLabels bool

	// Slow is the duration beyond which a transaction is slow; SlowRoutes overrides it by route.
	Slow       time.Duration
	SlowRoutes map[string]time.Duration

	fields  []string // Canonical header names that Propagator reads.
	w3c     bool     // Propagator is the default: traceparent, tracestate and baggage.
	stopped atomic.Bool
	strays  sync.Once
	stacks  failure.Limiter
}

// current is the one process-wide pointer of the library. See [Agent.Activate].
var current atomic.Pointer[Agent]

// Activate makes a the current agent. It returns false, and changes nothing, while there is another one.
func (a *Agent) Activate() bool { return current.CompareAndSwap(nil, a) }

// Stop turns a off: everything that still refers to it becomes a pass-through, and it is no longer current.
func (a *Agent) Stop() {
	a.stopped.Store(true)
	current.CompareAndSwap(a, nil)
}

// slow returns the duration beyond which a transaction of route is slow.
func (a *Agent) slow(route string) time.Duration {
	if len(a.SlowRoutes) > 0 {
		if d, ok := a.SlowRoutes[route]; ok {
			return d
		}
	}
	return a.Slow
}

// AgentFrom returns the context's agent (see [NewContext]), else the current one, else nil.
func AgentFrom(ctx context.Context) *Agent {
	a, _ := ctx.Value(agentKey{}).(*Agent)
	if a == nil {
		a = current.Load()
	}
	if a == nil || a.stopped.Load() {
		return nil
	}
	return a
}

type agentKey struct{}

// NewContext returns a context in which a is used in place of the current agent.
func NewContext(ctx context.Context, a *Agent) context.Context {
	return context.WithValue(ctx, agentKey{}, a)
}
