package main

import (
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// writeRaw writes each single measurement of the loads in Go's benchmark format.
func writeRaw(w io.Writer, m measurements) error {
	out := benchfmt.NewWriter(w)
	config := []benchfmt.Config{
		{Key: "goos", Value: []byte(runtime.GOOS), File: true},
		{Key: "goarch", Value: []byte(runtime.GOARCH), File: true},
		{Key: "pkg", Value: []byte("github.com/daybook-apm/daybook/bench"), File: true},
		{Key: "cpu", Value: []byte(processorName()), File: true},
	}
	keys := make([]loadKey, 0, len(m.loads))
	for key := range m.loads {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b loadKey) int {
		return strings.Compare(a.work+"/"+a.contestant, b.work+"/"+b.contestant)
	})
	for _, key := range keys {
		for _, r := range m.loads[key] {
			n := float64(r.Requests)
			err := out.Write(&benchfmt.Result{
				Config: config,
				Name:   benchfmt.Name("Request/work=" + key.work + "/agent=" + key.contestant + "-" + strconv.Itoa(runtime.NumCPU())),
				Iters:  int(r.Requests),
				Values: []benchfmt.Value{
					{Value: float64(r.CPU) / n, Unit: "cpu-ns/op"},
					{Value: float64(r.Bytes) / n, Unit: "B/op"},
					{Value: float64(r.Allocations) / n, Unit: "allocs/op"},
				},
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
