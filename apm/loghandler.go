package apm

import (
	"context"
	"log/slog"
	"slices"

	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/transaction"
)

// LogHandler returns a handler that hands records on to h, with trace_id, span_id and http.route of the request that their context
// belongs to; these are never inside a group. A record of level Error or above that has an error among its own attributes counts
// as an error of the endpoint as well, as if [RecordError] had been called: log an error or record it, not both.
//
// Records whose context belongs to nothing are handed on as they are, and so are all without an agent.
func LogHandler(h slog.Handler) slog.Handler { return &logHandler{next: h} }

type logHandler struct {
	next slog.Handler
	// groups are the open ones, outermost first. next knows nothing of them, or the attributes of
	// the trace would be inside.
	groups []logGroup
}

type logGroup struct {
	name  string
	attrs []slog.Attr // What WithAttrs added inside.
}

// Enabled implements [slog.Handler].
func (h *logHandler) Enabled(ctx context.Context, l slog.Level) bool { return h.next.Enabled(ctx, l) }

// Handle implements [slog.Handler].
func (h *logHandler) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError {
		r.Attrs(func(a slog.Attr) bool {
			err, ok := a.Value.Any().(error)
			if ok {
				RecordError(ctx, err)
			}
			return !ok
		})
	}
	attrs := traceAttrs(ctx)
	if len(h.groups) > 0 {
		r = h.group(r)
	} else if len(attrs) > 0 {
		r = r.Clone()
	}
	r.AddAttrs(attrs...)
	return h.next.Handle(ctx, r)
}

// group returns r with its attributes inside the open groups.
func (h *logHandler) group(r slog.Record) slog.Record {
	var attrs []slog.Attr
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, a)
		return true
	})
	for _, g := range slices.Backward(h.groups) {
		attrs = []slog.Attr{{Key: g.name, Value: slog.GroupValue(append(slices.Clip(g.attrs), attrs...)...)}}
	}
	grouped := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	grouped.AddAttrs(attrs...)
	return grouped
}

// WithAttrs implements [slog.Handler].
func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	if len(h.groups) == 0 {
		return &logHandler{next: h.next.WithAttrs(attrs)}
	}
	groups := slices.Clone(h.groups)
	last := &groups[len(groups)-1]
	last.attrs = append(slices.Clip(last.attrs), attrs...)
	return &logHandler{h.next, groups}
}

// WithGroup implements [slog.Handler].
func (h *logHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &logHandler{h.next, append(slices.Clip(h.groups), logGroup{name: name})}
}

// traceAttrs returns what identifies the request that ctx belongs to.
func traceAttrs(ctx context.Context) []slog.Attr {
	t := transaction.From(ctx)
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsValid() && t != nil {
		sc = t.SpanContext() // A sampled transaction leaves the answer to its live span, which has not begun.
	}
	if !sc.IsValid() {
		return nil
	}
	attrs := []slog.Attr{slog.String("trace_id", sc.TraceID().String()), slog.String("span_id", sc.SpanID().String())}
	if t == nil {
		return attrs
	}
	if e := t.EndpointNow(); e.Method != "" && e.Route != "" {
		attrs = append(attrs, slog.String("http.route", e.Route))
	}
	return attrs
}
