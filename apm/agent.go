package apm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	goruntime "runtime"
	"sync"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/runtime"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/bridge"
	"github.com/daybook-apm/daybook/internal/ledger"
	"github.com/daybook-apm/daybook/internal/live"
	"github.com/daybook-apm/daybook/internal/recorder"
	"github.com/daybook-apm/daybook/internal/semconv"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// shutdownTimeout bounds a Shutdown whose context has no deadline.
const shutdownTimeout = 5 * time.Second

// Agent is what [Start] returns: the running library. Its methods may be called from any goroutine.
type Agent struct {
	core      *transaction.Agent
	ledger    *ledger.Ledger
	recorder  *recorder.Recorder
	resource  *resource.Resource
	logger    *slog.Logger
	tracing   *sdktrace.TracerProvider
	metering  *sdkmetric.MeterProvider
	exporters exporters
	producers []*bridge.Producer
	globals   globals
	past      past

	shutdown sync.Once
	err      error
}

// Start starts the agent and makes it the current one, which all wrappers use, in whatever order they were made. Without options and
// without environment it records, and exports nothing.
//
// It honours OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER and its argument, OTEL_PROPAGATORS,
// OTEL_SDK_DISABLED, OTEL_TRACES_EXPORTER and OTEL_METRICS_EXPORTER (otlp, console or none) and what package exporter
// names. What an option sets wins over the environment.
//
// A wrong setting is an error that names it and what it accepts; all of them are reported at once. A receiver that cannot be
// reached is no error. A second Start before Shutdown is one. ctx bounds the start only.
// Source: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
func Start(ctx context.Context, opts ...Option) (*Agent, error) {
	c, env, err := newConfig(opts)
	if err != nil {
		return nil, fmt.Errorf("apm: start: %w", err)
	}
	if env.disabled {
		c.logger.Info("daybook: switched off by OTEL_SDK_DISABLED; nothing is recorded")
		a := &Agent{core: &transaction.Agent{}, logger: c.logger}
		a.core.Stop()
		return a, nil
	}
	a := &Agent{logger: c.logger, ledger: ledger.New(c.maxEndpoints)}
	a.core = &transaction.Agent{
		Ledger:     a.ledger,
		Active:     &transaction.Registry{},
		Sampler:    c.sampling.sampler(),
		Logger:     c.logger,
		Slow:       c.slow,
		SlowRoutes: c.slowRoutes,

		GoroutineLabels: c.labels && transaction.CanLabel,
	}
	a.core.SetPropagator(env.propagator, env.w3c)
	if a.resource, err = newResource(ctx, c); err != nil {
		return nil, fmt.Errorf("apm: start: describe the process: %w", err)
	}
	if a.exporters, err = newExporters(ctx, c, env); err != nil {
		return nil, fmt.Errorf("apm: start: %w", err)
	}
	a.provide(c)
	a.record(c)
	if err := a.observeProcess(); err != nil {
		return nil, errors.Join(fmt.Errorf("apm: start: %w", err), a.Shutdown(ctx))
	}
	if !c.withoutGlobals {
		if !a.core.Activate() {
			_ = a.stop(ctx) // Nothing was recorded yet.
			return nil, errors.New("apm: start: an agent is running already; shut it down first")
		}
		a.globals.set(a, env)
	}
	a.openState(c.stateDir)
	a.announce(c, env)
	return a, nil
}

// provide makes the providers, over everything that wants spans or metrics.
func (a *Agent) provide(c config) {
	spans := []sdktrace.TracerProviderOption{
		sdktrace.WithResource(a.resource),
		sdktrace.WithSampler(live.Sampler(c.sampling.sdk())),
		sdktrace.WithIDGenerator(live.IDs{}),
	}
	for _, p := range append(a.exporters.spanProcessors(), c.processors...) {
		spans = append(spans, sdktrace.WithSpanProcessor(p))
	}
	a.tracing = sdktrace.NewTracerProvider(spans...)
	a.core.TracerProvider = live.Provider(a.tracing)
	a.core.Join = live.Provider

	metrics := []sdkmetric.Option{sdkmetric.WithResource(a.resource), sdkmetric.WithView(countedOnce)}
	for _, newReader := range append(a.exporters.metricReaders(), c.readers...) {
		p := bridge.New(bridge.Source{Ledger: a.ledger, Active: a.core.Active, Agent: a.exporters.stats})
		a.producers = append(a.producers, p)
		metrics = append(metrics, sdkmetric.WithReader(newReader(p)))
	}
	a.metering = sdkmetric.NewMeterProvider(metrics...)
}

