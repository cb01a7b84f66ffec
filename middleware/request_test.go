package middleware_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/internal/sqltext"
	"github.com/daybook-apm/daybook/internal/transaction"
	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
	"github.com/daybook-apm/daybook/middleware"
)

// call serves one request without a server, and returns what the handler panicked with.
func call(ctx context.Context, w http.ResponseWriter, h http.Handler) (panicked any) {
	defer func() { panicked = recover() }()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx))
	return nil
}

func TestOutcome(t *testing.T) {
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	expired, cancel := context.WithTimeout(context.Background(), -1)
	defer cancel()
	boom := errors.New("boom")
	for _, c := range []struct {
		name    string
		ctx     context.Context
		err     error // Of every write.
		handler http.HandlerFunc
		panics  any
		want    transaction.Outcome
	}{
		{
			name:    "nothing written",
			handler: func(http.ResponseWriter, *http.Request) {},
			want:    transaction.Outcome{Status: 200},
		},
		{
			name:    "client error",
			handler: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) },
			want:    transaction.Outcome{Status: 404},
		},
		{
			name:    "server error",
			handler: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) },
			want:    transaction.Outcome{Status: 503, Failed: true, ErrorType: "503"},
		},
		{
			name:    "panic",
			handler: func(http.ResponseWriter, *http.Request) { panic(boom) },
			panics:  boom,
			want:    transaction.Outcome{Status: 500, Failed: true, ErrorType: "panic"},
		},
		{
			name: "late panic",
			handler: func(w http.ResponseWriter, _ *http.Request) {
				io.WriteString(w, "half")
				panic(boom)
			},
			panics: boom,
			want:   transaction.Outcome{Status: 200, Failed: true, ErrorType: "panic", ResponseSize: 4},
		},
		{
			name: "panic of a canceled request",
			ctx:  canceled,
			handler: func(http.ResponseWriter, *http.Request) {
				panic(boom)
			},
			panics: boom,
			want:   transaction.Outcome{Status: 500, Failed: true, ErrorType: "panic"},
		},
		{
			name:    "panic over an invalid status",
			handler: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(0) },
			panics:  "invalid WriteHeader code 0",
			want:    transaction.Outcome{Status: 500, Failed: true, ErrorType: "panic"},
		},
		{
			name:    "abort",
			handler: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			panics:  http.ErrAbortHandler,
			want:    transaction.Outcome{Canceled: true, ErrorType: "canceled"},
		},
		{
			name: "late abort",
			handler: func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(502)
				panic(http.ErrAbortHandler)
			},
			panics: http.ErrAbortHandler,
			want:   transaction.Outcome{Status: 502, Canceled: true, ErrorType: "canceled"},
		},
		{
			name:    "client gone",
			ctx:     canceled,
			handler: func(http.ResponseWriter, *http.Request) {},
			want:    transaction.Outcome{Canceled: true, ErrorType: "canceled"},
		},
		{
			name:    "client gone, answered all the same",
			ctx:     canceled,
			handler: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201) },
			want:    transaction.Outcome{Status: 201},
		},
		{
			name:    "client gone, answered by an error",
			ctx:     canceled,
			handler: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
			want:    transaction.Outcome{Status: 500, Canceled: true, ErrorType: "canceled"},
		},
		{
			name:    "client gone in the middle",
			ctx:     canceled,
			err:     boom,
			handler: func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("half")) },
			want:    transaction.Outcome{Status: 200, Canceled: true, ErrorType: "canceled", ResponseSize: 4},
		},
		{
			name:    "failed write, client there",
			err:     boom,
			handler: func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("half")) },
			want:    transaction.Outcome{Status: 200, ResponseSize: 4},
		},
		{
			name:    "deadline",
			ctx:     expired,
			handler: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(504) },
			want:    transaction.Outcome{Status: 504, Failed: true, ErrorType: "504"},
		},
		{
			name: "failed by hand",
			handler: func(_ http.ResponseWriter, r *http.Request) {
				transaction.From(r.Context()).Fail("quota")
			},
			want: transaction.Outcome{Status: 200, Failed: true, ErrorType: "quota"},
		},
		{
			name: "event stream",
			handler: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "Text/Event-Stream; charset=utf-8")
				w.(http.Flusher).Flush()
			},
			want: transaction.Outcome{Status: 200, Streamed: true},
		},
		{
			name: "flushed page",
			handler: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream-of-consciousness")
				http.NewResponseController(w).Flush()
			},
			want: transaction.Outcome{Status: 200},
		},
		{
			name: "hijacked",
			handler: func(w http.ResponseWriter, _ *http.Request) {
				w.(http.Hijacker).Hijack()
				w.WriteHeader(http.StatusInternalServerError) // Ignored by the server.
			},
			want: transaction.Outcome{Streamed: true, ResponseSize: -1},
		},
		{
			name: "switched protocols",
			handler: func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusSwitchingProtocols)
				w.(http.Hijacker).Hijack()
				w.Write([]byte("ignored"))
			},
			want: transaction.Outcome{Status: 101, Streamed: true, ResponseSize: -1},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, ledger := transactiontest.New(t)
			if c.ctx != nil {
				ctx = transaction.NewContext(c.ctx, transaction.AgentFrom(ctx))
			}
			w := &strictWriter{fullWriter{header: http.Header{}, err: c.err}}
			if got := call(ctx, w, middleware.New()(c.handler)); got != c.panics {
				t.Errorf("panic %v, want %v", got, c.panics)
			}
			if diff := cmp.Diff(c.want, ledger.One().Outcome); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
		})
	}
}

