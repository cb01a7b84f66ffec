package workload

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"time"
)

// writer is a response writer that keeps nothing and is used again for the next request. It has
// the optional methods of net/http's own, since wrappers choose their shape by them.
type writer struct {
	header http.Header
	status int
	size   int64
}

var (
	_ http.Flusher    = (*writer)(nil)
	_ http.Hijacker   = (*writer)(nil)
	_ io.ReaderFrom   = (*writer)(nil)
	_ io.StringWriter = (*writer)(nil)
)

func newWriter() *writer { return &writer{header: make(http.Header, 8)} }

func (w *writer) reset() {
	clear(w.header)
	w.status, w.size = 0, 0
}

func (w *writer) Header() http.Header { return w.header }

func (w *writer) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *writer) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	w.size += int64(len(p))
	return len(p), nil
}

func (w *writer) WriteString(s string) (int, error) {
	w.WriteHeader(http.StatusOK)
	w.size += int64(len(s))
	return len(s), nil
}

func (w *writer) ReadFrom(r io.Reader) (int64, error) {
	w.WriteHeader(http.StatusOK)
	n, err := io.Copy(io.Discard, r)
	w.size += n
	return n, err
}

func (w *writer) Flush() {}

func (w *writer) FlushError() error { return nil }

func (w *writer) CloseNotify() <-chan bool { return nil }

func (w *writer) SetReadDeadline(time.Time) error { return nil }

func (w *writer) SetWriteDeadline(time.Time) error { return nil }

func (w *writer) EnableFullDuplex() error { return nil }

func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, http.ErrNotSupported }
