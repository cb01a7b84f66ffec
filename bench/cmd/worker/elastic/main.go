// Command elastic measures the elastic contestants in a process of its own.
package main

import (
	"github.com/daybook-apm/daybook/bench/contestant/elastic"
	"github.com/daybook-apm/daybook/bench/worker"
)

func main() { worker.Main(elastic.Contestants()) }