// strictWriter refuses statuses as the writers of net/http do.
type strictWriter struct{ fullWriter }

func (w *strictWriter) WriteHeader(status int) {
	if status < 100 {
		panic(fmt.Sprintf("invalid WriteHeader code %d", status))
	}
}

// runtime.Goexit is how t.FailNow leaves a handler.
func TestGoexit(t *testing.T) {
	ctx, ledger := transactiontest.New(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		call(ctx, httptest.NewRecorder(), middleware.New()(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			runtime.Goexit()
		})))
		t.Error("the goroutine goes on")
	}()
	<-done
	want := transaction.Outcome{Status: 500, Failed: true, ErrorType: "goexit"}
	if diff := cmp.Diff(want, ledger.One().Outcome); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
}

type culprit struct{}

func (culprit) ServeHTTP(http.ResponseWriter, *http.Request) { panic([]string{"not comparable"}) }

// What the server logs of a panic must name the function that panicked.
func TestPanicKeepsItsStack(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		ctx, _ := transactiontest.New(t)
		s := newServer(t, ctx, http2, middleware.New(), culprit{})
		s.get("/")
		s.Close()
		<-s.log.written
		log := s.log.String()
		for _, want := range []string{"[not comparable]", "culprit.ServeHTTP"} {
			if !strings.Contains(log, want) {
				t.Errorf("http2=%v: %q is not in the log:\n%s", http2, want, log)
			}
		}
	}
}

// A client that goes away is no failure of ours.
func TestClientGone(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("http2=%v", http2), func(t *testing.T) {
			ctx, ledger := transactiontest.New(t)
			began := make(chan struct{})
			s := newServer(t, ctx, http2, middleware.New(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				close(began)
				<-r.Context().Done()
				http.Error(w, "canceled", http.StatusInternalServerError)
			}))
			requestCtx, cancel := context.WithCancel(t.Context())
			go func() {
				<-began
				cancel()
			}()
			r, err := http.NewRequestWithContext(requestCtx, http.MethodGet, s.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			if resp, err := s.Client().Do(r); err == nil {
				resp.Body.Close()
				t.Error("the client got an answer")
			}
			s.Close()
			if got := ledger.One().Outcome; !got.Canceled || got.Failed {
				t.Errorf("outcome %+v, want canceled", got)
			}
		})
	}
}

func TestHijack(t *testing.T) {
	ctx, ledger := transactiontest.New(t)
	s := newServer(t, ctx, false, middleware.New(), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		line, _ := rw.ReadString('\n')
		rw.WriteString("you said " + line)
		rw.Flush()
	}))
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\nhello\n")
	if line, err := bufio.NewReader(conn).ReadString('\n'); line != "you said hello\n" || err != nil {
		t.Errorf("read %q, %v", line, err)
	}
	s.Close()
	want := transaction.Outcome{Streamed: true, ResponseSize: -1}
	if diff := cmp.Diff(want, ledger.One().Outcome); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
}

