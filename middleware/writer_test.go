package middleware_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/felixge/httpsnoop"
	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
	"github.com/daybook-apm/daybook/middleware"
)

//go:generate go run testdata/shapes/main.go

type (
	flushErrorer  interface{ FlushError() error }
	closeNotifier interface{ CloseNotify() <-chan bool }
	deadliner     interface {
		SetReadDeadline(time.Time) error
		SetWriteDeadline(time.Time) error
	}
	fullDuplexer interface{ EnableFullDuplex() error }
)

// fullWriter can do everything, and logs what it was asked to.
type fullWriter struct {
	log    []string
	header http.Header
	body   bytes.Buffer
	err    error // What everything returns.
}

func (w *fullWriter) called(format string, args ...any) {
	w.log = append(w.log, fmt.Sprintf(format, args...))
}

func (w *fullWriter) Header() http.Header {
	w.called("Header")
	return w.header
}
func (w *fullWriter) WriteHeader(status int) { w.called("WriteHeader %d", status) }
func (w *fullWriter) Write(b []byte) (int, error) {
	w.called("Write %q", b)
	w.body.Write(b)
	return len(b), w.err
}
func (w *fullWriter) WriteString(s string) (int, error) {
	w.called("WriteString %q", s)
	w.body.WriteString(s)
	return len(s), w.err
}
func (w *fullWriter) ReadFrom(src io.Reader) (int64, error) {
	w.called("ReadFrom %T", src)
	n, _ := w.body.ReadFrom(src)
	return n, w.err
}
func (w *fullWriter) Flush()            { w.called("Flush") }
func (w *fullWriter) FlushError() error { w.called("FlushError"); return w.err }
func (w *fullWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.called("Hijack")
	return nil, nil, w.err
}
func (w *fullWriter) CloseNotify() <-chan bool { w.called("CloseNotify"); return nil }
func (w *fullWriter) SetReadDeadline(t time.Time) error {
	w.called("SetReadDeadline %v", t)
	return w.err
}
func (w *fullWriter) SetWriteDeadline(t time.Time) error {
	w.called("SetWriteDeadline %v", t)
	return w.err
}
func (w *fullWriter) EnableFullDuplex() error                  { w.called("EnableFullDuplex"); return w.err }
func (w *fullWriter) Push(t string, _ *http.PushOptions) error { w.called("Push %s", t); return w.err }

// wrapped calls use with the writer that a handler gets in place of w.
func wrapped(ctx context.Context, w http.ResponseWriter, use func(http.ResponseWriter)) {
	h := middleware.New()(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { use(w) }))
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx))
}

// abilities lists the optional interfaces that w has.
func abilities(w http.ResponseWriter) map[string]bool {
	can := map[string]bool{}
	_, can["Flusher"] = w.(http.Flusher)
	_, can["FlushError"] = w.(flushErrorer)
	_, can["CloseNotifier"] = w.(closeNotifier)
	_, can["Hijacker"] = w.(http.Hijacker)
	_, can["ReaderFrom"] = w.(io.ReaderFrom)
	_, can["SetReadDeadline"] = w.(interface{ SetReadDeadline(time.Time) error })
	_, can["SetWriteDeadline"] = w.(interface{ SetWriteDeadline(time.Time) error })
	_, can["EnableFullDuplex"] = w.(fullDuplexer)
	_, can["Pusher"] = w.(http.Pusher)
	_, can["StringWriter"] = w.(io.StringWriter)
	_, can["Unwrap"] = w.(interface{ Unwrap() http.ResponseWriter })
	return can
}

// exercise does with w all that it can, directly and through a ResponseController, and returns what came back.
func exercise(w http.ResponseWriter) []string {
	var got []string
	note := func(name string, values ...any) { got = append(got, fmt.Sprint(name, values)) }
	w.Header().Set("X-Test", "1")
	w.WriteHeader(http.StatusEarlyHints)
	w.WriteHeader(http.StatusTeapot)
	n, err := w.Write([]byte("one"))
	note("Write", n, err)
	n, err = io.WriteString(w, "two")
	note("WriteString", n, err)
	n64, err := io.Copy(w, struct{ io.Reader }{strings.NewReader("three")})
	note("Copy", n64, err)
	if w, ok := w.(http.Flusher); ok {
		w.Flush()
	}
	if w, ok := w.(closeNotifier); ok {
		note("CloseNotify", w.CloseNotify())
	}
	if w, ok := w.(http.Pusher); ok {
		note("Push", w.Push("/x", nil))
	}
	c := http.NewResponseController(w)
	note("Flush", c.Flush())
	note("SetReadDeadline", c.SetReadDeadline(time.Unix(1, 0).UTC()))
	note("SetWriteDeadline", c.SetWriteDeadline(time.Unix(2, 0).UTC()))
	note("EnableFullDuplex", c.EnableFullDuplex())
	conn, rw, err := c.Hijack()
	note("Hijack", conn, rw, err)
	return got
}

