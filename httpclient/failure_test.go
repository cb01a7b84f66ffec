package httpclient_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/daybook-apm/daybook/httpclient"
	"github.com/daybook-apm/daybook/internal/transaction"
	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// peer is a server that does with each connection what serve says, after it has read the headers of a request.
func peer(t *testing.T, serve func(*bufio.Reader, net.Conn)) string {
	t.Helper()
	l := listen(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			r := bufio.NewReader(c)
			if _, err := http.ReadRequest(r); err == nil {
				serve(r, c)
			}
			c.Close()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	return l.Addr().String()
}

// reset closes c so that the other side gets a reset, not an end.
func reset(_ *bufio.Reader, c net.Conn) {
	if err := c.(*net.TCPConn).SetLinger(0); err != nil {
		panic(err)
	}
	c.Close()
}

// hanging is a server that does not answer, or sends half of an answer first, until the test is over.
func hanging(t *testing.T, half bool) string {
	over := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if half {
			fmt.Fprint(w, "half")
			http.NewResponseController(w).Flush()
		}
		select {
		case <-over:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() {
		close(over)
		srv.Close()
	})
	return srv.URL
}

// fetch makes a call and reads all of its answer, with a transport that keeps no connection.
func fetch(ctx context.Context, client http.Client, inner *http.Transport, url string) error {
	inner.DisableKeepAlives = true
	defer inner.CloseIdleConnections() // Ends what still dials.
	client.Transport = httpclient.NewTransport(inner)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

func TestFailures(t *testing.T) {
	const short = 40 * time.Millisecond
	ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	secure := func(t *testing.T) *httptest.Server {
		srv := httptest.NewUnstartedServer(ok)
		srv.Config.ErrorLog = quiet
		srv.StartTLS()
		t.Cleanup(srv.Close)
		return srv
	}
	for _, c := range []struct {
		name   string
		call   func(t *testing.T, ctx context.Context) error
		want   string
		status int
	}{
		{"connection refused", func(t *testing.T, ctx context.Context) error {
			l := listen(t)
			l.Close()
			return fetch(ctx, http.Client{}, &http.Transport{}, "http://"+l.Addr().String())
		}, "connection_refused", 0},
		{"reset before the answer", func(t *testing.T, ctx context.Context) error {
			return fetch(ctx, http.Client{}, &http.Transport{}, "http://"+peer(t, reset))
		}, "connection_reset", 0},
		{"reset in the body", func(t *testing.T, ctx context.Context) error {
			return fetch(ctx, http.Client{}, &http.Transport{}, "http://"+peer(t, func(r *bufio.Reader, c net.Conn) {
				fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
				reset(r, c)
			}))
		}, "connection_reset", 200},
		{"hung up before the answer", func(t *testing.T, ctx context.Context) error {
			return fetch(ctx, http.Client{}, &http.Transport{}, "http://"+peer(t, func(*bufio.Reader, net.Conn) {}))
		}, "eof", 0},
		{"half a body", func(t *testing.T, ctx context.Context) error {
			return fetch(ctx, http.Client{}, &http.Transport{}, "http://"+peer(t, func(r *bufio.Reader, c net.Conn) {
				fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
			}))
		}, "eof", 200},
		{"half a body of a failure", func(t *testing.T, ctx context.Context) error {
			return fetch(ctx, http.Client{}, &http.Transport{}, "http://"+peer(t, func(r *bufio.Reader, c net.Conn) {
				fmt.Fprint(c, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 100\r\n\r\nhalf")
			}))
		}, "503", 503},
		{"unknown host", func(t *testing.T, ctx context.Context) error {
			resolver := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
				return nil, errors.New("no name server here")
			}}
			dialer := &net.Dialer{Resolver: resolver}
			return fetch(ctx, http.Client{}, &http.Transport{DialContext: dialer.DialContext}, "http://unknown.invalid")
		}, "dns", 0},
		{"time-out of the caller while resolving", func(t *testing.T, ctx context.Context) error {
			resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}}
			dialer := &net.Dialer{Resolver: resolver}
			ctx, cancel := context.WithTimeout(ctx, short)
			defer cancel()
			return fetch(ctx, http.Client{}, &http.Transport{DialContext: dialer.DialContext}, "http://unknown.invalid")
		}, "timeout", 0},
		{"time-out of dialing", func(t *testing.T, ctx context.Context) error {
			dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
				ctx, cancel := context.WithTimeout(ctx, short)
				defer cancel()
				<-ctx.Done()
				return nil, &net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}
			}
			return fetch(ctx, http.Client{}, &http.Transport{DialContext: dial}, "http://unknown.invalid")
		}, "timeout", 0},
		{"time-out of the handshake", func(t *testing.T, ctx context.Context) error {
			return fetch(ctx, http.Client{}, &http.Transport{TLSHandshakeTimeout: short}, "https://"+silent(t))
		}, "timeout", 0},
		{"time-out of the headers", func(t *testing.T, ctx context.Context) error {
			return fetch(ctx, http.Client{}, &http.Transport{ResponseHeaderTimeout: short}, hanging(t, false))
		}, "timeout", 0},
		{"time-out of the client before the headers", func(t *testing.T, ctx context.Context) error {
			return fetch(ctx, http.Client{Timeout: short}, &http.Transport{}, hanging(t, false))
		}, "timeout", 0},
		{"time-out of the client in the body", func(t *testing.T, ctx context.Context) error {
			return fetch(ctx, http.Client{Timeout: short}, &http.Transport{}, hanging(t, true))
		}, "timeout", 200},
		{"deadline before the headers", func(t *testing.T, ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, short)
			defer cancel()
			return fetch(ctx, http.Client{}, &http.Transport{}, hanging(t, false))
		}, "timeout", 0},
		{"deadline in the body", func(t *testing.T, ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, short)
			defer cancel()
			return fetch(ctx, http.Client{}, &http.Transport{}, hanging(t, true))
		}, "timeout", 200},
		{"deadline with a cause", func(t *testing.T, ctx context.Context) error {
			ctx, cancel := context.WithTimeoutCause(ctx, short, errors.New("budget spent"))
			defer cancel()
			return fetch(ctx, http.Client{}, &http.Transport{}, hanging(t, false))
		}, "timeout", 0},
		{"canceled before the headers", func(t *testing.T, ctx context.Context) error {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(short, cancel)
			return fetch(ctx, http.Client{}, &http.Transport{}, hanging(t, false))
		}, "canceled", 0},
		{"canceled in the body", func(t *testing.T, ctx context.Context) error {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(short, cancel)
			return fetch(ctx, http.Client{}, &http.Transport{}, hanging(t, true))
		}, "canceled", 200},
		{"canceled with a cause", func(t *testing.T, ctx context.Context) error {
			ctx, cancel := context.WithCancelCause(ctx)
			time.AfterFunc(short, func() { cancel(errors.New("changed my mind")) })
			return fetch(ctx, http.Client{}, &http.Transport{}, hanging(t, false))
		}, "canceled", 0},
		{"unknown certificate", func(t *testing.T, ctx context.Context) error {
			return fetch(ctx, http.Client{}, &http.Transport{}, secure(t).URL)
		}, "tls", 0},
		{"certificate of another host", func(t *testing.T, ctx context.Context) error {
			srv := secure(t)
			pool := x509.NewCertPool()
			pool.AddCert(srv.Certificate())
			config := &tls.Config{RootCAs: pool, ServerName: "other.invalid"}
			return fetch(ctx, http.Client{}, &http.Transport{TLSClientConfig: config}, srv.URL)
		}, "tls", 0},
		{"alert", func(t *testing.T, ctx context.Context) error {
			srv := httptest.NewUnstartedServer(ok)
			srv.Config.ErrorLog = quiet
			srv.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
			srv.StartTLS()
			defer srv.Close()
			return fetch(ctx, http.Client{}, &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, srv.URL)
		}, "tls", 0},
		{"TLS to a plain server", func(t *testing.T, ctx context.Context) error {
			srv := httptest.NewServer(ok)
			defer srv.Close()
			return fetch(ctx, http.Client{}, &http.Transport{}, strings.Replace(srv.URL, "http:", "https:", 1))
		}, "tls", 0},
		{"not found", func(t *testing.T, ctx context.Context) error {
			srv := httptest.NewServer(http.NotFoundHandler())
			defer srv.Close()
			return fetch(ctx, http.Client{}, &http.Transport{}, srv.URL)
		}, "404", 404},
		{"nothing", func(t *testing.T, ctx context.Context) error {
			srv := httptest.NewServer(ok)
			defer srv.Close()
			return fetch(ctx, http.Client{}, &http.Transport{}, srv.URL)
		}, "", 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			agent, ledger := transactiontest.New(t)
			tx := begin(agent)
			err := c.call(t, tx)
			tx.End()
			entries := ledger.One().Entries
			want := []transaction.Entry{{Operation: "GET", ErrorType: c.want, Status: c.status}}
			if diff := cmp.Diff(want, entries, cmpopts.IgnoreFields(transaction.Entry{}, "Start", "End", "Duration", "Remote", "SpanID")); diff != "" {
				t.Errorf("call that ended with %v (-want +got):\n%s", err, diff)
			}
			for _, r := range ledger.One().Remotes {
				if r.ErrorType != c.want || r.Calls != 1 {
					t.Errorf("remote = %+v, want 1 call with error.type %q", r, c.want)
				}
			}
		})
	}
}

