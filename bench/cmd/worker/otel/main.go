// Command otel measures the otel contestants in a process of its own.
package main

import (
	"github.com/daybook-apm/daybook/bench/contestant/otel"
	"github.com/daybook-apm/daybook/bench/worker"
)

func main() { worker.Main(otel.Contestants()) }
