package workload

import (
	"io"
	"net/http"
)

// Remote is a fake remote service that answers each call at once with a small JSON body.
type Remote struct{}

const (
	remoteURL  = "http://billing.internal:8080/v1/balance"
	remoteBody = `{"account":"7","balance":1200,"currency":"EUR"}`
)

var remoteHeader = http.Header{"Content-Type": {"application/json"}}

// RoundTrip implements [http.RoundTripper].
func (Remote) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		Status:        "200 OK",
		StatusCode:    http.StatusOK,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        remoteHeader,
		Body:          &body{},
		ContentLength: int64(len(remoteBody)),
		Request:       r,
	}, nil
}

type body struct{ read int }

func (b *body) Read(p []byte) (int, error) {
	if b.read == len(remoteBody) {
		return 0, io.EOF
	}
	n := copy(p, remoteBody[b.read:])
	b.read += n
	return n, nil
}

func (*body) Close() error { return nil }
