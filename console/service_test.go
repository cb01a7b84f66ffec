package console_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/apm/apmtest"
	"github.com/daybook-apm/daybook/console"
	daybookhttp "github.com/daybook-apm/daybook/middleware"
)

const ms = time.Millisecond

// canary is what must never be seen: it is in paths, values, headers, literals and messages of the requests that are shown.
const canary = "c4nary-S3cret"

// service is an instrumented program whose handlers take known times, with its console.
type service struct {
	t       testing.TB
	ctx     context.Context
	agent   *apm.Agent
	handler http.Handler
	console http.Handler
}

func newService(t testing.TB, opts ...console.Option) *service {
	t.Helper()
	ctx, recorder := apmtest.New(t, apm.WithServiceName("fans"), apm.WithServiceVersion("v1.4.2"), apm.WithSampleRatio(0))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /photos/{id}", func(w http.ResponseWriter, r *http.Request) {
		for range 12 {
			statement(r.Context(), "SELECT title FROM photos WHERE id = '"+canary+"'", 5*ms, nil)
		}
		time.Sleep(10 * ms)
	})
	mux.HandleFunc("POST /likes", func(w http.ResponseWriter, r *http.Request) {
		statement(r.Context(), "INSERT INTO likes (user_id) VALUES ('"+canary+"')", 9*ms, nil)
		statement(r.Context(), "SELECT count(*) FROM likes", 3*ms, nil)
	})
	mux.HandleFunc("POST /signin", func(w http.ResponseWriter, r *http.Request) {
		_, call := apm.StartRemote(r.Context(), apm.Remote{System: "http", Host: "id.example.com", Port: 443, Operation: "GET"})
		time.Sleep(700 * ms)
		call.End(errors.New("refused for '" + canary + "'"))
		apm.RecordError(r.Context(), errors.New("identity provider: no answer for '"+canary+"'"))
		w.WriteHeader(http.StatusBadGateway)
	})
	mux.HandleFunc("GET /<script>alert(1)</script>", func(http.ResponseWriter, *http.Request) {})
	s := &service{t: t, ctx: ctx, agent: recorder.Agent, handler: daybookhttp.New()(mux)}
	s.console = console.Handler(recorder.Agent, opts...)
	return s
}

func statement(ctx context.Context, text string, d time.Duration, err error) {
	_, call := apm.StartStatement(ctx, apm.Statement{System: "postgresql", Namespace: "fans", Text: text})
	time.Sleep(d)
	call.End(err)
}

// serve sends a request to the program.
func (s *service) serve(method, target string) {
	r := httptest.NewRequestWithContext(s.ctx, method, target, nil)
	r.Header.Set("Authorization", "Bearer "+canary)
	r.Header.Set("Cookie", "session="+canary)
	s.handler.ServeHTTP(httptest.NewRecorder(), r)
}

// work is some requests of every kind.
func (s *service) work() {
	for range 3 {
		s.serve("GET", "/photos/17?token="+canary)
		s.serve("POST", "/likes")
	}
	for range 6 {
		s.serve("POST", "/signin?token="+canary)
	}
	s.serve("GET", "/%3Cscript%3Ealert(1)%3C/script%3E")
	s.serve("GET", "/"+canary+"/admin.php")
	s.serve("GET", "/=cmd|calc")
}

// local returns a request to the console as a browser on the same machine sends it.
func local(target string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, console.Path+target, nil)
	r.RemoteAddr = "127.0.0.1:50000"
	r.Host = "127.0.0.1:6161"
	return r
}

// get returns the answer of the console, and fails the test if it is not the expected status.
func (s *service) get(target string, status int) string {
	s.t.Helper()
	return s.do(local(target), status)
}

func (s *service) do(r *http.Request, status int) string {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.console.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if w.Code != status {
		s.t.Fatalf("%s %s: %d, want %d\n%s", r.Method, r.URL, w.Code, status, first(string(body), 400))
	}
	return string(body)
}

func first(s string, n int) string { return strings.ToValidUTF8(s[:min(n, len(s))], "") }

// wrap instruments another handler of the same program.
func (s *service) wrap(h http.Handler) http.Handler { return daybookhttp.New()(h) }