// net/http removes the temporary files of the request that it knows.
func TestMultipartFormIsHandedBack(t *testing.T) {
	for _, end := range []string{"return", "panic"} {
		t.Run(end, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			ctx, _ := transactiontest.New(t)
			var name string
			s := newServer(t, ctx, false, middleware.New(), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if err := r.ParseMultipartForm(1); err != nil {
					t.Error(err)
					return
				}
				f, err := r.MultipartForm.File["file"][0].Open()
				if err != nil {
					t.Error(err)
					return
				}
				name = f.(*os.File).Name()
				f.Close()
				if end == "panic" {
					r.MultipartForm.RemoveAll() // net/http does not do it then.
					panic(http.ErrAbortHandler)
				}
			}))
			var body bytes.Buffer
			form := multipart.NewWriter(&body)
			part, err := form.CreateFormFile("file", "x.bin")
			if err != nil {
				t.Fatal(err)
			}
			part.Write(make([]byte, 64<<10))
			form.Close()
			s.do(http.MethodPost, "/", http.Header{"Content-Type": {form.FormDataContentType()}}, &body)
			s.Close()
			if name == "" {
				t.Fatal("no temporary file was made")
			}
			if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s is still there: %v", name, err)
			}
		})
	}
}

// Whatever is around us, another tracing library for instance, finds the pattern where it looks for it.
func TestPatternIsHandedBack(t *testing.T) {
	ctx, _ := transactiontest.New(t)
	h := middleware.New()(routed(work))
	r := httptest.NewRequest(http.MethodPost, "/users/new", nil).WithContext(ctx)
	h.ServeHTTP(httptest.NewRecorder(), r)
	if want := "POST /users/new"; r.Pattern != want {
		t.Errorf("pattern %q, want %q", r.Pattern, want)
	}
}

// A time-out answers while the handler still runs; both belong to the transaction, and neither disturbs the other.
func TestTimeoutHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, ledger := transactiontest.New(t)
		mux := http.NewServeMux()
		mux.HandleFunc("GET /slow/{id}", func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(time.Minute)
			io.WriteString(w, "too late")
		})
		h := middleware.New()(http.TimeoutHandler(middleware.CaptureRoute(mux), time.Second, "busy"))
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/slow/1", nil).WithContext(ctx))
		time.Sleep(time.Hour)
		got := ledger.One()
		want := transaction.Outcome{Status: 503, Failed: true, ErrorType: "503", ResponseSize: 4}
		if diff := cmp.Diff(want, got.Outcome); diff != "" {
			t.Errorf("outcome (-want +got):\n%s", diff)
		}
		if want := (transaction.Endpoint{Method: "GET", Route: "/slow/{id}"}); got.Endpoint != want || got.Duration != time.Second {
			t.Errorf("%v took %v, want %v, 1s", got.Endpoint, got.Duration, want)
		}
	})
}

// The rudest time-out: the handler goes on in another goroutine, with the very request that we gave it. The
// race detector watches.
func TestHandlerOutlivesItsRequest(t *testing.T) {
	ctx, ledger := transactiontest.New(t)
	mux := routed(work)
	var late sync.WaitGroup
	rude := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			late.Go(func() { next.ServeHTTP(httptest.NewRecorder(), r) })
			w.WriteHeader(http.StatusServiceUnavailable)
		})
	}
	h := middleware.New()(rude(middleware.CaptureRoute(mux)))
	const requests = 200
	for i := range requests {
		path := [2]string{"/users/new", "/not/found"}[i%2]
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, path, nil).WithContext(ctx))
	}
	late.Wait()
	for _, got := range ledger.Transactions() {
		if got.Outcome.Status != http.StatusServiceUnavailable {
			t.Errorf("outcome %+v, want status 503", got.Outcome)
		}
		if r := got.Endpoint.Route; r != "/users/new" && r != transaction.Unmatched {
			t.Errorf("route %q", r)
		}
	}
	if n := len(ledger.Transactions()); n != requests {
		t.Errorf("%d transactions, want %d", n, requests)
	}
}

