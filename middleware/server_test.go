package middleware_test

import (
	"context"
	"io"
	"log"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// server is a real server of one handler, whose requests have an agent in their context.
type server struct {
	*httptest.Server
	t        *testing.T
	log      *logbook
	requests sync.WaitGroup
}

// newServer starts a server of wrap(h).
func newServer(t *testing.T, ctx context.Context, http2 bool, wrap func(http.Handler) http.Handler, h http.Handler) *server {
	s := &server{t: t, log: &logbook{written: make(chan struct{})}}
	h = wrap(h)
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		defer s.requests.Done()
		h.ServeHTTP(w, r)
	}))
	s.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	s.Config.ErrorLog = log.New(s.log, "", 0)
	if http2 {
		s.EnableHTTP2 = true
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

// Close waits for all requests, so that the ledger has them. The server's own Close does not wait for those that
// hijacked their connection, or whose stream was reset.
func (s *server) Close() {
	s.Server.Close()
	s.requests.Wait()
}

// response is what a client can see.
type response struct {
	Status  int
	Proto   string
	Header  http.Header
	Trailer http.Header
	Body    string
	Size    int
	Err     string
}

func (s *server) get(path string) response { return s.do(http.MethodGet, path, nil, nil) }

func (s *server) do(method, path string, header http.Header, body io.Reader) response {
	s.t.Helper()
	r, err := http.NewRequest(method, s.URL+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	for k, v := range header {
		r.Header[k] = v
	}
	resp, err := s.Client().Do(r)
	if err != nil {
		return response{Err: err.Error()}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	got := response{
		Status: resp.StatusCode, Proto: resp.Proto, Header: resp.Header, Trailer: resp.Trailer, Body: string(b), Size: len(b),
	}
	if err != nil {
		got.Err = err.Error()
	}
	got.Header.Del("Date")
	return got
}

// multipartBoundary returns what separates the parts of the body; it is drawn for each response.
func (r *response) multipartBoundary() string {
	_, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return params["boundary"]
}

// forget replaces the boundary of a multipart body by the given one.
func (r *response) forget(boundary string) {
	own := r.multipartBoundary()
	if own == "" {
		return
	}
	r.Body = strings.ReplaceAll(r.Body, own, boundary)
	r.Header.Set("Content-Type", strings.ReplaceAll(r.Header.Get("Content-Type"), own, boundary))
}

// logbook keeps what a server logs.
type logbook struct {
	written chan struct{} // Closed by the first line.
	once    sync.Once
	mu      sync.Mutex
	text    strings.Builder
}

func (l *logbook) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.once.Do(func() { close(l.written) })
	return l.text.Write(b)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
