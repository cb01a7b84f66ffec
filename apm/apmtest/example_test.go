package apmtest_test

import (
	"context"
	"testing"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/apm/apmtest"
)

// cleanUp is the program's own code.
func cleanUp(ctx context.Context) {
	ctx, t := apm.StartTransaction(ctx, "clean-up")
	defer t.End()
	_, s := apm.StartSegment(ctx, "find old files")
	s.End()
}

func TestCleanUp(t *testing.T) {
	t.Parallel()
	ctx, recorder := apmtest.New(t)
	cleanUp(ctx)
	e := recorder.Endpoint("", "clean-up")
	if e.Calls != 1 || e.SegmentCalls != 1 {
		t.Errorf("%d calls with %d segments, want 1 and 1", e.Calls, e.SegmentCalls)
	}
	names := map[string]bool{}
	for _, s := range recorder.Metrics().ScopeMetrics {
		for _, m := range s.Metrics {
			names[m.Name] = true
		}
	}
	for _, name := range []string{"apm.transaction.time", "apm.segment.calls", "go.goroutine.count", "process.cpu.time", "apm.filesystem.free"} {
		if !names[name] {
			t.Errorf("metric %s is missing in %v", name, names)
		}
	}
	// The first transaction of an endpoint is kept, and so it has spans although it is not sampled.
	if spans := recorder.Spans(); len(spans) != 2 {
		t.Errorf("%d spans, want those of the transaction and its segment", len(spans))
	}
}
