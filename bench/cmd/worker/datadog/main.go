// Command datadog measures the datadog contestants in a process of its own.
package main

import (
	"github.com/daybook-apm/daybook/bench/contestant/datadog"
	"github.com/daybook-apm/daybook/bench/worker"
)

func main() { worker.Main(datadog.Contestants()) }
