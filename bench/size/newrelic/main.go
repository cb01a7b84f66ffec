// Command newrelic is weighed: the small server with the newrelic contestant.
package main

import (
	"github.com/daybook-apm/daybook/bench/contestant/newrelic"
	"github.com/daybook-apm/daybook/bench/size"
)

func main() { size.Main(newrelic.Contestants()[0]) }
