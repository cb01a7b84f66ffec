package main

import (
	"fmt"
	"io"
	"time"
)

// progress writes what is being done, so that nobody has to wonder during the longer minutes.
type progress struct {
	out   io.Writer
	start time.Time
}

func (p *progress) printf(format string, args ...any) {
	fmt.Fprintf(p.out, "%6s  %s\n", time.Since(p.start).Round(time.Second), fmt.Sprintf(format, args...))
}
