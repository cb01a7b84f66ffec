package httpclient_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/daybook-apm/daybook/httpclient"
)

func ExampleNewTransport() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "balance: 1200") }))
	defer srv.Close()

	client := &http.Client{Transport: httpclient.NewTransport(nil)}
	defer client.CloseIdleConnections()
	handler := func(w http.ResponseWriter, r *http.Request) {
		// The context of the request that is served tells which transaction the call belongs to.
		req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, srv.URL, nil)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		resp, err := client.Do(req)
		if err != nil {
			http.Error(w, "billing does not answer", http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		if _, err := io.Copy(w, resp.Body); err != nil {
			log.Print(err)
		}
	}

	w := httptest.NewRecorder()
	handler(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/balance", nil))
	fmt.Println(w.Body)
	// Output: balance: 1200
}

func ExampleWithPropagationTo() {
	// Trace IDs and baggage stay within the company: other hosts are counted and timed all the same.
	client := &http.Client{Transport: httpclient.NewTransport(nil, httpclient.WithPropagationTo(".example.com", "10.0.0.7:8080"))}
	client.CloseIdleConnections()
	// Output:
}

func ExampleWrapDefault() { //nolint:testableexamples // It cannot be undone, and the other tests use the default transport.
	// First thing in main, before anything has made a request. It instruments http.Get and http.DefaultClient.
	if err := httpclient.WrapDefault(); err != nil {
		log.Print(err)
	}
}
