package httpclient

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/daybook-apm/daybook/internal/bounded"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// address is where a request goes, as far as it is told to anyone.
type address struct {
	host string // Lower case, without brackets.
	port int    // 0: not known.
}

// addressOf returns the address of u. It allocates only if the host is not written in lower case already.
func addressOf(u *url.URL) address {
	// ToLower makes the host valid UTF-8, too.
	a := address{host: strings.ToLower(u.Hostname())}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err == nil {
			a.port = int(n)
		}
		return a
	}
	switch u.Scheme {
	case "http":
		a.port = 80
	case "https":
		a.port = 443
	}
	return a
}

// resolved is an address and its remote.
type resolved struct {
	address
	remote *transaction.Remote
}

type written struct{ scheme, host string }

// resolutions knows where URLs lead by how they are written, which spares each call the taking apart of its host. Twice as
// many as there may be remotes: a host can be written in more than one way.
var resolutions = bounded.NewMap[written, resolved](400)

// resolve returns where u leads. It allocates only for hosts that are new, or beyond the bound.
func resolve(u *url.URL) resolved {
	key := written{u.Scheme, u.Host}
	if d, ok := resolutions.Load(key); ok {
		return d
	}
	a := addressOf(u)
	d := resolved{a, transaction.InternRemote(transaction.HTTP, a.host, a.port)}
	if len(u.Host) <= maxWritten && !resolutions.Full() {
		key = written{strings.Clone(u.Scheme), strings.Clone(u.Host)} // They may be parts of a whole URL.
		resolutions.LoadOrStore(key, func() resolved { return d })
	}
	return d
}

// maxWritten is the longest host that is remembered as it is written: the longest name of the DNS, and a port.
const maxWritten = 260