// silent is a server that accepts and says nothing.
func silent(t *testing.T) string {
	l := listen(t)
	t.Cleanup(func() { l.Close() })
	return l.Addr().String() // The kernel accepts.
}

type named struct{}

func (named) Error() string     { return "quota used up" }
func (named) ErrorType() string { return "quota" }

type hostile struct{}

func (hostile) Error() string { panic("never asked") }
func (hostile) Timeout() bool { panic("no") }

// The errors that no server on this machine produces at will.
func TestFailure(t *testing.T) {
	closed := make(chan struct{})
	close(closed)
	canceled := &http.Request{Cancel: closed} //nolint:staticcheck // Deprecated, and still what http.Client uses for its time-out.
	past, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Hour))
	defer cancel()
	for _, c := range []struct {
		name string
		req  *http.Request
		err  error
		want string
	}{
		{"time-out of a name server", nil, &url.Error{Op: "Get", Err: &net.OpError{Op: "dial", Err: &net.DNSError{Err: "i/o timeout", IsTimeout: true}}}, "dns"},
		{"no such host", nil, &net.DNSError{Err: "no such host", IsNotFound: true}, "dns"},
		{"time-out of the kernel", nil, &net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ETIMEDOUT)}, "timeout"},
		{"broken pipe", nil, fmt.Errorf("write: %w", syscall.EPIPE), "connection_reset"},
		{"idle connection closed", nil, fmt.Errorf("x: %w", errors.New("http: server closed idle connection")), "eof"},
		{"HTTP/2 connection lost", nil, errors.New("http2: client connection lost"), "connection_reset"},
		{"plain error of crypto/tls", nil, errors.New("tls: server selected unsupported protocol version 301"), "tls"},
		{"scheme", nil, http.ErrSchemeMismatch, "tls"},
		{"joined", nil, errors.Join(errors.New("x"), syscall.ECONNREFUSED), "connection_refused"},
		{"time-out of http.Client without context", canceled.WithContext(past), errors.New("net/http: request canceled"), "timeout"},
		{"Cancel", canceled, errors.New("net/http: request canceled"), "canceled"},
		{"precise error after a deadline", (&http.Request{}).WithContext(past), syscall.ECONNREFUSED, "connection_refused"},
		{"one's own type", nil, fmt.Errorf("x: %w", named{}), "quota"},
		{"no class", nil, fmt.Errorf("x: %w", &os.PathError{Err: os.ErrInvalid}), "*fs.PathError"},
		{"no error at all", nil, nil, "_OTHER"},
		{"hostile", nil, hostile{}, "httpclient_test.hostile"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.req == nil {
				c.req = &http.Request{}
			}
			if got := httpclient.Failure(c.req, c.err); got != c.want {
				t.Errorf("Failure = %q, want %q", got, c.want)
			}
		})
	}
}

func TestStatusDoesNotAllocate(t *testing.T) {
	bare, wrapped := &instant{}, httpclient.NewTransport(&instant{status: http.StatusBadGateway}, httpclient.WithoutPropagation())
	tx := begin(transactiontest.Discard(t))
	defer tx.End()
	req := request(t, tx)
	want := testing.AllocsPerRun(runs, func() { call(t, bare, req) }) + 1
	if got := testing.AllocsPerRun(runs, func() { call(t, wrapped, req) }); got > want {
		t.Errorf("a call that fails by its status costs %v allocations, want %v", got, want)
	}
}
