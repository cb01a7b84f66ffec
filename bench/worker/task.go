package worker

import (
	"time"

	"github.com/daybook-apm/daybook/bench/workload"
)

// Mode says what a worker measures.
type Mode string

// The modes.
const (
	// ModeLoad measures processor time and allocations of each request.
	ModeLoad Mode = "load"
	// ModeHeap measures what is kept on the heap after many requests.
	ModeHeap Mode = "heap"
	// ModeCollect measures one collection of metrics and one export.
	ModeCollect Mode = "collect"
	// ModeServe serves HTTP from a socket until told to stop.
	ModeServe Mode = "serve"
)

// Task is what a worker is asked to do; it is handed over as JSON in the only argument.
type Task struct {
	// Contestant is the contestant's name.
	Contestant string `json:"contestant"`
	Mode       Mode   `json:"mode"`
	// Kind is the work of each request, for all modes but ModeServe.
	Kind workload.Kind `json:"kind,omitempty"`
	// Routes is the number of endpoints.
	Routes int `json:"routes,omitempty"`
	// Clients is the number of goroutines that make requests.
	Clients int `json:"clients,omitempty"`
	// Cancelable gives each request a context that is canceled at its end.
	Cancelable bool `json:"cancelable,omitempty"`
	// Cold empties the caches before each request.
	Cold bool `json:"cold,omitempty"`
	// Warm and Measure are how long ModeLoad runs before and while it measures.
	Warm    time.Duration `json:"warm,omitempty"`
	Measure time.Duration `json:"measure,omitempty"`
	// Requests is the number of requests before ModeHeap and ModeCollect measure.
	Requests int64 `json:"requests,omitempty"`
	// Repeat is the number of collections and exports of which ModeCollect takes the mean.
	Repeat int `json:"repeat,omitempty"`
	// CPUProfile is the file that ModeLoad writes a profile of the measured time to, and ModeServe one of all that it
	// serves, if any.
	CPUProfile string `json:"cpu_profile,omitempty"`
}

// Result is what a worker found out. Only the fields of its mode are set.
type Result struct {
	// Requests is the number of requests measured by ModeLoad, or served since the last mark by
	// ModeServe.
	Requests int64 `json:"requests,omitempty"`
	// CPU is the process's user and system time for them, Wall what the clock says.
	CPU  time.Duration `json:"cpu,omitempty"`
	Wall time.Duration `json:"wall,omitempty"`
	// Allocations and Bytes are what was allocated on the heap for them.
	Allocations uint64 `json:"allocations,omitempty"`
	Bytes       uint64 `json:"bytes,omitempty"`
	// Made is the number of requests made since the agent was started, Recorded how many of them
	// the agent has delivered, or -1 if that cannot be known.
	Made     int64 `json:"made,omitempty"`
	Recorded int64 `json:"recorded,omitempty"`
	// Heap is the size of the live heap in bytes.
	Heap uint64 `json:"heap,omitempty"`
	// Collect and Export are the processor time of one of each; the allocations are for both.
	Collect            time.Duration `json:"collect,omitempty"`
	CollectAllocations uint64        `json:"collect_allocations,omitempty"`
	Export             time.Duration `json:"export,omitempty"`
	ExportBytes        int           `json:"export_bytes,omitempty"`
	// Address is where ModeServe listens.
	Address string `json:"address,omitempty"`
}
