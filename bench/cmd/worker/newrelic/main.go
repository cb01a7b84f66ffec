// Command newrelic measures the newrelic contestants in a process of its own.
package main

import (
	"github.com/daybook-apm/daybook/bench/contestant/newrelic"
	"github.com/daybook-apm/daybook/bench/worker"
)

func main() { worker.Main(newrelic.Contestants()) }
