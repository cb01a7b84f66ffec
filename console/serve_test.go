package console_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daybook-apm/daybook/console"
)

// TestServe serves on a Unix socket until it is told to stop.
func TestServe(t *testing.T) {
	t.Parallel()
	s := newService(t)
	dir, err := os.MkdirTemp("", "console") // A socket's path must be short.
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	socket := filepath.Join(dir, "s")
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- console.Serve(ctx, "unix:"+socket, s.agent) }()

	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		for {
			conn, err := d.DialContext(ctx, "unix", socket)
			if err == nil || ctx.Err() != nil {
				return conn, err
			}
			time.Sleep(time.Millisecond) // It begins to listen some time after Serve is called.
		}
	}}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 10 * time.Second}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://anything/", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || resp.Request.URL.Path != console.Path || !strings.Contains(string(body), "<!doctype html>") {
		t.Errorf("%v, %s:\n%s", err, resp.Request.URL, body)
	}
	cancel()
	if err := <-served; err != nil {
		t.Errorf("Serve returns %v", err)
	}
}

// TestServeAddress refuses to show the console to the network by mistake.
func TestServeAddress(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, addr := range []string{":6161", "0.0.0.0:0", "[::]:0", "192.0.2.7:6161", "example.com:80", "6161", ""} {
		if err := console.Serve(t.Context(), addr, s.agent); err == nil || !strings.Contains(err.Error(), "WithAuth") {
			t.Errorf("%q: %v", addr, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := console.Serve(ctx, "0.0.0.0:0", s.agent, console.WithAuth(func(*http.Request) bool { return false })); err != nil {
		t.Errorf("with WithAuth: %v", err)
	}
}