// What a goroutine does after the end is not lost, and no part of the request any more.
func TestGoroutineAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, ledger := transactiontest.New(t)
		st := sqltext.Open("sqlite", "").Statement("UPDATE users SET seen = 1")
		mux := http.NewServeMux()
		mux.HandleFunc("/seen", func(_ http.ResponseWriter, r *http.Request) {
			go func() {
				time.Sleep(time.Second)
				call := transaction.StartStatement(r.Context(), st)
				time.Sleep(time.Second)
				call.End(transaction.Result{})
				middleware.SetRoute(r.Context(), "/late")
			}()
		})
		middleware.New()(mux).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/seen", nil).WithContext(ctx))
		synctest.Wait()
		time.Sleep(time.Minute)
		endpoint := transaction.Endpoint{Method: "GET", Route: "/seen"}
		if got := ledger.One(); got.Duration != 0 || got.Calls[transaction.SQL] != 0 || got.Endpoint != endpoint {
			t.Errorf("transaction %+v, want nothing of the late statement", got)
		}
		want := []transactiontest.Statement{{
			Endpoint: endpoint,
			Total:    transaction.StatementTotal{Statement: st, Calls: 1, Time: time.Second, Max: time.Second},
		}}
		if diff := cmp.Diff(want, ledger.Statements(), cmp.Comparer(func(a, b *sqltext.Statement) bool { return a == b })); diff != "" {
			t.Errorf("statements (-want +got):\n%s", diff)
		}
	})
}

// The truth about a request, to the nanosecond.
func TestPhases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, ledger := transactiontest.New(t)
		st := sqltext.Open("sqlite", "").Statement("SELECT 1")
		remote := &transaction.Remote{System: "http", Host: "api", Port: 443}
		h := middleware.New()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(1 * time.Millisecond)
			call := transaction.StartStatement(r.Context(), st)
			time.Sleep(2 * time.Millisecond)
			call.End(transaction.Result{})
			call.StartFetch()
			time.Sleep(4 * time.Millisecond)
			call.StopFetch(1, "")
			call.Close()
			var parallel sync.WaitGroup
			for range 2 {
				parallel.Go(func() {
					call := transaction.StartRemote(r.Context(), remote, "GET")
					time.Sleep(8 * time.Millisecond)
					call.End(transaction.Result{Status: 200})
				})
			}
			parallel.Wait()
			part := transaction.StartSegment(r.Context(), "render")
			time.Sleep(16 * time.Millisecond)
			part.End()
			w.Write([]byte("done"))
		}))
		call(ctx, httptest.NewRecorder(), h)
		got := ledger.One()
		want := [transaction.Phases]time.Duration{
			transaction.App:      1 * time.Millisecond,
			transaction.SQL:      2 * time.Millisecond,
			transaction.Fetch:    4 * time.Millisecond,
			transaction.External: 8 * time.Millisecond,
			transaction.Segment:  16 * time.Millisecond,
		}
		if got.Spent != want || got.Duration != 31*time.Millisecond {
			t.Errorf("spent %v in %v, want %v", got.Spent, got.Duration, want)
		}
		calls := [transaction.Phases]int64{transaction.SQL: 1, transaction.External: 2, transaction.Segment: 1}
		if got.Calls != calls {
			t.Errorf("calls %v, want %v", got.Calls, calls)
		}
	})
}

func TestAllocations(t *testing.T) {
	ctx := transactiontest.Discard(t)
	count := func(ctx context.Context, h http.Handler) float64 { return testing.AllocsPerRun(100, serve(ctx, h)) }
	bare := count(ctx, routed(work))
	for _, c := range []struct {
		name string
		ctx  context.Context
		wrap func(http.Handler) http.Handler
		want float64
	}{
		{"no agent", context.Background(), middleware.New(), 0},
		{"filtered", ctx, middleware.New(middleware.WithFilter(func(*http.Request) bool { return false })), 0},
		{"request", ctx, middleware.New(), 1},
		{"user", ctx, middleware.New(middleware.WithUser(func(*http.Request) string { return "me" })), 1},
	} {
		if got := count(c.ctx, c.wrap(routed(work))) - bare; got > c.want {
			t.Errorf("%s: %v allocations more than bare, want %v", c.name, got, c.want)
		}
	}
}
