// Command bare measures the bare contestants in a process of its own.
package main

import (
	"github.com/daybook-apm/daybook/bench/contestant/bare"
	"github.com/daybook-apm/daybook/bench/worker"
)

func main() { worker.Main(bare.Contestants()) }
