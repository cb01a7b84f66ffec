// Package apmtest is how programs test their own instrumented code: an agent without globals and without network, whose
// figures are read as plain data.
package apmtest

import (
	"context"
	"log/slog"
	"os"
	"testing"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/daybook-apm/daybook/apm"
)

// Recorder is what an agent of [New] has recorded. Its methods may be called from any goroutine.
type Recorder struct {
	*apm.Agent
	t       testing.TB
	metrics *sdkmetric.ManualReader
	spans   *tracetest.InMemoryExporter
}

// New starts an agent for one test and returns a context that leads to it: what runs in this context is recorded, by
// the wrappers of all packages, and nothing else is. Tests that run in parallel have an agent each. The agent exports nothing
// unless the environment says so; it is shut down when the test ends. Its log goes to the test's. Unless opts or
// OTEL_TRACES_SAMPLER say otherwise, nothing is sampled, where apm.Start leaves one request of a hundred to chance.
func New(t testing.TB, opts ...apm.Option) (context.Context, *Recorder) {
	t.Helper()
	r := &Recorder{t: t, spans: tracetest.NewInMemoryExporter()}
	if os.Getenv("OTEL_TRACES_SAMPLER") == "" {
		opts = append([]apm.Option{apm.WithSampleRatio(0)}, opts...)
	}
	agent, err := apm.Start(t.Context(), append([]apm.Option{
		apm.WithoutGlobals(),
		apm.WithLogger(slog.New(slog.NewTextHandler(t.Output(), nil))),
		apm.WithSpanProcessor(sdktrace.NewSimpleSpanProcessor(r.spans)),
		apm.WithMetricReader(func(p sdkmetric.Producer) sdkmetric.Reader {
			r.metrics = sdkmetric.NewManualReader(sdkmetric.WithProducer(p))
			return r.metrics
		}),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	r.Agent = agent
	t.Cleanup(func() {
		// The test's own context has ended by now.
		if err := agent.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return apm.NewContext(t.Context(), agent), r
}

// Snapshot returns what all finished transactions came to.
func (r *Recorder) Snapshot() apm.Snapshot { return r.Agent.Snapshot(0) }

// Endpoint returns the account of one endpoint. It fails the test if there is none.
func (r *Recorder) Endpoint(method, route string) apm.EndpointStats {
	r.t.Helper()
	s := r.Snapshot()
	for _, e := range s.Endpoints {
		if e.Method == method && e.Route == route {
			return e
		}
	}
	r.t.Fatalf("apmtest: no endpoint %q %q in %+v", method, route, s.Endpoints)
	return apm.EndpointStats{}
}

// Metrics collects the metrics as they would be exported, cumulative and with explicit histograms.
func (r *Recorder) Metrics() metricdata.ResourceMetrics {
	r.t.Helper()
	var m metricdata.ResourceMetrics
	if err := r.metrics.Collect(context.WithoutCancel(r.t.Context()), &m); err != nil {
		r.t.Fatal(err)
	}
	return m
}

// Spans returns the spans that have ended, in the order of their end. Those of kept transactions are among them: the
// first of each endpoint is kept, whether sampled or not.
func (r *Recorder) Spans() tracetest.SpanStubs {
	r.t.Helper()
	if err := r.ForceFlush(context.WithoutCancel(r.t.Context())); err != nil {
		r.t.Error(err)
	}
	return r.spans.GetSpans()
}
