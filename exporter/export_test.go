package exporter

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// NewSpanProcessor opens the span processor without an exporter around it.
func NewSpanProcessor(e sdktrace.SpanExporter, delay, timeout time.Duration, queue, batch int) (sdktrace.SpanProcessor, func() SignalStats) {
	o := newOutcome(slog.New(slog.NewTextHandler(io.Discard, nil)), traces, "test")
	p := newSpanProcessor(e, spanSettings{delay: delay, timeout: timeout, queue: queue, batch: batch}, o)
	return p, func() SignalStats {
		s := o.stats()
		s.Queued = p.queued()
		return s
	}
}

// NewTransport opens the transport, with another way to connect.
func NewTransport(dial func(context.Context, string, string) (net.Conn, error)) (rt http.RoundTripper, retries func() uint64) {
	base := newBase(otlpSettings{})
	base.DialContext = dial
	o := newOutcome(nil, traces, "test")
	return &transport{base: base, retries: &o.retries}, o.retries.Load
}
