// Command datadog is weighed: the small server with the datadog contestant.
package main

import (
	"github.com/daybook-apm/daybook/bench/contestant/datadog"
	"github.com/daybook-apm/daybook/bench/size"
)

func main() { size.Main(datadog.Contestants()[0]) }
