package exporter_test

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/exporter"
)

// spanExporter records the names of what it is given. If gate is set, it takes one value for each export, which is its
// result.
type spanExporter struct {
	gate chan error

	mu       sync.Mutex
	batches  [][]string
	shutdown int
}

func (e *spanExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	names := make([]string, len(spans))
	for i, s := range spans {
		names[i] = s.Name()
	}
	e.mu.Lock()
	e.batches = append(e.batches, names)
	e.mu.Unlock()
	if e.gate == nil {
		return nil
	}
	select {
	case err := <-e.gate:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *spanExporter) Shutdown(context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.shutdown++
	return nil
}

func (e *spanExporter) sizes() []int {
	e.mu.Lock()
	defer e.mu.Unlock()
	var sizes []int
	for _, b := range e.batches {
		sizes = append(sizes, len(b))
	}
	return sizes
}

func (e *spanExporter) names() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var names []string
	for _, b := range e.batches {
		names = append(names, b...)
	}
	return names
}

func span(name string, flags trace.TraceFlags) sdktrace.ReadOnlySpan {
	return tracetest.SpanStub{
		Name: name,
		SpanContext: trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: flags,
		}),
	}.Snapshot()
}

// end ends n sampled spans that are named by their number from first on.
func end(p sdktrace.SpanProcessor, first, n int) {
	for i := range n {
		p.OnEnd(span(strconv.Itoa(first+i), trace.FlagsSampled))
	}
}

func numbers(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	return names
}

func shutdown(t *testing.T, p sdktrace.SpanProcessor) {
	t.Helper()
	if err := p.Shutdown(context.Background()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

func TestSpansAreExportedByTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &spanExporter{}
		p, stats := exporter.NewSpanProcessor(e, 5*time.Second, time.Minute, 100, 20)
		defer shutdown(t, p)
		end(p, 0, 49)
		p.OnEnd(span("not sampled", 0))
		time.Sleep(5*time.Second - 1)
		synctest.Wait()
		if got := e.sizes(); got != nil {
			t.Fatalf("batches %v before the time", got)
		}
		if got := stats().Queued; got != 49 {
			t.Errorf("%d queued, want 49", got)
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if diff := cmp.Diff([]int{20, 20, 9}, e.sizes()); diff != "" {
			t.Errorf("batches (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(numbers(49), e.names()); diff != "" {
			t.Errorf("spans (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(exporter.SignalStats{Sent: 49}, stats()); diff != "" {
			t.Errorf("stats (-want +got):\n%s", diff)
		}
	})
}

func TestSpansAreExportedWhenHalfFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &spanExporter{}
		p, _ := exporter.NewSpanProcessor(e, time.Hour, time.Minute, 10, 100)
		defer shutdown(t, p)
		end(p, 0, 4)
		synctest.Wait()
		if got := e.sizes(); got != nil {
			t.Fatalf("batches %v below the half", got)
		}
		end(p, 4, 1)
		synctest.Wait()
		if diff := cmp.Diff([]int{5}, e.sizes()); diff != "" {
			t.Errorf("batches (-want +got):\n%s", diff)
		}
	})
}

// TestSpansThatArriveDuringAnExport fill half of the room while nobody listens: they must not wait for the clock.
func TestSpansThatArriveDuringAnExport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &spanExporter{gate: make(chan error)}
		p, stats := exporter.NewSpanProcessor(e, time.Hour, time.Minute, 10, 100)
		defer shutdown(t, p)
		end(p, 0, 5)
		synctest.Wait()
		end(p, 5, 12)
		if got, want := stats(), (exporter.SignalStats{Queued: 10, Dropped: 2}); got != want {
			t.Errorf("stats %+v, want %+v", got, want)
		}
		e.gate <- nil
		e.gate <- errors.New("receiver is ill")
		synctest.Wait()
		if diff := cmp.Diff(numbers(15), e.names()); diff != "" {
			t.Errorf("spans (-want +got):\n%s", diff)
		}
		if got, want := stats(), (exporter.SignalStats{Sent: 5, Failed: 10, Dropped: 2}); got != want {
			t.Errorf("stats %+v, want %+v", got, want)
		}
	})
}

// TestManySpans: the buffer never gets below its half during the exports.
func TestManySpans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &spanExporter{gate: make(chan error)}
		p, stats := exporter.NewSpanProcessor(e, time.Hour, time.Minute, 10, 2)
		defer shutdown(t, p)
		ended := 0
		for range 20 {
			more := 10 - stats().Queued
			end(p, ended, more)
			ended += more
			synctest.Wait()
			e.gate <- nil
		}
		close(e.gate)
		synctest.Wait()
		if diff := cmp.Diff(numbers(ended), e.names()); diff != "" {
			t.Errorf("spans (-want +got):\n%s", diff)
		}
	})
}

func TestExportTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &spanExporter{gate: make(chan error)}
		p, stats := exporter.NewSpanProcessor(e, time.Second, 30*time.Second, 10, 100)
		defer shutdown(t, p)
		end(p, 0, 1)
		time.Sleep(31 * time.Second)
		synctest.Wait()
		if got, want := stats(), (exporter.SignalStats{Failed: 1}); got != want {
			t.Errorf("stats %+v, want %+v", got, want)
		}
	})
}

