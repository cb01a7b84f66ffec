package exporter_test

import (
	"context"
	"log"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/daybook-apm/daybook/exporter"
)

// A program that assembles its own SDK.
func ExampleNewOTLP() {
	ctx := context.Background()
	otlp, err := exporter.NewOTLP(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer otlp.Shutdown(ctx)
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(otlp.SpanProcessor()))
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(otlp.MetricReader()))
	_, _ = tracers, meters
	// Output:
}
