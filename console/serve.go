package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/daybook-apm/daybook/apm"
)

// Path is where [Serve] serves the console, and where a program would mount [Handler].
const Path = "/debug/apm/"

// shutdownTimeout is how long [Serve] waits for requests in flight when its context ends.
const shutdownTimeout = time.Second

// Serve serves the console at [Path] of a listener of its own until ctx is done, and then returns nil. addr is a loopback address with
// a port, such as "127.0.0.1:6161", or "unix:" and the path of a socket, which it creates and removes; with [WithAuth] any
// address. It logs the URL to slog.Default(). Any other address and a listener that fails are errors.
func Serve(ctx context.Context, addr string, agent *apm.Agent, opts ...Option) error {
	network, address := "tcp", addr
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		network, address = "unix", path
	} else if newConfig(opts).auth == nil && !isLoopbackAddress(addr) {
		return fmt.Errorf("console: serve: %q is no loopback address and no Unix socket; other machines may see the console only with WithAuth", addr)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, network, address)
	if err != nil {
		return fmt.Errorf("console: serve: %w", err)
	}
	mux := http.NewServeMux()
	c := newConsole(agent, opts)
	mux.Handle(Path, c)
	mux.HandleFunc("/{$}", c.redirect)
	server := &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       time.Minute,
		WriteTimeout:      30 * time.Second,
		MaxHeaderBytes:    16 << 10,
	}
	slog.InfoContext(ctx, "daybook: console", slog.String("url", published(network, listener.Addr())))

	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		if server.Shutdown(wait) != nil {
			_ = server.Close() // What did not end in time is cut off.
		}
	})
	err = server.Serve(listener)
	if !stop() {
		<-stopped
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("console: serve: %w", err)
	}
	return nil
}

// isLoopbackAddress reports whether addr has a loopback host. An empty host is every address of the machine.
func isLoopbackAddress(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	return err == nil && isLoopbackHost(host)
}

// redirect leads from the root of the listener to the console, those that may see it.
func (c *console) redirect(w http.ResponseWriter, r *http.Request) {
	if !c.allowed(r) {
		http.NotFound(w, r)
		return
	}
	http.Redirect(w, r, Path, http.StatusFound)
}

// published is the URL under which a browser on this machine finds the console.
func published(network string, addr net.Addr) string {
	if network == "unix" {
		return "unix:" + addr.String()
	}
	if a, err := netip.ParseAddrPort(addr.String()); err == nil && a.Addr().IsUnspecified() {
		return fmt.Sprintf("http://localhost:%d%s", a.Port(), Path)
	}
	return "http://" + addr.String() + Path
}