func TestForceFlushOfSpans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &spanExporter{gate: make(chan error)}
		p, _ := exporter.NewSpanProcessor(e, time.Hour, time.Minute, 10, 2)
		defer shutdown(t, p)
		end(p, 0, 5) // Half full: the processor exports the first two by itself, and waits.
		synctest.Wait()

		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := p.ForceFlush(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ForceFlush behind an export that hangs: %v, want the deadline", err)
		}

		end(p, 5, 1)
		flushed := make(chan error)
		go func() { flushed <- p.ForceFlush(context.Background()) }()
		ill := errors.New("receiver is ill")
		for _, result := range []error{nil, nil, nil, ill} {
			synctest.Wait()
			select {
			case err := <-flushed:
				t.Fatalf("ForceFlush returned %v before all was exported", err)
			default:
			}
			e.gate <- result
		}
		if err := <-flushed; !errors.Is(err, ill) {
			t.Errorf("ForceFlush: %v, want the error of its own export", err)
		}
		if diff := cmp.Diff(numbers(6), e.names()); diff != "" {
			t.Errorf("spans (-want +got):\n%s", diff)
		}
	})
}

func TestShutdownOfSpans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &spanExporter{}
		p, stats := exporter.NewSpanProcessor(e, time.Hour, time.Minute, 10, 100)
		end(p, 0, 3)
		shutdown(t, p)
		end(p, 3, 2)
		shutdown(t, p)
		if err := p.ForceFlush(context.Background()); err != nil {
			t.Errorf("ForceFlush after Shutdown: %v", err)
		}
		if diff := cmp.Diff(numbers(3), e.names()); diff != "" {
			t.Errorf("spans (-want +got):\n%s", diff)
		}
		if e.shutdown != 1 {
			t.Errorf("the exporter was shut down %d times, want 1", e.shutdown)
		}
		if got, want := stats(), (exporter.SignalStats{Sent: 3, Dropped: 2}); got != want {
			t.Errorf("stats %+v, want %+v", got, want)
		}
	})
}

// TestShutdownOfSpansIsBounded ends an export that hangs when the context ends, and tells what was lost.
func TestShutdownOfSpansIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &spanExporter{gate: make(chan error)}
		p, stats := exporter.NewSpanProcessor(e, time.Second, time.Hour, 100, 100)
		end(p, 0, 3)
		time.Sleep(time.Second)
		synctest.Wait()
		end(p, 3, 4)
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		begin := time.Now()
		if err := p.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown: %v, want the deadline", err)
		}
		if got := time.Since(begin); got != 2*time.Second {
			t.Errorf("Shutdown took %v, want 2s", got)
		}
		if got, want := stats(), (exporter.SignalStats{Failed: 3, Dropped: 4}); got != want {
			t.Errorf("stats %+v, want %+v", got, want)
		}
	})
}

// TestShutdownDuringForceFlush drops what a flush of somebody else has not come to.
func TestShutdownDuringForceFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &spanExporter{gate: make(chan error)}
		p, stats := exporter.NewSpanProcessor(e, time.Hour, time.Minute, 100, 2)
		end(p, 0, 6)
		flushed := make(chan error)
		go func() { flushed <- p.ForceFlush(context.Background()) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := p.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown: %v, want the deadline", err)
		}
		e.gate <- nil
		if err := <-flushed; err != nil {
			t.Errorf("ForceFlush: %v", err)
		}
		if got, want := stats(), (exporter.SignalStats{Sent: 2, Dropped: 4}); got != want {
			t.Errorf("stats %+v, want %+v", got, want)
		}
	})
}

func TestEndingASpanAllocatesNothing(t *testing.T) {
	p, _ := exporter.NewSpanProcessor(&spanExporter{}, time.Hour, time.Minute, 10_000, 100)
	defer shutdown(t, p)
	s := span("s", trace.FlagsSampled)
	if got := testing.AllocsPerRun(1000, func() { p.OnEnd(s) }); got != 0 {
		t.Errorf("%v allocations, want 0", got)
	}
}

// BenchmarkEndSpan yields after each span: in a service spans are far enough apart for a goroutine that was woken to run
// and to sleep again. Run it with -cpu 1, so that this goroutine is charged as well.
func BenchmarkEndSpan(b *testing.B) {
	s := span("s", trace.FlagsSampled)
	discard := &discardExporter{}
	b.Run("ours", func(b *testing.B) {
		p, _ := exporter.NewSpanProcessor(discard, 5*time.Second, time.Minute, 2048, 512)
		benchmarkEndSpan(b, p, s)
	})
	b.Run("SDK", func(b *testing.B) {
		benchmarkEndSpan(b, sdktrace.NewBatchSpanProcessor(discard), s)
	})
}

func benchmarkEndSpan(b *testing.B, p sdktrace.SpanProcessor, s sdktrace.ReadOnlySpan) {
	b.ReportAllocs()
	for b.Loop() {
		p.OnEnd(s)
		runtime.Gosched()
	}
	_ = p.Shutdown(context.Background())
}

type discardExporter struct{}

func (*discardExporter) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error { return nil }
func (*discardExporter) Shutdown(context.Context) error                             { return nil }
