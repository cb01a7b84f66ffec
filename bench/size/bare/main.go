// Command bare is weighed: the small server with the bare contestant.
package main

import (
	"github.com/daybook-apm/daybook/bench/contestant/bare"
	"github.com/daybook-apm/daybook/bench/size"
)

func main() { size.Main(bare.Contestants()[0]) }
