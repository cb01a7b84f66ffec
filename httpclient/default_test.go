package httpclient_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/httpclient"
	"github.com/daybook-apm/daybook/internal/transaction"
	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
)

// useDefault sets http.DefaultTransport for the length of a test.
func useDefault(t *testing.T, rt http.RoundTripper) {
	old := http.DefaultTransport
	http.DefaultTransport = rt
	t.Cleanup(func() {
		if c, ok := rt.(interface{ CloseIdleConnections() }); ok {
			c.CloseIdleConnections()
		}
		http.DefaultTransport = old
	})
}

// fresh is a transport as http.DefaultTransport is when a program starts, except that it trusts srv.
func fresh(srv *httptest.Server) *http.Transport {
	t := &http.Transport{ForceAttemptHTTP2: true, MaxIdleConns: 100}
	if srv.TLS != nil {
		t.TLSClientConfig = &tls.Config{RootCAs: srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	}
	return t
}

func servers(t *testing.T) []*httptest.Server {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Proto, " ", r.Header.Get("Traceparent") != "")
	})
	plain, secure := httptest.NewServer(h), httptest.NewUnstartedServer(h)
	secure.EnableHTTP2 = true
	secure.StartTLS()
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	return []*httptest.Server{plain, secure}
}

// get makes a call in a transaction of its own and returns the answer and the number of calls that were counted.
func get(t *testing.T, client *http.Client, url string) (text string, calls int64) {
	t.Helper()
	ctx, ledger := transactiontest.New(t)
	tx := begin(ctx)
	req, err := http.NewRequestWithContext(tx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	tx.End()
	return string(b), ledger.One().Calls[transaction.External]
}

func TestWrapDefault(t *testing.T) {
	// net/http logs when it finds the place of HTTP/2 taken.
	var logged strings.Builder
	log.SetOutput(&logged)
	t.Cleanup(func() { log.SetOutput(os.Stderr) })

	for i, srv := range servers(t) {
		d := fresh(srv)
		useDefault(t, d)
		if err := httpclient.WrapDefault(); err != nil {
			t.Fatal(err)
		}
		d.MaxIdleConnsPerHost = 7 // The program may still do that.
		want := []string{"HTTP/1.1 true", "HTTP/2.0 true"}[i]
		for name, client := range map[string]*http.Client{
			"default client":         http.DefaultClient,
			"nil transport":          {},
			"kept in a variable":     {Transport: d},
			"NewTransport over nil":  {Transport: httpclient.NewTransport(nil)},
			"NewTransport over it":   {Transport: httpclient.NewTransport(d)},
			"second request, reused": http.DefaultClient,
		} {
			if text, calls := get(t, client, srv.URL); text != want || calls != 1 {
				t.Errorf("%s: answer %q and %d calls, want %q and 1", name, text, calls, want)
			}
		}
		// One without an agent goes through.
		resp, err := http.Get(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if err := httpclient.WrapDefault(); err == nil {
			t.Error("a second WrapDefault gave no error")
		}
		if text, calls := get(t, http.DefaultClient, srv.URL); text != want || calls != 1 {
			t.Errorf("after a second WrapDefault: answer %q and %d calls, want %q and 1", text, calls, want)
		}
	}
	if logged.Len() > 0 {
		t.Errorf("net/http logged: %s", logged.String())
	}
}

func TestWrapDefaultHonoursOptions(t *testing.T) {
	srv := servers(t)[0]
	useDefault(t, fresh(srv))
	if err := httpclient.WrapDefault(httpclient.WithoutPropagation()); err != nil {
		t.Fatal(err)
	}
	if text, calls := get(t, http.DefaultClient, srv.URL); text != "HTTP/1.1 false" || calls != 1 {
		t.Errorf("answer %q and %d calls, want no traceparent and 1", text, calls)
	}
}

// Idle connections belong to the stand-in; closing those of the default transport must reach them. A
// server that counts its connections sees it.
func TestWrapDefaultClosesIdleConnections(t *testing.T) {
	closed := make(chan struct{}, 1)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateClosed {
			closed <- struct{}{}
		}
	}
	srv.Start()
	useDefault(t, fresh(srv))
	if err := httpclient.WrapDefault(); err != nil {
		t.Fatal(err)
	}
	get(t, http.DefaultClient, srv.URL)
	http.DefaultClient.CloseIdleConnections()
	<-closed
	srv.Close()
}

func TestWrapDefaultErrors(t *testing.T) {
	srv := servers(t)[1]
	t.Run("no http.Transport", func(t *testing.T) {
		useDefault(t, &instant{})
		err := httpclient.WrapDefault()
		if err == nil || !strings.Contains(err.Error(), "*httpclient_test.instant") {
			t.Errorf("error = %v, want one that names the type", err)
		}
	})
	t.Run("used already", func(t *testing.T) {
		useDefault(t, fresh(srv))
		get(t, http.DefaultClient, srv.URL)
		err := httpclient.WrapDefault()
		if err == nil || !strings.Contains(err.Error(), "used or wrapped already") {
			t.Errorf("error = %v, want one that says so", err)
		}
		// Nothing has changed: HTTP/2 works, uncounted.
		if text, calls := get(t, http.DefaultClient, srv.URL); text != "HTTP/2.0 false" || calls != 0 {
			t.Errorf("answer %q and %d calls, want HTTP/2.0 false and 0", text, calls)
		}
	})
	t.Run("http taken", func(t *testing.T) {
		d := fresh(srv)
		d.RegisterProtocol("http", &instant{})
		useDefault(t, d)
		if err := httpclient.WrapDefault(); err == nil {
			t.Error("no error")
		}
		if text, calls := get(t, http.DefaultClient, srv.URL); text != "HTTP/2.0 true" || calls != 1 {
			t.Errorf("answer %q and %d calls, want HTTP/2.0 true and 1", text, calls)
		}
	})
}

// Other protocols of the default transport go on working, also through NewTransport.
func TestWrapDefaultLeavesOtherProtocols(t *testing.T) {
	d := &http.Transport{}
	other := &capture{}
	d.RegisterProtocol("other", other)
	useDefault(t, d)
	if err := httpclient.WrapDefault(); err != nil {
		t.Fatal(err)
	}
	for _, client := range []*http.Client{http.DefaultClient, {Transport: httpclient.NewTransport(nil)}} {
		other.request = nil
		get(t, client, "other://host/")
		if other.request == nil {
			t.Error("the request did not reach the protocol that the program has registered")
		}
	}
}

// http.DefaultTransport = httpclient.NewTransport(nil) must not call itself for ever.
func TestDefaultTransportOfOurs(t *testing.T) {
	srv := servers(t)[0]
	http.DefaultClient.CloseIdleConnections()
	for name, ours := range map[string]http.RoundTripper{
		"over nil":        httpclient.NewTransport(nil),
		"over the former": httpclient.NewTransport(http.DefaultTransport),
	} {
		former := http.DefaultTransport
		useDefault(t, ours)
		for _, client := range []*http.Client{http.DefaultClient, {Transport: httpclient.NewTransport(nil)}} {
			if text, calls := get(t, client, srv.URL); text != "HTTP/1.1 true" || calls != 1 {
				t.Errorf("%s: answer %q and %d calls, want HTTP/1.1 true and 1", name, text, calls)
			}
		}
		http.DefaultTransport = former
	}
	http.DefaultClient.CloseIdleConnections()
}

// nil is the default transport of the moment of the call.
func TestNilIsTheDefaultOfEachCall(t *testing.T) {
	rt := httpclient.NewTransport(nil)
	var got []int
	for _, status := range []int{200, 404} {
		useDefault(t, &instant{status: status})
		resp, err := rt.RoundTrip(request(t, context.Background()))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, resp.StatusCode)
		resp.Body.Close()
	}
	if diff := cmp.Diff([]int{200, 404}, got); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
}
