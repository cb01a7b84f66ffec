package exporter_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daybook-apm/daybook/exporter"
)

// refuse is what a dialer returns if nobody listens.
var refuse = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}

// answer serves one request of a connection with 200 and sends its body to bodies.
func answer(conn net.Conn, bodies chan<- string) {
	defer conn.Close()
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	body, _ := io.ReadAll(r.Body)
	bodies <- string(body)
	io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

func TestTransportTriesAgainUntilConnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bodies := make(chan string, 1)
		up := time.Now().Add(5 * time.Second)
		rt, retries := exporter.NewTransport(func(context.Context, string, string) (net.Conn, error) {
			if time.Now().Before(up) {
				return nil, refuse
			}
			here, there := net.Pipe()
			go answer(there, bodies)
			return here, nil
		})
		client := &http.Client{Transport: rt, Timeout: 10 * time.Second}
		response, err := client.Post("http://collector:4318/v1/traces", "application/x-protobuf", strings.NewReader("spans"))
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if got := <-bodies; got != "spans" {
			t.Errorf("body %q, want it whole", got)
		}
		// Pauses of 100 ms, 200 ms, … 2 s, each varied by half: not too eager, not too late.
		if n := retries(); n < 4 || n > 12 {
			t.Errorf("%d retries in 5 s, want about 6", n)
		}
		if late := time.Since(up); late > 3*time.Second {
			t.Errorf("reached %v after the receiver came up, want at most 3s", late)
		}
		client.CloseIdleConnections()
	})
}

func TestTransportGivesUpInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rt, _ := exporter.NewTransport(func(context.Context, string, string) (net.Conn, error) { return nil, refuse })
		client := &http.Client{Transport: rt, Timeout: 10 * time.Second}
		begin := time.Now()
		resp, err := client.Post("http://collector:4318/v1/traces", "application/x-protobuf", strings.NewReader("spans"))
		if err == nil {
			resp.Body.Close()
		}
		if !errors.Is(err, syscall.ECONNREFUSED) && (err == nil || !strings.Contains(err.Error(), "connection refused")) {
			t.Errorf("error %v, want one that says why", err)
		}
		if got := time.Since(begin); got != 10*time.Second {
			t.Errorf("gave up after %v, want the timeout", got)
		}
	})
}

// TestTransportRepeatsNothingThatMayHaveArrived: only a request that was never sent is sent again.
func TestTransportRepeatsNothingThatMayHaveArrived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dials := 0
		rt, retries := exporter.NewTransport(func(context.Context, string, string) (net.Conn, error) {
			dials++
			here, there := net.Pipe()
			go func() {
				http.ReadRequest(bufio.NewReader(there))
				there.Close()
			}()
			return here, nil
		})
		client := &http.Client{Transport: rt, Timeout: 10 * time.Second}
		if resp, err := client.Post("http://collector:4318/v1/traces", "", strings.NewReader("spans")); err == nil {
			resp.Body.Close()
			t.Error("no error from a connection that was closed")
		}
		if dials != 1 || retries() != 0 {
			t.Errorf("%d connections, %d retries, want 1 and 0", dials, retries())
		}
	})
}

// TestTransportReplacesABrokenConnection: a connection that was kept open may be closed by the other side at any time.
func TestTransportReplacesABrokenConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bodies := make(chan string, 2)
		dials := 0
		rt, _ := exporter.NewTransport(func(context.Context, string, string) (net.Conn, error) {
			dials++
			here, there := net.Pipe()
			if dials == 2 {
				go answer(there, bodies)
				return here, nil
			}
			go func() {
				defer there.Close()
				in := bufio.NewReader(there)
				r, _ := http.ReadRequest(in)
				body, _ := io.ReadAll(r.Body)
				bodies <- string(body)
				io.WriteString(there, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
				http.ReadRequest(in) // And no answer.
			}()
			return here, nil
		})
		client := &http.Client{Transport: rt, Timeout: 10 * time.Second}
		for _, want := range []string{"first", "second"} {
			response, err := client.Post("http://collector:4318/v1/metrics", "", strings.NewReader(want))
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, response.Body)
			response.Body.Close()
			if got := <-bodies; got != want {
				t.Errorf("body %q, want %q", got, want)
			}
		}
		if dials != 2 {
			t.Errorf("%d connections, want 2", dials)
		}
		client.CloseIdleConnections()
	})
}
