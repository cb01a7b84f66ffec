package floor

import (
	"io"
	"net/http"
	"time"
)

type transport struct{ next http.RoundTripper }

func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	r := fromContext(req.Context())
	if r == nil {
		return t.next.RoundTrip(req)
	}
	start := time.Now()
	resp, err := t.next.RoundTrip(req)
	r.external.Add(int64(time.Since(start)))
	r.calls.Add(1)
	if err == nil {
		resp.Body = &body{resp.Body, r}
	}
	return resp, err
}

type body struct {
	io.ReadCloser
	request *request
}

func (b *body) Read(p []byte) (int, error) {
	start := time.Now()
	n, err := b.ReadCloser.Read(p)
	b.request.external.Add(int64(time.Since(start)))
	return n, err
}
