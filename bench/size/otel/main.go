// Command otel is weighed: the small server with the otel contestant and the OTLP/HTTP exporters.
package main

import (
	"context"
	"log"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"

	"github.com/daybook-apm/daybook/bench/contestant/otel"
	"github.com/daybook-apm/daybook/bench/size"
)

func main() {
	// The contestant drops what it is given; a service sends it.
	spans, err := otlptracehttp.New(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	metrics, err := otlpmetrichttp.New(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	log.Println(spans, metrics)
	size.Main(otel.Contestants()[0])
}
