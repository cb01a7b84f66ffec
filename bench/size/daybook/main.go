// Command daybook is weighed: the small server with the daybook contestant.
package main

import (
	"github.com/daybook-apm/daybook/bench/contestant/daybook"
	"github.com/daybook-apm/daybook/bench/size"
)

func main() { size.Main(daybook.Contestants()[0]) }
