package httpclient_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/daybook-apm/daybook/httpclient"
	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
)

// A body is closed to end a Read that waits, here for a server that says no more. The race detector watches.
func TestCloseInterruptsRead(t *testing.T) {
	inner := &http.Transport{}
	defer inner.CloseIdleConnections()
	ctx, ledger := transactiontest.New(t)
	tx := begin(ctx)
	req, err := http.NewRequestWithContext(tx, http.MethodGet, hanging(t, true), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := httpclient.NewTransport(inner).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	first := make(chan struct{})
	wg.Go(func() {
		_, err := resp.Body.Read(make([]byte, 16))
		close(first)
		for err == nil {
			_, err = resp.Body.Read(make([]byte, 16))
		}
	})
	<-first
	wg.Go(func() { resp.Body.Close() })
	wg.Go(func() { resp.Body.Close() })
	wg.Wait()
	tx.End()
	if got := ledger.One().Remotes; len(got) != 1 || got[0].Calls != 1 || got[0].ErrorType != "" {
		t.Errorf("remotes = %+v, want one call that did not fail", got)
	}
}

// Nothing of these has a body to wait for: the call is over with the answer, and the body is the transport's own.
func TestEndsWithTheAnswer(t *testing.T) {
	plain, secure := httptest.NewServer(everything()), httptest.NewUnstartedServer(everything())
	defer plain.Close()
	secure.EnableHTTP2 = true
	secure.StartTLS()
	defer secure.Close()
	for _, c := range []struct {
		server       *httptest.Server
		method, path string
		status       int
	}{
		{plain, "HEAD", "/plain", 200}, {plain, "GET", "/empty", 200}, {plain, "GET", "/204", 204}, {plain, "GET", "/304", 304},
		{plain, "GET", "/upgrade", 101},
		// HTTP/2 has an empty body of its own.
		{secure, "HEAD", "/plain", 200}, {secure, "GET", "/204", 204}, {secure, "GET", "/304", 304},
	} {
		t.Run(fmt.Sprint(c.server.URL[:5], c.method, c.path), func(t *testing.T) {
			ctx, ledger := transactiontest.New(t)
			tx := begin(ctx)
			req, err := http.NewRequestWithContext(tx, c.method, c.server.URL+c.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if c.status == 101 {
				req.Header.Set("Connection", "Upgrade")
				req.Header.Set("Upgrade", "echo")
			}
			inner := c.server.Client().Transport
			var bare io.ReadCloser
			resp, err := httpclient.NewTransport(scripted(func(req *http.Request) (*http.Response, error) {
				resp, err := inner.RoundTrip(req)
				if err == nil {
					bare = resp.Body
				}
				return resp, err
			})).RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.Body != bare {
				t.Errorf("body is a %T, want the transport's own %T", resp.Body, bare)
			}
			tx.End()
			entries := ledger.One().Entries
			if len(entries) != 1 || entries[0].Open || entries[0].Status != c.status {
				t.Errorf("entries = %+v, want one that ended with status %d", entries, c.status)
			}
		})
	}
}

type conversation struct{ io.ReadWriter }

func (conversation) Close() error { return nil }

// A base of the program's own may answer 200 to a CONNECT, and hand over the connection.
func TestWritableBodyIsTheProgramsOwn(t *testing.T) {
	ctx, _ := transactiontest.New(t)
	tx := begin(ctx)
	defer tx.End()
	want := conversation{}
	resp, err := httpclient.NewTransport(scripted(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: want}, nil
	})).RoundTrip(request(t, tx))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.Body != want {
		t.Errorf("body is a %T, want a %T", resp.Body, want)
	}
}
