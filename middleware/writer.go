package middleware

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/felixge/httpsnoop"

	"github.com/daybook-apm/daybook/internal/transaction"
)

// A handler may ask its writer for more than [http.ResponseWriter], so ours can do exactly what the
// server's can. The two shapes of net/http's servers are types of this file, which cost no allocation; httpsnoop has
// the other 510.

// serverWriter is what the writers of both servers have in common.
type serverWriter interface {
	http.ResponseWriter
	http.Flusher
	http.CloseNotifier //nolint:staticcheck // Deprecated, and still asked for.
	io.StringWriter
	FlushError() error
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
	EnableFullDuplex() error
}

// writer is the handler's writer.
type writer struct {
	response
	server serverWriter // nil for other shapes.
}

// http1Writer is the writer for HTTP/1. It has the layout of http2Writer: a request has room for one of them.
type http1Writer struct{ writer }

// http2Writer is the writer for HTTP/2.
type http2Writer struct{ writer }

// wrap returns the handler's writer around w.
func (h *http1Writer) wrap(w http.ResponseWriter, t *transaction.Transaction, timing bool) http.ResponseWriter {
	h.target, h.transaction = w, t
	h.timing.Store(timing)
	server, ok := w.(serverWriter)
	if !ok {
		return httpsnoop.Wrap(w, h.hooks())
	}
	h.server = server
	_, hijacker := w.(http.Hijacker)
	_, readerFrom := w.(io.ReaderFrom)
	_, pusher := w.(http.Pusher)
	switch {
	case hijacker && readerFrom && !pusher:
		return h
	case !hijacker && !readerFrom && pusher:
		return (*http2Writer)(h)
	}
	return httpsnoop.Wrap(w, h.hooks())
}

// Unwrap is for [http.ResponseController].
func (w *writer) Unwrap() http.ResponseWriter { return w.server }

// Header implements [http.ResponseWriter].
func (w *writer) Header() http.Header { return w.server.Header() }

// WriteHeader implements [http.ResponseWriter].
func (w *writer) WriteHeader(status int) { w.writeHeader(status, w.server.WriteHeader) }

// Write implements [http.ResponseWriter].
func (w *writer) Write(b []byte) (int, error) {
	w.beforeHeader()
	n, err := w.server.Write(b)
	w.afterWrite(n, err)
	return n, err
}

// WriteString implements [io.StringWriter].
func (w *writer) WriteString(s string) (int, error) {
	w.beforeHeader()
	n, err := w.server.WriteString(s)
	w.afterWrite(n, err)
	return n, err
}

// Flush implements [http.Flusher].
func (w *writer) Flush() {
	w.beforeFlush()
	w.server.Flush()
	w.afterFlush(nil)
}

// FlushError is for [http.ResponseController], and so are the methods below.
func (w *writer) FlushError() error {
	w.beforeFlush()
	err := w.server.FlushError()
	w.afterFlush(err)
	return err
}

// SetReadDeadline goes to the server.
func (w *writer) SetReadDeadline(t time.Time) error { return w.server.SetReadDeadline(t) }

// SetWriteDeadline goes to the server.
func (w *writer) SetWriteDeadline(t time.Time) error { return w.server.SetWriteDeadline(t) }

// EnableFullDuplex goes to the server.
func (w *writer) EnableFullDuplex() error { return w.server.EnableFullDuplex() }

// CloseNotify implements [http.CloseNotifier].
func (w *writer) CloseNotify() <-chan bool { return w.server.CloseNotify() }

// ReadFrom implements [io.ReaderFrom]: the server sends files without copying them.
func (h *http1Writer) ReadFrom(src io.Reader) (int64, error) {
	h.beforeHeader()
	n, err := h.server.(io.ReaderFrom).ReadFrom(src)
	h.afterReadFrom(n, err)
	return n, err
}

// Hijack implements [http.Hijacker].
func (h *http1Writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := h.server.(http.Hijacker).Hijack()
	h.afterHijack(err)
	return conn, rw, err
}

// Push implements [http.Pusher].
func (h *http2Writer) Push(target string, o *http.PushOptions) error {
	return h.server.(http.Pusher).Push(target, o)
}
