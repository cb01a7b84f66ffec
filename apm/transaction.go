package apm

import (
	"context"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/bridge"
	"github.com/daybook-apm/daybook/internal/semconv"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// Kind tells what a transaction is.
type Kind int

// The kinds of transactions.
const (
	KindJob      Kind = iota // Started by the program itself: a timer, a queue of its own.
	KindConsumer             // Started by a message.
	KindServer               // Started by a request of a protocol that the library does not know.
)

// Transaction is one served request, message or job. A nil Transaction may be used: it does nothing.
// Its methods may be called from any goroutine; after End they do nothing.
type Transaction struct {
	core *transaction.Transaction
	span trace.Span // The live span of a sampled transaction; nil: none, or not ours.
}

type transactionConfig struct {
	kind    Kind
	carrier propagation.TextMapCarrier
}

// TransactionOption is a setting of [StartTransaction].
type TransactionOption interface {
	apply(transactionConfig) transactionConfig
}

type transactionOptionFunc func(transactionConfig) transactionConfig

func (f transactionOptionFunc) apply(c transactionConfig) transactionConfig { return f(c) }

// WithKind says what the transaction is. Default: [KindJob].
func WithKind(k Kind) TransactionOption {
	return transactionOptionFunc(func(c transactionConfig) transactionConfig { c.kind = k; return c })
}

// WithCarrier continues the trace whose context is in carrier, such as the headers of a message.
func WithCarrier(carrier propagation.TextMapCarrier) TransactionOption {
	return transactionOptionFunc(func(c transactionConfig) transactionConfig { c.carrier = carrier; return c })
}

// StartTransaction begins a transaction that is no HTTP request; those begin by package middleware. name is its endpoint, so it
// must have few values: the job's or the queue's name. Work done with the returned context belongs to it.
// Call End on each way out. Inside a transaction it begins another one. Without an agent it returns ctx and nil.
func StartTransaction(ctx context.Context, name string, opts ...TransactionOption) (context.Context, *Transaction) {
	agent := transaction.AgentFrom(ctx)
	if agent == nil {
		return ctx, nil
	}
	var c transactionConfig
	for _, o := range opts {
		c = o.apply(c)
	}
	if c.carrier != nil {
		ctx = agent.Propagator.Extract(ctx, c.carrier)
	}
	t := &struct {
		core transaction.Transaction
		face Transaction
	}{}
	t.core.Begin(ctx, agent, transaction.Request{Kind: kinds[c.kind], Route: name})
	t.face.core = &t.core
	if !t.core.Sampled() || t.core.Adopted() {
		return &t.core, &t.face
	}
	ctx, t.face.span = agent.TracerProvider.Tracer(bridge.ScopeName, trace.WithSchemaURL(semconv.SchemaURL)).Start(
		transaction.ContextWithPending(&t.core, t.core.Pending()), name,
		trace.WithSpanKind(spanKinds[c.kind]), trace.WithTimestamp(t.core.Start()))
	t.core.Within(t.face.span)
	return ctx, &t.face
}

var spanKinds = map[Kind]trace.SpanKind{
	KindJob:      trace.SpanKindInternal,
	KindConsumer: trace.SpanKindConsumer,
	KindServer:   trace.SpanKindServer,
}

var kinds = map[Kind]transaction.Kind{
	KindJob:      transaction.Job,
	KindConsumer: transaction.Consumer,
	KindServer:   transaction.Server,
}

// TransactionFromContext returns the transaction that ctx belongs to, or nil.
func TransactionFromContext(ctx context.Context) *Transaction {
	t := transaction.From(ctx)
	if t == nil {
		return nil
	}
	return &Transaction{core: t}
}

// SetRoute names the endpoint, in place of the name or pattern that it has. An empty route changes nothing.
func (t *Transaction) SetRoute(route string) {
	if t != nil {
		t.core.SetRoute(route)
	}
}

// SetStatus sets the response status: 5xx is a failure, 4xx is counted apart.
func (t *Transaction) SetStatus(code int) {
	if t != nil {
		t.core.SetStatus(code)
	}
}

// Fail marks the transaction as failed, with the type of err as error.type. A nil err changes nothing.
func (t *Transaction) Fail(err error) {
	if t != nil && err != nil {
		t.core.FailWith(semconv.ErrorType(err), err)
	}
}

// End ends the transaction and posts it. Only the first call does anything.
func (t *Transaction) End() {
	if t == nil {
		return
	}
	t.core.End()
	if t.span == nil {
		return
	}
	// The outcome does not change any more.
	t.span.SetName(t.core.Endpoint().Route)
	if o := t.core.Outcome(); o.ErrorType != "" {
		t.span.SetAttributes(semconv.ErrorTypeKey.String(o.ErrorType))
		if o.Failed {
			t.span.SetStatus(codes.Error, "")
		}
	}
	t.span.End()
}

// RecordError counts err as an error of the endpoint that ctx belongs to, by its type. The transaction does not fail by it. A nil
// err does nothing.
func RecordError(ctx context.Context, err error) {
	if err == nil {
		return
	}
	if t := transaction.From(ctx); t != nil {
		t.RecordWith(semconv.ErrorType(err), err)
		return
	}
	if a := transaction.AgentFrom(ctx); a != nil {
		a.PostError(semconv.ErrorType(err), err)
	}
}

// SetUser says on whose behalf the transaction of ctx runs. Only a hash of id is kept, to count distinct users.
func SetUser(ctx context.Context, id string) {
	if id != "" {
		transaction.From(ctx).SetUser(transaction.HashUser(id))
	}
}

// Ignore leaves the transaction of ctx out of all figures: a health check, say.
func Ignore(ctx context.Context) { transaction.From(ctx).Ignore() }
