package transaction

import (
	"context"
	"encoding/hex"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"

	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/stack"
)

// A transaction of an agent with GoroutineLabels is bound to the goroutine that begins it, by that goroutine's pprof labels:
// whoever passes no context is found by them. Goroutines inherit labels from the one that starts them. A program that sets
// labels by itself ends the binding of the goroutine, and nobody overwrites what it has set.

// lateFor is how long after the end goroutines of a transaction count for its endpoint: these are its late children. What runs
// longer has only been started by it, as the workers of a pool are, and works for others.
const lateFor = time.Minute

// The keys of the labels. The address of transactionLabel tells our labels from those of the program, which may
// have the same key: this string exists once.
var transactionLabel = strings.Clone("transaction")

const routeLabel = "route"

type label struct{ key, value string }

// labels is what the label pointer of a goroutine points to. The runtime and its profiles see the list, which is all that there is
// to labels of the program. Nothing of it changes once a goroutine has it: profiles are taken at any time.
type labels struct {
	list    []label
	binding *binding
}

// binding leads from goroutines to their transaction while that goes on. Goroutines may live on with the labels, and then
// keep this alone.
type binding struct {
	labels  labels // The first ones: there are others when the route becomes known later.
	room    [2]label
	id      [16]byte
	outer   unsafe.Pointer // What the goroutine had before.
	foreign []label        // Labels of the program among them. They stay visible.

	transaction atomic.Pointer[Transaction] // nil after the end; what follows is set then.
	remains     remains
}

// remains are what late children need of a transaction.
type remains struct {
	agent         *Agent
	end           time.Time
	kind          Kind
	method, route string
	traceID       trace.TraceID
	spanID        trace.SpanID
	sampled       bool
	ignored       bool
}

// ours returns the labels that p points to if they are ours.
func ours(p unsafe.Pointer) *labels {
	if p == nil {
		return nil
	}
	list := *(*[]label)(p)
	if len(list) == 0 || unsafe.StringData(list[0].key) != unsafe.StringData(transactionLabel) {
		return nil
	}
	return (*labels)(p)
}

// bind labels this goroutine.
func (t *Transaction) bind() {
	b := &binding{}
	t.binding = b
	b.transaction.Store(t)
	hex.Encode(b.id[:], t.spanID[:])
	b.outer = getLabels()
	if l := ours(b.outer); l != nil {
		b.foreign = l.binding.foreign
	} else if b.outer != nil {
		b.foreign = *(*[]label)(b.outer)
	}
	b.label(&b.labels, b.room[:0], t.route)
}

// rebind labels this goroutine anew if it is in t: the route has become known.
func (t *Transaction) rebind(route string) {
	if l := ours(getLabels()); l != nil && l.binding == t.binding {
		l.binding.label(&labels{}, nil, route)
	}
}

func (b *binding) label(l *labels, list []label, route string) {
	list = append(list, label{transactionLabel, unsafe.String(&b.id[0], len(b.id))})
	if route != "" {
		list = append(list, label{routeLabel, route})
	}
	for _, f := range b.foreign {
		if f.key != transactionLabel && f.key != routeLabel {
			list = append(list, f)
		}
	}
	l.list, l.binding = list, b
	setLabels(unsafe.Pointer(l))
}

// unbind gives this goroutine back the labels that it had, and lets go of t wherever goroutines of it live on. t has ended.
func (t *Transaction) unbind() {
	b := t.binding
	b.remains = remains{
		agent:   t.agent,
		end:     t.start.Add(t.duration),
		kind:    t.kind,
		method:  t.method,
		route:   t.route,
		traceID: t.traceID,
		spanID:  t.spanID,
		sampled: t.sampled,
		ignored: t.isIgnored(),
	}
	outer := b.outer
	if ours(outer) != nil {
		b.outer = nil // Bindings of goroutines that live on would be a chain without an end.
	}
	b.transaction.Store(nil)
	if l := ours(getLabels()); l != nil && l.binding == b {
		setLabels(withoutEnded(outer))
	}
}

// withoutEnded returns p or, if these are the labels of a transaction that has ended meanwhile, those of the program that were
// there before it.
func withoutEnded(p unsafe.Pointer) unsafe.Pointer {
	if l := ours(p); l != nil && l.binding.transaction.Load() == nil {
		return l.binding.outer
	}
	return p
}

// fromGoroutine returns the transaction that this goroutine belongs to, or nil. The agent of ctx comes first, if it has one.
func fromGoroutine(ctx context.Context) *Transaction {
	l := ours(getLabels())
	if l == nil {
		return nil
	}
	t := l.binding.transaction.Load()
	if t == nil {
		t = l.binding.remains.transaction()
	}
	if t == nil {
		return nil
	}
	if a, _ := ctx.Value(agentKey{}).(*Agent); a != nil && a != t.agent {
		return nil
	}
	return t
}

// transaction returns what late children post to, or nil if it is too late even for them.
func (r *remains) transaction() *Transaction {
	if time.Since(r.end) > lateFor {
		return nil
	}
	return &Transaction{
		Context: context.Background(),
		agent:   r.agent,
		start:   r.end,
		kind:    r.kind,
		method:  r.method,
		route:   r.route,
		traceID: r.traceID,
		spanID:  r.spanID,
		sampled: r.sampled,
		ignored: r.ignored,
		ended:   true,
	}
}

// Attach returns ctx with the transaction of this goroutine and its live span, if ctx leads to none by itself.
// A live span that begins in ctx would have no parent otherwise.
func Attach(ctx context.Context) context.Context {
	if FromContext(ctx) != nil {
		return ctx
	}
	t := fromGoroutine(ctx)
	if t == nil {
		return ctx
	}
	ctx = context.WithValue(ctx, transactionKey{}, t)
	if span := t.liveSpan(); span != nil && !trace.SpanContextFromContext(ctx).IsValid() {
		ctx = trace.ContextWithSpan(ctx, span)
	}
	return ctx
}

// Stack returns the stacks of the goroutines that are bound to t, or nil if there are none. It takes the
// goroutine profile of the whole program: see [stack.Labelled].
func (t *Transaction) Stack() []byte {
	if t.binding == nil {
		return nil
	}
	return stack.Labelled(transactionLabel, string(t.binding.id[:]))
}