// Every shape of writer must look and act as httpsnoop makes it look and act.
func TestWriterShapes(t *testing.T) {
	ctx, ledger := transactiontest.New(t)
	if len(shapes) != 512 {
		t.Fatalf("%d shapes, want 512", len(shapes))
	}
	for i, shape := range shapes {
		for _, failure := range []error{nil, errors.New("broken pipe")} {
			bare, ours := &fullWriter{header: http.Header{}, err: failure}, &fullWriter{header: http.Header{}, err: failure}
			snooped := httpsnoop.Wrap(shape(bare), httpsnoop.Hooks{})
			wrapped(ctx, shape(ours), func(w http.ResponseWriter) {
				if diff := cmp.Diff(abilities(snooped), abilities(w)); diff != "" {
					t.Fatalf("shape %d: abilities (-httpsnoop +ours):\n%s", i, diff)
				}
				if diff := cmp.Diff(exercise(snooped), exercise(w)); diff != "" {
					t.Fatalf("shape %d: results (-httpsnoop +ours):\n%s", i, diff)
				}
			})
			// Looking for event streams before a flush is all that we may ask by ourselves.
			without := func(log []string) (rest []string) {
				for _, s := range log {
					if s != "Header" {
						rest = append(rest, s)
					}
				}
				return rest
			}
			if diff := cmp.Diff(without(bare.log), without(ours.log)); diff != "" {
				t.Fatalf("shape %d: calls (-httpsnoop +ours):\n%s", i, diff)
			}
			all := ledger.Transactions()
			got := all[len(all)-1].Outcome
			_, hijacker := shape(ours).(http.Hijacker)
			want := int64(ours.body.Len())
			if hijacker && failure == nil {
				want = -1
			}
			if got.Status != http.StatusTeapot || got.ResponseSize != want {
				t.Fatalf("shape %d: status %d, size %d, want 418, %d", i, got.Status, got.ResponseSize, want)
			}
			if streamed := hijacker && failure == nil; got.Streamed != streamed {
				t.Fatalf("shape %d: streamed %v, want %v", i, got.Streamed, streamed)
			}
		}
	}
}

// The two shapes of net/http's servers must be those that cost nothing. A new release may add to them.
func TestWriterOfServer(t *testing.T) {
	for _, c := range []struct {
		name  string
		http2 bool
	}{{"HTTP/1", false}, {"HTTP/2", true}} {
		t.Run(c.name, func(t *testing.T) {
			ctx, _ := transactiontest.New(t)
			var bare, got http.ResponseWriter
			s := newServer(t, ctx, c.http2, func(h http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					bare = w
					middleware.New()(h).ServeHTTP(w, r)
				})
			}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { got = w }))
			s.get("/")
			s.Close()
			if name := fmt.Sprintf("%T", got); strings.HasPrefix(name, "*httpsnoop.") {
				t.Errorf("the writer is %s, want one of our own", name)
			}
			want := abilities(bare)
			want["Unwrap"] = true
			if diff := cmp.Diff(want, abilities(got)); diff != "" {
				t.Errorf("abilities (-server's +ours):\n%s", diff)
			}
		})
	}
}

// A handler must not be able to tell servers with and without us apart, and neither may the client.
func TestWriterLikeServer(t *testing.T) {
	file := strings.Repeat("0123456789", 20_000)
	for _, c := range []struct {
		name    string
		method  string
		header  http.Header
		handler http.HandlerFunc
	}{
		{name: "nothing", handler: func(http.ResponseWriter, *http.Request) {}},
		{name: "write", handler: func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("x")) }},
		{name: "write nothing", handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Write(nil)
			w.WriteHeader(http.StatusTeapot) // Too late.
		}},
		{name: "string", handler: func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "x") }},
		{name: "status", handler: func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "gone", http.StatusGone) }},
		{name: "first status", handler: func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusAccepted)
			w.WriteHeader(http.StatusTeapot)
		}},
		{name: "no content", handler: func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNoContent)
			w.Write([]byte("not allowed"))
		}},
		{name: "early hints", handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", "</style.css>; rel=preload")
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusNotFound)
		}},
		{name: "empty copy", handler: func(w http.ResponseWriter, _ *http.Request) {
			io.Copy(w, struct{ io.Reader }{strings.NewReader("")})
			w.WriteHeader(http.StatusBadGateway) // Not too late: nothing has been written.
		}},
		{name: "copy", handler: func(w http.ResponseWriter, _ *http.Request) {
			io.Copy(w, struct{ io.Reader }{strings.NewReader(file)})
		}},
		{name: "flush", handler: func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			w.WriteHeader(http.StatusTeapot) // Too late.
			w.Write([]byte("x"))
		}},
		{name: "trailer", handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "X-Sum")
			w.Write([]byte("x"))
			w.Header().Set("X-Sum", "1")
		}},
		{name: "range", header: http.Header{"Range": {"bytes=100-199"}}, handler: func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, "x.txt", time.Time{}, strings.NewReader(file))
		}},
		{name: "ranges", header: http.Header{"Range": {"bytes=0-9,100-199"}}, handler: func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, "x.txt", time.Time{}, strings.NewReader(file))
		}},
		{name: "head", method: http.MethodHead, handler: func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, file) }},
		{name: "too long", handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "2")
			w.Write([]byte("ok"))
			w.Write([]byte("too long"))
		}},
	} {
		for _, http2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/http2=%v", c.name, http2), func(t *testing.T) {
				var responses [2]response
				ctx, ledger := transactiontest.New(t)
				for i, wrap := range []func(http.Handler) http.Handler{
					func(h http.Handler) http.Handler { return h },
					middleware.New(),
				} {
					s := newServer(t, ctx, http2, wrap, c.handler)
					responses[i] = s.do(c.method, "/", c.header, nil)
					s.Close()
				}
				boundary := responses[0].multipartBoundary()
				for i := range responses {
					responses[i].forget(boundary)
				}
				if diff := cmp.Diff(responses[0], responses[1], cmp.AllowUnexported(response{})); diff != "" {
					t.Errorf("response (-bare +wrapped):\n%s", diff)
				}
				got := ledger.One().Outcome
				want := responses[0]
				if want.Err != "" {
					want.Size = int(got.ResponseSize) // What the client did not accept has been written all the same.
				}
				if got.Status != want.Status || got.ResponseSize != int64(want.Size) {
					t.Errorf("status %d, size %d, want %d, %d", got.Status, got.ResponseSize, want.Status, want.Size)
				}
			})
		}
	}
}
