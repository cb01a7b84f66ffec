package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// How often the identity provider fails: it answers every twentieth question with 503 and every fiftieth not in time.
const (
	providerFails = 20
	providerHangs = 50
)

// startProvider starts an identity provider as one knows them: it takes some 200 ms, and now and then it fails. It
// listens on a free port of the loopback, which is the returned server's Addr, until that server is closed.
func startProvider(ctx context.Context) (*http.Server, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /userinfo", new(provider))
	server := &http.Server{Addr: listener.Addr().String(), Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }() // It ends with Close, and that is all its error says.
	return server, nil
}

// provider tells whom a token belongs to: token-17 to user 17.
type provider struct {
	asked atomic.Int64
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	delay := 150*time.Millisecond + rand.N(100*time.Millisecond)
	n := p.asked.Add(1)
	if n%providerHangs == 0 {
		delay = time.Minute
	}
	select {
	case <-time.After(delay):
	case <-r.Context().Done():
		return
	}
	if n%providerFails == 0 {
		http.Error(w, "try again later", http.StatusServiceUnavailable)
		return
	}
	user, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer token-")
	if !ok {
		http.Error(w, "unknown token", http.StatusUnauthorized)
		return
	}
	fmt.Fprintf(w, `{"user":%s}`, user)
}
