package apm_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"testing/slogtest"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/apm/apmtest"
)

// decode returns the JSON lines of a log, without their times.
func decode(t *testing.T, log *bytes.Buffer) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for d := json.NewDecoder(log); d.More(); {
		line := map[string]any{}
		if err := d.Decode(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestLogHandlerIsAHandler(t *testing.T) {
	for _, inside := range []bool{false, true} {
		ctx := context.Background()
		if inside {
			var tx *apm.Transaction
			ctx, _ = apmtest.New(t)
			ctx, tx = apm.StartTransaction(ctx, "job")
			defer tx.End()
		}
		var log bytes.Buffer
		// The test suite logs without a context.
		h := withContext{apm.LogHandler(slog.NewJSONHandler(&log, nil)), ctx}
		if err := slogtest.TestHandler(h, func() []map[string]any { return decode(t, &log) }); err != nil {
			t.Errorf("inside a transaction: %t: %v", inside, err)
		}
	}
}

type withContext struct {
	slog.Handler
	ctx context.Context
}

func (h withContext) Handle(_ context.Context, r slog.Record) error {
	return h.Handler.Handle(h.ctx, r)
}

func (h withContext) WithAttrs(attrs []slog.Attr) slog.Handler {
	return withContext{h.Handler.WithAttrs(attrs), h.ctx}
}

func (h withContext) WithGroup(name string) slog.Handler {
	return withContext{h.Handler.WithGroup(name), h.ctx}
}

func TestLogHandlerNamesTheTrace(t *testing.T) {
	ctx, recorder := apmtest.New(t)
	ctx, tx := apm.StartTransaction(ctx, "job")
	sc := trace.SpanContextFromContext(ctx)
	var log bytes.Buffer
	logger := slog.New(apm.LogHandler(slog.NewJSONHandler(&log, &slog.HandlerOptions{
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	})))
	logger.InfoContext(ctx, "plain", "a", 1)
	grouped := logger.With("a", 1).WithGroup("g").With("b", 2)
	grouped.WithGroup("h").With("c", 3).ErrorContext(ctx, "grouped", "d", errors.New("order 5 is stale"))
	grouped.InfoContext(ctx, "sibling")
	grouped.Info("outside")
	logger.ErrorContext(ctx, "no error value")
	logger.WarnContext(ctx, "no error", "err", errors.New("x"))
	tx.End()

	id := func(line map[string]any) map[string]any {
		line["trace_id"], line["span_id"] = sc.TraceID().String(), sc.SpanID().String()
		return line
	}
	want := []map[string]any{
		id(map[string]any{"level": "INFO", "msg": "plain", "a": 1.0}),
		id(map[string]any{"level": "ERROR", "msg": "grouped", "a": 1.0, "g": map[string]any{
			"b": 2.0, "h": map[string]any{"c": 3.0, "d": "order 5 is stale"},
		}}),
		id(map[string]any{"level": "INFO", "msg": "sibling", "a": 1.0, "g": map[string]any{"b": 2.0}}),
		{"level": "INFO", "msg": "outside", "a": 1.0, "g": map[string]any{"b": 2.0}},
		id(map[string]any{"level": "ERROR", "msg": "no error value"}),
		id(map[string]any{"level": "WARN", "msg": "no error", "err": "x"}),
	}
	if diff := cmp.Diff(want, decode(t, &log)); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	got := recorder.Endpoint("", "job").Errors
	if len(got) != 1 || got[0].Message != "order ? is stale" || got[0].Count != 1 || got[0].LastTraceID != sc.TraceID().String() {
		t.Errorf("errors %+v, want the one that was logged as an error", got)
	}
}
