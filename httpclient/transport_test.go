package httpclient_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/daybook-apm/daybook/httpclient"
	"github.com/daybook-apm/daybook/internal/transaction"
	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
)

// everything is a server that answers in every way that a transport knows of.
func everything() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/plain", func(w http.ResponseWriter, r *http.Request) {
		for name := range r.Header {
			// What the server sees must be the same, but for the trace context.
			if name != "Traceparent" {
				w.Header()["X-Saw-"+name] = r.Header[name]
			}
		}
		fmt.Fprint(w, "hello")
	})
	mux.HandleFunc("/empty", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/204", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
	mux.HandleFunc("/304", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(304) })
	mux.HandleFunc("/500", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "broken", http.StatusInternalServerError) })
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/plain", http.StatusFound) })
	mux.HandleFunc("/gzip", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		zip := gzip.NewWriter(w)
		fmt.Fprint(zip, strings.Repeat("zip ", 1000))
		zip.Close()
	})
	mux.HandleFunc("/trailers", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		fmt.Fprint(w, "summed")
		http.NewResponseController(w).Flush()
		w.Header().Set("X-Sum", "42")
		w.Header().Set(http.TrailerPrefix+"X-Unannounced", "1")
	})
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Length", fmt.Sprint(r.ContentLength, r.TransferEncoding))
		if _, err := io.Copy(w, r.Body); err != nil {
			panic(http.ErrAbortHandler)
		}
	})
	mux.HandleFunc("/refuse", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "too large", http.StatusExpectationFailed) })
	mux.HandleFunc("/upgrade", func(w http.ResponseWriter, _ *http.Request) {
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		defer c.Close()
		fmt.Fprint(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		line, _ := rw.ReadString('\n')
		fmt.Fprint(c, "echo "+line)
	})
	return mux
}

// answer is all that a caller can see of a call.
type answer struct {
	Response   http.Response
	Body, Err  string
	Interfaces string // The optional methods of the body.
	Request    string
	TLS        bool
}

func observe(resp *http.Response, err error, req *http.Request) answer {
	if err != nil {
		return answer{Err: err.Error()}
	}
	defer resp.Body.Close()
	a := answer{TLS: resp.TLS != nil, Request: resp.Request.URL.String()}
	if resp.Request == req {
		a.Request = "the caller's"
	}
	_, w := resp.Body.(io.Writer)
	_, to := resp.Body.(io.WriterTo)
	_, half := resp.Body.(interface{ CloseWrite() error })
	a.Interfaces = fmt.Sprint(w, to, half)
	if w {
		fmt.Fprintf(resp.Body.(io.Writer), "ping\n")
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		a.Err = err.Error()
	}
	if _, err := resp.Body.Read(make([]byte, 1)); err != nil && !w {
		a.Err += "; then " + err.Error()
	}
	if err := resp.Body.Close(); err != nil && !w {
		a.Err += "; close " + err.Error()
	}
	a.Body = string(text)
	a.Response = *resp // After the body: it fills in the trailers.
	return a
}

