// Command floor measures the floor contestants in a process of its own.
package main

import (
	"github.com/daybook-apm/daybook/bench/contestant/floor"
	"github.com/daybook-apm/daybook/bench/worker"
)

func main() { worker.Main(floor.Contestants()) }
