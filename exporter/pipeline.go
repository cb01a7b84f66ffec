package exporter

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// shutdownLimit bounds a shutdown whose context has no deadline.
const shutdownLimit = 5 * time.Second

// pipeline is what all exporters are made of. Its spans or metrics are nil where they are left out.
type pipeline struct {
	spans         *spanProcessor
	metrics       sdkmetric.Exporter
	settings      metricSettings
	metricOutcome *outcome
	// clients are closed at the very end.
	clients []*http.Client

	mu      sync.Mutex
	readers []*sdkmetric.PeriodicReader
	closed  bool
}

func (p *pipeline) spanProcessor() sdktrace.SpanProcessor {
	if p.spans == nil {
		return nil // Not a nil pointer in an interface.
	}
	return p.spans
}

func (p *pipeline) metricReader(producers []sdkmetric.Producer) sdkmetric.Reader {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.metrics == nil || p.closed {
		return nil
	}
	options := []sdkmetric.PeriodicReaderOption{
		sdkmetric.WithInterval(p.settings.interval),
		sdkmetric.WithTimeout(p.settings.timeout),
	}
	for _, producer := range producers {
		options = append(options, sdkmetric.WithProducer(producer))
	}
	r := sdkmetric.NewPeriodicReader(newMetricExporter(p.metrics, p.metricOutcome, producers), options...)
	p.readers = append(p.readers, r)
	return r
}

func (p *pipeline) forceFlush(ctx context.Context) error {
	return p.each(ctx, (*spanProcessor).ForceFlush, (*sdkmetric.PeriodicReader).ForceFlush)
}

func (p *pipeline) shutdown(ctx context.Context) error {
	p.mu.Lock()
	again := p.closed
	p.closed = true
	p.mu.Unlock()
	if again {
		return nil
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, shutdownLimit)
		defer cancel()
	}
	err := p.each(ctx, (*spanProcessor).Shutdown, (*sdkmetric.PeriodicReader).Shutdown)
	if p.metrics != nil {
		err = errors.Join(err, p.metrics.Shutdown(ctx))
	}
	for _, c := range p.clients {
		c.CloseIdleConnections()
	}
	return err
}

// each does the same to everything at once: a receiver that is down costs each of them all the time there is.
func (p *pipeline) each(
	ctx context.Context,
	spans func(*spanProcessor, context.Context) error,
	reader func(*sdkmetric.PeriodicReader, context.Context) error,
) error {
	p.mu.Lock()
	readers := slices.Clone(p.readers)
	p.mu.Unlock()
	errs := make([]error, len(readers)+1)
	var all sync.WaitGroup
	if p.spans != nil {
		all.Go(func() { errs[0] = spans(p.spans, ctx) })
	}
	for i, r := range readers {
		all.Go(func() {
			// A provider may have shut its reader down before us.
			if err := reader(r, ctx); !errors.Is(err, sdkmetric.ErrReaderShutdown) {
				errs[i+1] = err
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

func (p *pipeline) destinations() (traces, metrics string) {
	if p.spans != nil {
		traces = p.spans.outcome.destination
	}
	if p.metrics != nil {
		metrics = p.metricOutcome.destination
	}
	return traces, metrics
}

func (p *pipeline) stats() Stats {
	var s Stats
	if p.spans != nil {
		s.Traces = p.spans.outcome.stats()
		s.Traces.Queued = p.spans.queued()
	}
	if p.metrics != nil {
		s.Metrics = p.metricOutcome.stats()
	}
	return s
}