func TestSameAsBare(t *testing.T) {
	plain := httptest.NewServer(everything())
	defer plain.Close()
	secure := httptest.NewUnstartedServer(everything())
	secure.EnableHTTP2 = true
	secure.StartTLS()
	defer secure.Close()

	get := func(ctx context.Context, method, url string, body io.Reader) *http.Request {
		req, err := http.NewRequestWithContext(ctx, method, url, body)
		if err != nil {
			t.Fatal(err)
		}
		return req
	}
	type builder func(ctx context.Context, base string) *http.Request
	simple := func(method, path string) builder {
		return func(ctx context.Context, base string) *http.Request { return get(ctx, method, base+path, nil) }
	}
	upload := func(path string, change func(*http.Request)) builder {
		return func(ctx context.Context, base string) *http.Request {
			req := get(ctx, http.MethodPost, base+path, strings.NewReader("some data"))
			change(req)
			return req
		}
	}
	for _, c := range []struct {
		name    string
		request builder
		client  bool // Through http.Client, which follows redirects.
	}{
		{"plain", simple("GET", "/plain"), false},
		{"headers", func(ctx context.Context, base string) *http.Request {
			req := get(ctx, "GET", base+"/plain", nil)
			req.Header = http.Header{"X-One": {"1", "2"}, "User-Agent": nil, "Cookie": {"a=b"}}
			req.Host = "virtual.example"
			return req
		}, false},
		{"user in the URL", func(ctx context.Context, base string) *http.Request {
			req := get(ctx, "GET", base+"/plain?q=1#fragment", nil)
			req.URL.User = url.UserPassword("user", "secret")
			return req
		}, true},
		{"empty", simple("GET", "/empty"), false},
		{"HEAD", simple("HEAD", "/plain"), false},
		{"no content", simple("GET", "/204"), false},
		{"not modified", simple("GET", "/304"), false},
		{"failure", simple("GET", "/500"), false},
		{"unknown path", simple("GET", "/nowhere"), false},
		{"redirect", simple("GET", "/redirect"), false},
		{"redirect followed", simple("GET", "/redirect"), true},
		{"gzip", simple("GET", "/gzip"), false},
		{"gzip asked for", func(ctx context.Context, base string) *http.Request {
			req := get(ctx, "GET", base+"/gzip", nil)
			req.Header.Set("Accept-Encoding", "gzip")
			return req
		}, false},
		{"trailers", simple("GET", "/trailers"), false},
		{"upload", upload("/echo", func(*http.Request) {}), false},
		{"upload by a client", upload("/echo", func(*http.Request) {}), true},
		{"upload of unknown length", upload("/echo", func(r *http.Request) { r.ContentLength, r.GetBody = -1, nil }), false},
		{"upload of nothing", upload("/echo", func(r *http.Request) { r.Body, r.ContentLength = http.NoBody, 0 }), false},
		{"100 continue", upload("/echo", func(r *http.Request) { r.Header.Set("Expect", "100-continue") }), false},
		{"100 refused", upload("/refuse", func(r *http.Request) { r.Header.Set("Expect", "100-continue") }), false},
		{"upload of the wrong length", upload("/echo", func(r *http.Request) { r.ContentLength = 5 }), false},
		{"upgrade", func(ctx context.Context, base string) *http.Request {
			req := get(ctx, "GET", base+"/upgrade", nil)
			req.Header.Set("Connection", "Upgrade")
			req.Header.Set("Upgrade", "echo")
			return req
		}, false},
		{"connection closed", func(ctx context.Context, base string) *http.Request {
			req := get(ctx, "GET", base+"/plain", nil)
			req.Close = true
			return req
		}, false},
		{"no URL", func(ctx context.Context, _ string) *http.Request {
			return (&http.Request{Header: http.Header{}}).WithContext(ctx)
		}, false},
		{"no header", func(ctx context.Context, base string) *http.Request {
			req := get(ctx, "GET", base+"/plain", nil)
			req.Header = nil
			return req
		}, false},
		{"bad header", func(ctx context.Context, base string) *http.Request {
			req := get(ctx, "GET", base+"/plain", nil)
			req.Header["a b"] = []string{"c"}
			return req
		}, false},
		{"bad method", func(ctx context.Context, base string) *http.Request {
			req := get(ctx, "GET", base+"/plain", nil)
			req.Method = "a b"
			return req
		}, false},
		{"no host", func(ctx context.Context, _ string) *http.Request { return get(ctx, "GET", "http:///plain", nil) }, false},
		{"unknown protocol", func(ctx context.Context, _ string) *http.Request { return get(ctx, "GET", "gopher://x/", nil) }, false},
		{"canceled", func(ctx context.Context, base string) *http.Request {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return get(ctx, "GET", base+"/plain", nil)
		}, true},
	} {
		for _, srv := range []*httptest.Server{plain, secure} {
			t.Run(c.name+" "+srv.URL[:5], func(t *testing.T) {
				ctx, _ := transactiontest.New(t)
				tx := begin(ctx)
				defer tx.End()
				do := func(ctx context.Context, wrap func(http.RoundTripper) http.RoundTripper) answer {
					inner := srv.Client().Transport.(*http.Transport).Clone()
					inner.ExpectContinueTimeout = time.Minute
					defer inner.CloseIdleConnections()
					rt, req := wrap(inner), c.request(ctx, srv.URL)
					before := deepCopy(req)
					defer func() {
						if diff := unchanged(before, req); diff != "" {
							t.Errorf("the request was changed (-before +after):\n%s", diff)
						}
					}()
					if c.client {
						resp, err := (&http.Client{Transport: rt}).Do(req)
						return observe(resp, err, req)
					}
					resp, err := rt.RoundTrip(req)
					return observe(resp, err, req)
				}
				want := do(context.Background(), func(rt http.RoundTripper) http.RoundTripper { return rt })
				got := do(tx, func(rt http.RoundTripper) http.RoundTripper { return httpclient.NewTransport(rt) })
				if diff := cmp.Diff(want, got,
					cmpopts.IgnoreFields(http.Response{}, "Body", "Request", "TLS"),
					cmpopts.IgnoreMapEntries(func(name string, _ []string) bool { return name == "Date" })); diff != "" {
					t.Errorf("(-bare +wrapped):\n%s", diff)
				}
			})
		}
	}
}