// record starts the recorder. It rebuilds spans only if somebody wants them.
func (a *Agent) record(c config) {
	settings := recorder.Config{MaxEndpoints: c.maxEndpoints, Active: a.core.Active, Logger: c.logger}
	if len(a.exporters.spanProcessors())+len(c.processors) > 0 {
		settings.Tracer = a.tracing.Tracer(bridge.ScopeName, trace.WithSchemaURL(semconv.SchemaURL))
	}
	if a.core.GoroutineLabels {
		settings.Stack = (*transaction.Transaction).Stack
	}
	a.recorder = recorder.New(settings)
	a.core.Recorder = a.recorder
}

// countedOnce drops what the ledger counts as well: otelhttp and otelsql in a program that has both report to the same provider.
func countedOnce(i sdkmetric.Instrument) (sdkmetric.Stream, bool) {
	ours := i.Name == "http.server.request.duration" || i.Name == "http.client.request.duration" || i.Name == "db.client.operation.duration"
	theirs := i.Scope.Name == live.OTelHTTP || i.Scope.Name == live.OTelSQL
	return sdkmetric.Stream{Aggregation: sdkmetric.AggregationDrop{}}, ours && theirs
}

// observeProcess adds the runtime's and the process's own metrics, if anybody reads them.
func (a *Agent) observeProcess() error {
	if len(a.producers) == 0 {
		return nil
	}
	if err := runtime.Start(runtime.WithMeterProvider(a.metering)); err != nil {
		return fmt.Errorf("observe the Go runtime: %w", err)
	}
	if err := observeProcess(a.metering.Meter(bridge.ScopeName)); err != nil {
		return fmt.Errorf("observe the process: %w", err)
	}
	return nil
}

// announce logs in one line where everything goes.
func (a *Agent) announce(c config, env environment) {
	attrs := []slog.Attr{
		slog.String("service", resourceValue(a.resource, "service.name")),
		slog.String("version", resourceValue(a.resource, "service.version")),
		slog.String("traces", env.traces),
		slog.String("metrics", env.metrics),
	}
	traces, metrics := a.exporters.destinations()
	if env.traces == "otlp" {
		attrs = append(attrs, slog.String("traces_endpoint", traces))
	}
	if env.metrics == "otlp" {
		attrs = append(attrs, slog.String("metrics_endpoint", metrics))
	}
	if env.traces == "otlp" || env.metrics == "otlp" {
		attrs = append(attrs, slog.String("protocol", "http/protobuf"))
	}
	attrs = append(attrs, slog.String("sampler", c.sampling.String()), slog.Float64("sample_ratio", c.sampling.ratio))
	message := "daybook: started"
	if env.traces == "none" && env.metrics == "none" && len(c.readers) == 0 && len(c.processors) == 0 {
		message = "daybook: started without export; set OTEL_EXPORTER_OTLP_ENDPOINT to send telemetry to a collector"
	}
	a.logger.LogAttrs(context.Background(), slog.LevelInfo, message, attrs...)
	if c.labels && !transaction.CanLabel {
		a.logger.LogAttrs(context.Background(), slog.LevelWarn,
			"daybook: WithGoroutineLabels does nothing: how this release of Go keeps labels is not known",
			slog.String("go", goruntime.Version()))
	}
}

// ForceFlush exports all that there is, and returns when it is delivered or with what failed.
func (a *Agent) ForceFlush(ctx context.Context) error {
	if a.tracing == nil {
		return nil
	}
	// What is kept goes to the provider first.
	return errors.Join(a.recorder.Flush(ctx), a.tracing.ForceFlush(ctx), a.metering.ForceFlush(ctx))
}

// Shutdown stops recording, exports what there is and releases everything: no goroutine of the agent is left, and all
// wrappers are pass-throughs. Shut the server down first, so that its last requests are counted. Without a deadline in
// ctx it takes at most five seconds. A second call returns what the first one did.
func (a *Agent) Shutdown(ctx context.Context) error {
	a.shutdown.Do(func() {
		if _, ok := ctx.Deadline(); !ok {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, shutdownTimeout)
			defer cancel()
		}
		a.err = a.stop(ctx)
	})
	return a.err
}

func (a *Agent) stop(ctx context.Context) error {
	if a.tracing == nil {
		return nil
	}
	a.logActive()
	a.core.Stop()
	a.past.close()
	a.globals.reset()
	// What is kept goes to the providers, and these flush into the exporters, so they come last.
	err := errors.Join(a.recorder.Close(ctx), a.metering.Shutdown(ctx), a.tracing.Shutdown(ctx), a.exporters.shutdown(ctx))
	for _, p := range a.producers {
		p.Close()
	}
	if err != nil {
		return fmt.Errorf("apm: shutdown: %w", err)
	}
	return nil
}

// NewContext returns a context in which a is used in place of the current agent. Tests that
// run in parallel have an agent each.
func NewContext(ctx context.Context, a *Agent) context.Context {
	return transaction.NewContext(ctx, a.core)
}
