package rollup

import (
	"slices"
	"time"
)

// maxVersions is how many changes of the version are known.
const maxVersions = 50

// Version is one service.version and when it ran.
type Version struct {
	Version string
	// Since is when it was first seen, Until when last.
	Since, Until time.Time
}

type versions struct {
	list    []Version
	running bool // The last one is that of this process.
}

// begin notes that a version runs. The same as before goes on; a service without version is not noted.
func (v *versions) begin(version string, now time.Time) {
	if version == "" {
		return
	}
	v.running = true
	if n := len(v.list); n == 0 || v.list[n-1].Version != version {
		v.list = append(v.list, Version{version, now, now})
		v.list = v.list[max(0, len(v.list)-maxVersions):]
	}
}

func (v *versions) seen(now time.Time) {
	if v.running {
		v.list[len(v.list)-1].Until = now
	}
}

// Versions returns which versions of the service ran, the oldest first, at most the last 50: a change of the version is a
// deploy. Those of earlier processes are known when there is a state directory.
func (h *History) Versions() []Version {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.versions.list)
}
