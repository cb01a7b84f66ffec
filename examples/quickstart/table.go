package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/daybook-apm/daybook/apm"
)

// row is one endpoint of the table, times in seconds.
type row struct {
	Method   string  `json:"method"`
	Route    string  `json:"route"`
	Calls    uint64  `json:"calls"`
	Failures uint64  `json:"failures"`
	Slow     uint64  `json:"slow"`
	Mean     float64 `json:"mean_seconds"`
	P95      float64 `json:"p95_seconds"`
	Max      float64 `json:"max_seconds"`
	StdDev   float64 `json:"stddev_seconds"`

	// Per call. App is the endpoint's own time, with its named segments.
	SQL      float64 `json:"sql_seconds_per_call"`
	SQLCalls float64 `json:"sql_calls_per_call"`
	Fetch    float64 `json:"fetch_seconds_per_call"`
	External float64 `json:"external_seconds_per_call"`
	App      float64 `json:"app_seconds_per_call"`
}

// rows returns the snapshot's endpoints, those that took the most time first.
func rows(s apm.Snapshot) []row {
	list := make([]row, 0, len(s.Endpoints))
	for _, e := range s.Endpoints {
		if e.Calls == 0 {
			continue // What belongs to no transaction has no calls to share its time.
		}
		calls := float64(e.Calls)
		list = append(list, row{
			Method:   e.Method,
			Route:    e.Route,
			Calls:    e.Calls,
			Failures: e.Failures,
			Slow:     e.Slow,
			Mean:     e.Duration.Mean.Seconds(),
			P95:      e.Duration.P95.Seconds(),
			Max:      e.Duration.Max.Seconds(),
			StdDev:   e.Duration.StdDev.Seconds(),
			SQL:      e.SQL.Seconds() / calls,
			SQLCalls: float64(e.SQLCalls) / calls,
			Fetch:    e.Fetch.Seconds() / calls,
			External: e.External.Seconds() / calls,
			App:      (e.App + e.Segment).Seconds() / calls,
		})
	}
	return list
}

// writeJSON writes the table as one JSON array.
func writeJSON(w io.Writer, s apm.Snapshot) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(rows(s))
}

// writeTable writes the table for people, times in milliseconds.
func writeTable(w io.Writer, s apm.Snapshot) error {
	fmt.Fprintf(w, "\nsince %s, %s; times in ms, those on the right per call\n",
		s.Start.Format(time.TimeOnly), s.End.Sub(s.Start).Round(time.Second))
	// Every column is aligned to the right, the endpoint in the last one to the left.
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "calls\tfail\tslow\tmean\tp95\tmax\tstddev\t|\tSQL\tSQL calls\tfetch\texternal\town\t  endpoint")
	for _, r := range rows(s) {
		fmt.Fprintf(tw, "%d\t%d\t%d\t%.1f\t%.1f\t%.1f\t%.1f\t|\t%.2f\t%.1f\t%.2f\t%.2f\t%.2f\t  %s %s\n",
			r.Calls, r.Failures, r.Slow, 1000*r.Mean, 1000*r.P95, 1000*r.Max, 1000*r.StdDev,
			1000*r.SQL, r.SQLCalls, 1000*r.Fetch, 1000*r.External, 1000*r.App, r.Method, r.Route)
	}
	return tw.Flush()
}
