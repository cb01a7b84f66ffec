package middleware_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
	"github.com/daybook-apm/daybook/middleware"
)

// serverWriter has the shape of net/http's writer for HTTP/1, and does nothing.
type serverWriter struct{ header http.Header }

func (w *serverWriter) Header() http.Header                          { return w.header }
func (w *serverWriter) WriteHeader(int)                              {}
func (w *serverWriter) Write(b []byte) (int, error)                  { return len(b), nil }
func (w *serverWriter) WriteString(s string) (int, error)            { return len(s), nil }
func (w *serverWriter) ReadFrom(r io.Reader) (int64, error)          { return io.Copy(io.Discard, r) }
func (w *serverWriter) Flush()                                       {}
func (w *serverWriter) FlushError() error                            { return nil }
func (w *serverWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, nil }
func (w *serverWriter) CloseNotify() <-chan bool                     { return nil }
func (w *serverWriter) SetReadDeadline(time.Time) error              { return nil }
func (w *serverWriter) SetWriteDeadline(time.Time) error             { return nil }
func (w *serverWriter) EnableFullDuplex() error                      { return nil }

var work = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(http.StatusCreated)
	w.Write([]byte("created"))
})

func routed(h http.Handler) *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("POST /users/new", h)
	return mux
}

// serve returns a function that serves one request, as a server would.
func serve(ctx context.Context, h http.Handler) func() {
	r := httptest.NewRequest(http.MethodPost, "/users/new", nil).WithContext(ctx)
	w := &serverWriter{header: http.Header{}}
	return func() { h.ServeHTTP(w, r) }
}

func BenchmarkRequest(b *testing.B) {
	ctx := transactiontest.Discard(b)
	for _, c := range []struct {
		name    string
		ctx     context.Context
		handler http.Handler
	}{
		{"bare", ctx, routed(work)},
		{"without agent", context.Background(), middleware.New()(routed(work))},
		{"wrapped", ctx, middleware.New()(routed(work))},
		{"wrapped twice", ctx, middleware.New()(middleware.New()(routed(work)))},
		{"captured", ctx, middleware.New()(middleware.CaptureRoute(routed(work)))},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			serve := serve(c.ctx, c.handler)
			for b.Loop() {
				serve()
			}
		})
	}
}

func BenchmarkParallel(b *testing.B) {
	ctx := transactiontest.Discard(b)
	h := middleware.New()(routed(work))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		serve := serve(ctx, h)
		for pb.Next() {
			serve()
		}
	})
}
