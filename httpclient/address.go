package httpclient

import (
	"net/url"
	"strconv"
	"strings"

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

func (a address) remote() *transaction.Remote {
	return transaction.InternRemote(transaction.HTTP, a.host, a.port)
}
