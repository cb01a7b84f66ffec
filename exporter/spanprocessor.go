package exporter

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/protobuf/proto"
)

// spanProcessor keeps ended spans and exports them by the clock, or as soon as it is half full. Unlike the SDK's batch
// processor it wakes no goroutine for a span: ending one is an append under a mutex.
type spanProcessor struct {
	exporter sdktrace.SpanExporter
	settings spanSettings
	outcome  *outcome

	mu     sync.Mutex
	queue  []sdktrace.ReadOnlySpan // of fixed capacity
	closed bool

	// halfFull holds one signal at most: one wake-up, however many spans.
	halfFull chan struct{}
	// turn is held by who exports.
	turn chan struct{}
	// closing ends the loop after the export that is under way, interrupt ends that one as well. done is closed when the
	// loop has ended.
	closing   chan struct{}
	interrupt context.CancelFunc
	done      chan struct{}
}

var _ sdktrace.SpanProcessor = (*spanProcessor)(nil)

// newSpanProcessor starts a goroutine that Shutdown ends.
func newSpanProcessor(e sdktrace.SpanExporter, s spanSettings, o *outcome) *spanProcessor {
	ctx, cancel := context.WithCancel(context.Background())
	p := &spanProcessor{
		exporter:  e,
		settings:  s,
		outcome:   o,
		queue:     make([]sdktrace.ReadOnlySpan, 0, s.queue),
		halfFull:  make(chan struct{}, 1),
		turn:      make(chan struct{}, 1),
		closing:   make(chan struct{}),
		interrupt: cancel,
		done:      make(chan struct{}),
	}
	go p.run(ctx)
	return p
}

// OnStart does nothing.
func (p *spanProcessor) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

// OnEnd keeps a sampled span. It drops the span if there is no room.
func (p *spanProcessor) OnEnd(s sdktrace.ReadOnlySpan) {
	if !s.SpanContext().IsSampled() {
		return
	}
	p.mu.Lock()
	if p.closed || len(p.queue) == p.settings.queue {
		p.mu.Unlock()
		p.outcome.dropped.Add(1)
		return
	}
	p.queue = append(p.queue, s)
	n := len(p.queue)
	p.mu.Unlock()
	if n >= (p.settings.queue+1)/2 {
		select {
		case p.halfFull <- struct{}{}:
		default:
		}
	}
}

func (p *spanProcessor) queued() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.queue)
}

// take removes the oldest spans, at most n.
func (p *spanProcessor) take(n int) []sdktrace.ReadOnlySpan {
	p.mu.Lock()
	defer p.mu.Unlock()
	batch := append([]sdktrace.ReadOnlySpan(nil), p.queue[:min(n, len(p.queue))]...)
	rest := copy(p.queue, p.queue[len(batch):])
	clear(p.queue[rest:])
	p.queue = p.queue[:rest]
	return batch
}

func (p *spanProcessor) run(ctx context.Context) {
	defer close(p.done)
	ticker := time.NewTicker(p.settings.delay)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-p.halfFull:
		case <-p.closing:
			return
		}
		_ = p.flush(ctx) // Counted, and logged at the first time.
	}
}

// flush exports the spans that are there when it begins.
func (p *spanProcessor) flush(ctx context.Context) error {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	var errs []error
	for n := p.queued(); n > 0; {
		if ctx.Err() != nil {
			return errors.Join(append(errs, ctx.Err())...)
		}
		batch := p.take(min(n, p.settings.batch))
		if len(batch) == 0 { // A shutdown whose time was over has dropped the rest.
			break
		}
		n -= len(batch)
		errs = append(errs, p.export(ctx, batch))
	}
	return errors.Join(errs...)
}

func (p *spanProcessor) export(ctx context.Context, batch []sdktrace.ReadOnlySpan) error {
	ctx, cancel := context.WithTimeout(ctx, p.settings.timeout)
	defer cancel()
	ctx, accepted := watchAccepted(ctx)
	err := p.exporter.ExportSpans(ctx, batch)
	if errors.Is(err, proto.Error) && !accepted.Load() {
		// One string that is no UTF-8, and the batch cannot be encoded. This is rare: the others do not pay for a check.
		err = p.exporter.ExportSpans(ctx, validSpans(batch))
	}
	return p.outcome.exported(len(batch), accepted.Load(), err)
}

// ForceFlush exports all spans that have ended before. It returns when they are delivered, or with an error.
func (p *spanProcessor) ForceFlush(ctx context.Context) error {
	return p.flush(ctx)
}

// Shutdown exports what is left, until ctx ends, and stops the processor. Spans that could not be exported by then, or
// that end later, are dropped and counted. A second call does nothing.
func (p *spanProcessor) Shutdown(ctx context.Context) error {
	p.mu.Lock()
	again := p.closed
	p.closed = true
	p.mu.Unlock()
	if again {
		return nil
	}
	close(p.closing)
	select {
	case <-p.done:
	case <-ctx.Done():
	}
	p.interrupt()
	<-p.done

	err := p.flush(ctx)
	if left := len(p.take(p.settings.queue)); left > 0 {
		p.outcome.dropped.Add(uint64(left))
		err = fmt.Errorf("%d spans were not exported: %w", left, err)
	}
	return errors.Join(err, p.exporter.Shutdown(ctx))
}
