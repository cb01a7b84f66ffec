package browser_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/console"
	"github.com/daybook-apm/daybook/middleware"
)

// service is an instrumented program under load, with its console on a listener of its own.
type service struct {
	agent   *apm.Agent
	handler http.Handler
	console *httptest.Server
	ctx     context.Context
}

func newService(t *testing.T) *service {
	t.Helper()
	agent, err := apm.Start(t.Context(), apm.WithoutGlobals(), apm.WithServiceName("fan-community"), apm.WithServiceVersion("v1.4.2"),
		apm.WithSampleRatio(0), apm.WithGoroutineLabels(), apm.WithSlowThreshold(60*time.Millisecond), apm.WithLogger(slog.New(slog.NewTextHandler(t.Output(), nil))))
	if err != nil {
		t.Fatal(err)
	}
	s := &service{agent: agent, handler: middleware.New()(routes()), ctx: apm.NewContext(context.WithoutCancel(t.Context()), agent)}
	s.console = httptest.NewServer(console.Handler(agent))
	t.Cleanup(func() {
		s.console.Close()
		if err := agent.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return s
}

// url is the address of a page.
func (s *service) url(page string) string { return s.console.URL + console.Path + page }

func routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /photos/{id}", func(_ http.ResponseWriter, r *http.Request) {
		apm.SetUser(r.Context(), r.PathValue("id"))
		for range 12 {
			call(r.Context(), "SELECT title, artist, taken_at FROM photos JOIN artists ON artists.id = photos.artist_id WHERE photos.id = 17", 2*time.Millisecond)
		}
	})
	mux.HandleFunc("POST /likes", func(_ http.ResponseWriter, r *http.Request) {
		call(r.Context(), "INSERT INTO likes (user_id, photo_id) VALUES (1, 2)", 3*time.Millisecond)
		_, s := apm.StartSegment(r.Context(), "notify")
		time.Sleep(2 * time.Millisecond)
		s.End()
	})
	mux.HandleFunc("POST /signin", func(w http.ResponseWriter, r *http.Request) {
		_, remote := apm.StartRemote(r.Context(), apm.Remote{System: "http", Host: "id.example.com", Port: 443, Operation: "GET"})
		time.Sleep(80 * time.Millisecond)
		if n, _ := strconv.Atoi(r.URL.Query().Get("n")); n%3 > 0 {
			remote.End(nil)
			return
		}
		err := errors.New("identity provider: no answer within 1s")
		remote.End(err)
		apm.RecordError(r.Context(), err)
		w.WriteHeader(http.StatusBadGateway)
	})
	mux.HandleFunc("GET /hang", func(_ http.ResponseWriter, r *http.Request) {
		_, call := apm.StartStatement(r.Context(), apm.Statement{System: "postgresql", Namespace: "fans", Text: "SELECT pg_sleep(60)"})
		<-r.Context().Done()
		call.End(r.Context().Err())
	})
	return mux
}

func call(ctx context.Context, text string, d time.Duration) {
	_, c := apm.StartStatement(ctx, apm.Statement{System: "postgresql", Namespace: "fans", Text: text})
	time.Sleep(d)
	c.End(nil)
}

func (s *service) serve(ctx context.Context, method, target string) {
	r := httptest.NewRequestWithContext(ctx, method, target, nil)
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	_, _ = io.Copy(io.Discard, w.Body)
}

// load sends some thirty requests a second until the test ends, one of which hangs that long.
func (s *service) load(t *testing.T) {
	ctx, cancel := context.WithCancel(s.ctx)
	done := make(chan struct{}, 2)
	go func() {
		s.serve(ctx, "GET", "/hang")
		done <- struct{}{}
	}()
	go func() {
		defer func() { done <- struct{}{} }()
		for n := 0; ctx.Err() == nil; n++ {
			id := strconv.Itoa(n)
			s.serve(ctx, "POST", "/likes")
			s.serve(ctx, "GET", "/photos/"+id)
			if n%4 == 0 {
				s.serve(ctx, "POST", "/signin?n="+id)
			}
			if n%10 == 0 {
				s.serve(ctx, "GET", "/wp-login.php")
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		<-done
	})
}
