package recorder

import (
	"context"
	"encoding/binary"
	"log/slog"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/failure"
	"github.com/daybook-apm/daybook/internal/semconv"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// export rebuilds a kept transaction as spans. The processors of a program's own run here as well.
func (r *Recorder) export(t *Trace) {
	defer func() {
		if v := recover(); v != nil && r.config.Logger != nil {
			r.config.Logger.Error("daybook: a kept transaction was not exported: a span processor panicked",
				slog.String("panic", failure.Message(v)))
		}
	}()
	parent := t.spanContext()
	if t.Running {
		r.exportStuck(t, parent)
	} else {
		root := r.startRoot(t)
		defer root.End(trace.WithTimestamp(t.End()))
		parent = root.SpanContext()
	}
	ctx := trace.ContextWithSpanContext(context.Background(), parent)
	for i := range t.Entries {
		if t.exports(i) {
			r.exportEntry(ctx, t, i)
		}
	}
}

// exports reports whether the entry i has a span to be exported now. What has ended is exported once; of a
// transaction that is still running the rest follows at its end.
func (t *Trace) exports(i int) bool {
	if t.Running {
		return t.exported&(1<<i) != 0
	}
	return isEntry(&t.Entries[i]) && t.exported&(1<<i) == 0
}

// startRoot begins the span of the transaction itself.
func (r *Recorder) startRoot(t *Trace) trace.Span {
	ctx := context.Background()
	if t.Parent.IsValid() {
		ctx = trace.ContextWithSpanContext(ctx, t.Parent)
	}
	root := r.begin(ctx, t.TraceID, t.SpanID, t.name(), t.Start,
		trace.WithSpanKind(t.spanKind()), trace.WithAttributes(t.attributes()...))
	if t.Outcome.Failed {
		root.SetStatus(codes.Error, "")
	}
	t.addEvents(root, failure.NoEntry)
	return root
}

// exportStuck exports what is known of a transaction that has not ended: a span below its own, whose turn
// comes when it ends, with an event for each child that is open. The span covers the time up to now.
func (r *Recorder) exportStuck(t *Trace, parent trace.SpanContext) {
	attributes := t.attributes()
	if len(t.Stack) > 0 {
		attributes = append(attributes, semconv.CodeStacktraceKey.String(string(t.Stack)))
	}
	span := r.begin(trace.ContextWithSpanContext(context.Background(), parent), t.TraceID, newSpanID(), t.name(), t.Start,
		trace.WithAttributes(attributes...))
	for i := range t.Entries {
		e := &t.Entries[i]
		if !t.exports(i) && isEntry(e) {
			d := describe(e)
			span.AddEvent(d.Name, trace.WithTimestamp(t.Start.Add(e.Start)), trace.WithAttributes(d.Known()...))
		}
	}
	t.addEvents(span, failure.NoEntry)
	span.End(trace.WithTimestamp(t.End()))
}

// exportEntry exports the span of one child.
func (r *Recorder) exportEntry(ctx context.Context, t *Trace, i int) {
	e := &t.Entries[i]
	id := e.SpanID
	if !id.IsValid() {
		id = newSpanID()
	}
	d := describe(e)
	span := r.begin(ctx, t.TraceID, id, d.Name, t.Start.Add(e.Start), trace.WithSpanKind(d.Kind), trace.WithAttributes(d.Known()...))
	if e.ErrorType != "" && e.ErrorType != transaction.CanceledError {
		span.SetStatus(codes.Error, "")
	}
	t.addEvents(span, i)
	span.End(trace.WithTimestamp(t.Start.Add(e.End)))
}

// begin begins a span with the given identity, below the one in ctx.
func (r *Recorder) begin(ctx context.Context, id trace.TraceID, span trace.SpanID, name string, at time.Time, opts ...trace.SpanStartOption) trace.Span {
	ctx = transaction.ContextWithPending(ctx, transaction.Pending{TraceID: id, SpanID: span})
	_, s := r.config.Tracer.Start(ctx, name, append(opts, trace.WithTimestamp(at))...)
	return s
}

// addEvents adds the errors that were described: those of the entry i, or of none.
func (t *Trace) addEvents(span trace.Span, i int) {
	for j := range t.Failures {
		f := &t.Failures[j]
		if f.Entry != i {
			continue
		}
		attributes := []attribute.KeyValue{semconv.ExceptionTypeKey.String(f.Type), semconv.ExceptionMessageKey.String(f.Message)}
		if f.Stack != nil {
			attributes = append(attributes, semconv.ExceptionStacktraceKey.String(f.Stack.String()))
		}
		span.AddEvent("exception", trace.WithTimestamp(t.Start.Add(min(f.At, t.Duration))), trace.WithAttributes(attributes...))
	}
}

// spanContext is the identity of the transaction.
func (t *Trace) spanContext() trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: t.TraceID, SpanID: t.SpanID, TraceFlags: trace.FlagsSampled, TraceState: t.Parent.TraceState(),
	})
}

func newSpanID() (id trace.SpanID) {
	binary.NativeEndian.PutUint64(id[:], rand.Uint64()|1)
	return id
}
