package transaction

import (
	"strings"
	"unicode/utf8"

	"github.com/daybook-apm/daybook/internal/bounded"
)

// HTTP is the system of remotes whose calls are in http.client.request.duration.
const HTTP = "http"

const (
	// maxRemotes is how many remotes a process tells apart. A service that calls more is a crawler or
	// delivers webhooks, and wants to see the sum.
	maxRemotes = 200
	// maxHost is the length of the longest name that the DNS knows. Hosts can come from outside.
	maxHost = 253
)

// Remote is one outbound host. Remotes are interned by [InternRemote]: equal pointers mean equal remotes.
type Remote struct {
	System string // [HTTP], or the system of an adapter, such as "redis".
	Host   string // Lower case, without brackets.
	Port   int    // 0: not known.
}

var (
	remotes     = bounded.NewMap[Remote, *Remote](maxRemotes)
	otherRemote = &Remote{System: HTTP, Host: Other}
)

// InternRemote returns the one remote of the process with these values, or one named (other) when 200 are known.
// It allocates only for a remote that is new.
func InternRemote(system, host string, port int) *Remote {
	key := Remote{system, host, port}
	if r, ok := remotes.Load(key); ok {
		return r
	}
	// An attribute that is no UTF-8 would make a whole export fail.
	if len(host) > maxHost || !utf8.ValidString(host) {
		return otherRemote
	}
	// A variable of its own: key would be on the heap at each call.
	own := &Remote{system, strings.Clone(host), port} // The host may be a part of a whole URL.
	r, ok := remotes.LoadOrStore(*own, func() *Remote { return own })
	if !ok {
		return otherRemote
	}
	return r
}
