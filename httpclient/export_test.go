package httpclient

import (
	"net/http"
	"net/url"
)

// Failure is what an error of a call of req is classed as.
func Failure(req *http.Request, err error) string { return failure(req, err) }

// Address is where a request to u goes.
func Address(u *url.URL) (host string, port int) {
	a := addressOf(u)
	return a.host, a.port
}
