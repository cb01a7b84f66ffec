// Command daybook measures the daybook contestants in a process of its own.
package main

import (
	"github.com/daybook-apm/daybook/bench/contestant/daybook"
	"github.com/daybook-apm/daybook/bench/worker"
)

func main() { worker.Main(daybook.Contestants()) }