// deepCopy keeps all of req that can be compared.
func deepCopy(req *http.Request) *http.Request {
	c := req.Clone(req.Context())
	c.GetBody = nil
	return c
}

// unchanged compares req with a deepCopy of it from before.
func unchanged(before, req *http.Request) string {
	after := *req
	after.GetBody = nil
	if reflect.DeepEqual(before, &after) {
		return ""
	}
	return fmt.Sprintf("-%#v\n+%#v", before, &after)
}

// Requests of different goroutines may share their headers: a wrapper that adds to them is a data race.
func TestSharedHeaders(t *testing.T) {
	ctx, _ := transactiontest.New(t)
	tx := begin(ctx)
	defer tx.End()
	shared := http.Header{"Accept": {"text/plain"}}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			base := &capture{}
			rt := httpclient.NewTransport(base)
			for range 20 {
				req := (&http.Request{URL: &url.URL{Scheme: "http", Host: "a.test"}, Header: shared}).WithContext(tx)
				resp, err := rt.RoundTrip(req)
				if err != nil {
					t.Error(err)
					return
				}
				resp.Body.Close()
				if base.request.Header.Get("Traceparent") == "" {
					t.Error("no traceparent was sent")
				}
			}
		})
	}
	wg.Wait()
	if diff := cmp.Diff(http.Header{"Accept": {"text/plain"}}, shared); diff != "" {
		t.Errorf("shared headers (-want +got):\n%s", diff)
	}
}

// scripted is a remote that does what it is told to.
type scripted func(*http.Request) (*http.Response, error)

func (s scripted) RoundTrip(req *http.Request) (*http.Response, error) { return s(req) }

// What comes back from the base comes back from the wrapper: the very same values.
func TestPassThrough(t *testing.T) {
	wrong := errors.New("wrong")
	nobody := &http.Response{StatusCode: 200}
	for _, c := range []struct {
		name string
		resp *http.Response
		err  error
		want string // error.type
	}{
		{"error", nil, wrong, "*errors.errorString"},
		{"both", nobody, wrong, "*errors.errorString"},
		{"neither", nil, nil, "_OTHER"},
		{"no body", nobody, nil, ""},
	} {
		for _, agent := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s agent=%v", c.name, agent), func(t *testing.T) {
				ctx, ledger := transactiontest.New(t)
				parent := context.Background()
				var tx *transaction.Transaction
				if agent {
					tx = begin(ctx)
					parent = tx
				}
				resp, err := httpclient.NewTransport(scripted(func(req *http.Request) (*http.Response, error) {
					return c.resp, c.err
				})).RoundTrip(request(t, parent)) //nolint:bodyclose // No case has one.
				if resp != c.resp || err != c.err { //nolint:errorlint // The very same, for callers who compare.
					t.Errorf("got %p, %v, want %p, %v", resp, err, c.resp, c.err)
				}
				tx.End()
				if agent {
					if got := ledger.One().Remotes; len(got) != 1 || got[0].ErrorType != c.want {
						t.Errorf("remotes = %+v, want one with error.type %q", got, c.want)
					}
				}
			})
		}
	}
}

