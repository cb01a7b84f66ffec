package middleware_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
	"github.com/daybook-apm/daybook/middleware"
)

func TestRequestSize(t *testing.T) {
	for _, c := range []struct {
		name   string
		body   io.Reader
		length int64
		read   int64 // How much the handler reads; -1: all.
		want   int64
	}{
		{"none", http.NoBody, 0, 0, 0},
		{"declared", strings.NewReader("12345"), 5, 0, 5},
		{"unknown", strings.NewReader("12345"), -1, -1, 5},
		{"unknown, read in part", strings.NewReader("12345"), -1, 3, -1},
		{"unknown, not read", strings.NewReader("12345"), -1, 0, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, ledger := transactiontest.New(t)
			r := httptest.NewRequest(http.MethodPost, "/", struct{ io.Reader }{c.body}).WithContext(ctx)
			r.ContentLength = c.length
			h := middleware.New()(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if c.read < 0 {
					io.Copy(io.Discard, r.Body)
				} else {
					io.CopyN(io.Discard, r.Body, c.read)
				}
				r.Body.Close()
			}))
			h.ServeHTTP(httptest.NewRecorder(), r)
			if got := ledger.One().Outcome.RequestSize; got != c.want {
				t.Errorf("size %d, want %d", got, c.want)
			}
		})
	}
}

type writerTo struct{ io.ReadCloser }

func (writerTo) WriteTo(io.Writer) (int64, error) { return 0, nil }

// Handlers compare bodies, and ask what they can do.
func TestBodyKeepsItsIdentity(t *testing.T) {
	for _, c := range []struct {
		name   string
		body   io.ReadCloser
		length int64
	}{
		{"nil", nil, -1},
		{"NoBody", http.NoBody, -1},
		{"io.WriterTo", writerTo{http.NoBody}, -1},
		{"declared", http.MaxBytesReader(nil, http.NoBody, 5), 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, _ := transactiontest.New(t)
			r := httptest.NewRequest(http.MethodPost, "/", nil).WithContext(ctx)
			r.Body, r.ContentLength = c.body, c.length
			var got io.ReadCloser
			middleware.New()(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Body })).
				ServeHTTP(httptest.NewRecorder(), r)
			if got != c.body || r.Body != c.body {
				t.Errorf("body %T, want %T", got, c.body)
			}
		})
	}
}

// A body of unknown length, as it comes over the wire.
func TestChunkedBody(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		ctx, ledger := transactiontest.New(t)
		s := newServer(t, ctx, http2, middleware.New(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			w.Write(b)
		}))
		body := strings.Repeat("x", 100_000)
		if got := s.do(http.MethodPost, "/", nil, struct{ io.Reader }{strings.NewReader(body)}); got.Body != body {
			t.Errorf("http2=%v: got %d bytes back", http2, got.Size)
		}
		s.Close()
		if got := ledger.One().Outcome; got.RequestSize != 100_000 || got.ResponseSize != 100_000 {
			t.Errorf("http2=%v: sizes %d and %d, want 100000", http2, got.RequestSize, got.ResponseSize)
		}
	}
}
