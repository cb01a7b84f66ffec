package middleware

import (
	"io"
	"net/http"
	"sync/atomic"
)

// requestBody counts what is read from a request body whose length the client has not said. The handler may pass it to
// another goroutine, as [net/http/httputil.ReverseProxy] does.
type requestBody struct {
	io.ReadCloser
	read     atomic.Int64
	complete atomic.Bool
}

// watch returns the body that the handler of r is to read: b around that of r if it must be counted, else that of r itself.
func (b *requestBody) watch(r *http.Request) io.ReadCloser {
	if r.ContentLength >= 0 || r.Body == nil {
		return r.Body
	}
	if _, ok := r.Body.(io.WriterTo); ok {
		return r.Body // http.NoBody, or none of a server: what it can do matters more than its size.
	}
	b.ReadCloser = r.Body
	return b
}

// size returns the size of the body of r in bytes, or -1 if it is not known.
func (b *requestBody) size(r *http.Request) int64 {
	if b.complete.Load() {
		return b.read.Load()
	}
	return max(r.ContentLength, -1)
}

// Read implements [io.Reader].
func (b *requestBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read.Add(int64(n))
	if err == io.EOF {
		b.complete.Store(true)
	}
	return n, err
}