func TestWithoutAgentTheRequestIsTheSame(t *testing.T) {
	base := &capture{}
	req := request(t, context.Background())
	resp, err := httpclient.NewTransport(base).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if base.request != req {
		t.Error("the request was copied although there is no agent")
	}
}

func TestPanicIsRecordedAndGoesOn(t *testing.T) {
	ctx, ledger := transactiontest.New(t)
	tx := begin(ctx)
	func() {
		defer func() {
			if r := recover(); r != "boom" {
				t.Errorf("recovered %v, want boom", r)
			}
		}()
		rt := httpclient.NewTransport(scripted(func(*http.Request) (*http.Response, error) { panic("boom") }))
		resp, err := rt.RoundTrip(request(t, tx)) //nolint:bodyclose // There is none.
		t.Errorf("RoundTrip = %v, %v, want a panic", resp, err)
	}()
	tx.End()
	if got := ledger.One().Remotes; len(got) != 1 || got[0].ErrorType != "panic" {
		t.Errorf("remotes = %+v, want one with error.type panic", got)
	}
}

func TestWrappedTwiceIsCountedOnce(t *testing.T) {
	ctx, ledger := transactiontest.New(t)
	tx := begin(ctx)
	rt := httpclient.NewTransport(&instant{})
	if again := httpclient.NewTransport(rt); again != rt {
		t.Error("a transport was wrapped again, with nothing to add")
	}
	base := &capture{}
	rt = httpclient.NewTransport(httpclient.NewTransport(base), httpclient.WithoutPropagation())
	call(t, rt, request(t, tx))
	if base.request.Header.Get("Traceparent") != "" {
		t.Error("the option of the outer transport was lost")
	}
	tx.End()
	if n := ledger.One().Calls[transaction.External]; n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
}

// idler counts how often it was told to close its idle connections.
type idler struct {
	instant
	closed int
}

func (i *idler) CloseIdleConnections() { i.closed++ }

func TestCloseIdleConnections(t *testing.T) {
	base := &idler{}
	(&http.Client{Transport: httpclient.NewTransport(base)}).CloseIdleConnections()
	if base.closed != 1 {
		t.Errorf("base was told %d times, want 1", base.closed)
	}
	(&http.Client{Transport: httpclient.NewTransport(&instant{})}).CloseIdleConnections() // Has no such method.
}

// Each hop of a redirect is a call; what http.Transport tries again by itself is not.
func TestCallsOfRedirectsAndRetries(t *testing.T) {
	srv := httptest.NewServer(everything())
	defer srv.Close()
	// The first connection ends while it is idle, just as the second request goes out on it.
	first := true
	flaky := peer(t, func(r *bufio.Reader, c net.Conn) {
		fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		if first {
			first = false
			if _, err := http.ReadRequest(r); err != nil {
				t.Error(err)
			}
		}
	})
	inner := &http.Transport{}
	defer inner.CloseIdleConnections()
	client := http.Client{Transport: httpclient.NewTransport(inner)}
	ctx, ledger := transactiontest.New(t)
	tx := begin(ctx)
	for _, url := range []string{srv.URL + "/redirect", "http://" + flaky, "http://" + flaky} {
		req, err := http.NewRequestWithContext(tx, http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	tx.End()
	var got []int
	for _, e := range ledger.One().Entries {
		got = append(got, e.Status)
	}
	if diff := cmp.Diff([]int{302, 200, 200, 200}, got); diff != "" {
		t.Errorf("statuses of the calls (-want +got):\n%s", diff)
	}
}
