package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/console"
	"github.com/daybook-apm/daybook/httpclient"
	daybookhttp "github.com/daybook-apm/daybook/middleware"
	"github.com/daybook-apm/daybook/sqltrace"
)

// tableInterval is the time between two printed tables.
const tableInterval = 5 * time.Second

// settings are the command's flags.
type settings struct {
	addr     string
	console  string
	load     int
	duration time.Duration
	json     bool
}

func main() {
	log.SetFlags(0)
	s := parseFlags()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the program at once, whatever the first is still waiting for.
	context.AfterFunc(ctx, stop)
	// To be interrupted while the database is seeded is no failure.
	if err := run(ctx, s); err != nil && !errors.Is(err, context.Canceled) {
		log.Fatalf("quickstart: %v", err)
	}
}

func parseFlags() settings {
	var s settings
	flag.StringVar(&s.addr, "addr", "127.0.0.1:8080", "`address` the API listens on")
	flag.StringVar(&s.console, "console", "127.0.0.1:6161", "`address` of the live page; empty serves none")
	flag.IntVar(&s.load, "load", 100, "requests a second that the built-in load sends; 0 sends none")
	flag.DurationVar(&s.duration, "duration", 0, "print the last table and exit after this time; 0 runs until interrupted")
	flag.BoolVar(&s.json, "json", false, "print only the last table, as JSON")
	flag.Parse()
	if flag.NArg() > 0 || s.load < 0 || s.duration < 0 {
		fmt.Fprintln(flag.CommandLine.Output(), "quickstart takes no arguments; -load and -duration cannot be negative")
		flag.Usage()
		os.Exit(2)
	}
	return s
}

// run serves until ctx is done or the duration is over.
func run(ctx context.Context, s settings) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.addr)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "quickstart-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	dsn := dataSource(filepath.Join(dir, "fans.db"))
	if err := seed(ctx, dsn); err != nil {
		return fmt.Errorf("seed database: %w", err)
	}
	provider, err := startProvider(ctx)
	if err != nil {
		return fmt.Errorf("start identity provider: %w", err)
	}
	defer provider.Close()

	// From here on, five calls are all the instrumentation there is.
	agent, err := apm.Start(ctx) // OTEL_SERVICE_NAME, OTEL_EXPORTER_OTLP_ENDPOINT, … are honoured
	if err != nil {
		return err
	}
	defer shutdown(agent)
	if s.console != "" {
		go func() {
			// The live page is a spectator: the API runs without it.
			if err := console.Serve(ctx, s.console, agent); err != nil {
				log.Printf("quickstart: %v", err)
			}
		}()
	}
	db, err := sqltrace.Open("sqlite", dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	client := &http.Client{Transport: httpclient.NewTransport(nil), Timeout: time.Second}
	api := &api{store: newStore(db), identity: &identity{client: client, url: "http://" + provider.Addr + "/userinfo"}}
	server := &http.Server{Handler: daybookhttp.New()(api.routes()), ReadHeaderTimeout: 5 * time.Second}

	return serve(ctx, s, server, listener, agent)
}

// serve runs the server under the built-in load and prints the tables.
func serve(ctx context.Context, s settings, server *http.Server, listener net.Listener, agent *apm.Agent) error {
	if s.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.duration)
		defer cancel()
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	log.Printf("quickstart: http://%s, load of %d requests a second", listener.Addr(), s.load)

	load := newLoad("http://"+listener.Addr().String(), s.load)
	loaded := make(chan struct{})
	go func() { load.run(ctx); close(loaded) }()

	tick := time.NewTicker(tableInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if s.json {
				continue
			}
			if err := writeTable(os.Stdout, agent.Snapshot(0)); err != nil {
				return err
			}
		case err := <-served:
			return err
		case <-ctx.Done():
			<-loaded
			// Shutdown returns when every request has ended, so that the last table knows them all.
			if err := server.Shutdown(context.Background()); err != nil {
				return err
			}
			if err := <-served; !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			log.Printf("quickstart: load: %s", load)
			if s.json {
				return writeJSON(os.Stdout, agent.Snapshot(0))
			}
			return writeTable(os.Stdout, agent.Snapshot(0))
		}
	}
}

// shutdown delivers what is left. A collector that cannot be reached is worth a line, not a failure.
func shutdown(agent *apm.Agent) {
	if err := agent.Shutdown(context.Background()); err != nil {
		log.Printf("quickstart: shut down agent: %v", err)
	}
}
