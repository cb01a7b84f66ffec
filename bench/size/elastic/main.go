// Command elastic is weighed: the small server with the elastic contestant.
package main

import (
	"github.com/daybook-apm/daybook/bench/contestant/elastic"
	"github.com/daybook-apm/daybook/bench/size"
)

func main() { size.Main(elastic.Contestants()[0]) }
