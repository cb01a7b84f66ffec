package worker

import (
	"runtime"
	"syscall"
	"time"
)

// usage is what the process has used since it started.
type usage struct {
	at          time.Time
	cpu         time.Duration
	allocations uint64
	bytes       uint64
}

func readUsage() usage {
	// Stops the world, but outside of what is measured.
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{at: time.Now(), cpu: cpuTime(), allocations: m.Mallocs, bytes: m.TotalAlloc}
}

// cpuTime returns the process's user and system time.
func cpuTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic("worker: getrusage: " + err.Error()) // it only fails for arguments it does not know
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// liveHeap collects garbage and returns what remains, in bytes. Pools are emptied by the second
// collection.
func liveHeap() uint64 {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
