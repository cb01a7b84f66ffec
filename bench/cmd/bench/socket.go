package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/daybook-apm/daybook/bench/worker"
)

// sockets holds what was measured of servers on real sockets, one value a round.
type sockets struct {
	rate map[string]sample // requests a second
	p99  map[string]sample // milliseconds
	cpu  map[string]sample // the server's, microseconds a request
}

// socketClients is how many connections ask, each one request after the other.
const socketClients = 8

// measureSockets starts a server for each contestant and lets them take turns. If profiles is not empty, the servers of the
// last start leave CPU profiles in that directory.
func measureSockets(ctx context.Context, p plan, built programs, all []contestant, profiles string, log *progress) (sockets, error) {
	all = append(filter(all, func(c contestant) bool { return c.serves }), yardstick)
	s := sockets{rate: map[string]sample{}, p99: map[string]sample{}, cpu: map[string]sample{}}
	for start := range p.socketStarts {
		log.printf("sockets, start %d of %d: %d rounds", start+1, p.socketStarts, p.socketRounds)
		if start < p.socketStarts-1 {
			profiles = ""
		}
		if err := s.measure(ctx, p, built, all, profiles); err != nil {
			return sockets{}, fmt.Errorf("sockets: %w", err)
		}
	}
	return s, nil
}

func (s sockets) measure(ctx context.Context, p plan, built programs, all []contestant, profiles string) error {
	servers := make([]*server, len(all))
	for i, c := range all {
		task := worker.Task{Mode: worker.ModeServe}
		if profiles != "" {
			task.CPUProfile = filepath.Join(profiles, "sockets."+c.name+".pprof")
		}
		srv, err := startServer(ctx, built, c, task)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		defer srv.kill()
		servers[i] = srv
		if _, err := ask(ctx, srv.address, p.socketWarm); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	for range p.socketRounds {
		for _, i := range rand.Perm(len(all)) {
			if err := s.turn(ctx, p, servers[i], all[i].name); err != nil {
				return fmt.Errorf("%s: %w", all[i].name, err)
			}
		}
	}
	for i, srv := range servers {
		if err := srv.stop(); err != nil {
			return fmt.Errorf("%s: %w", all[i].name, err)
		}
	}
	return nil
}

// turn measures one server for a while.
func (s sockets) turn(ctx context.Context, p plan, srv *server, name string) error {
	if _, err := srv.mark(); err != nil {
		return err
	}
	latencies, err := ask(ctx, srv.address, p.socketMeasure)
	if err != nil {
		return err
	}
	result, err := srv.mark()
	if err != nil {
		return err
	}
	slices.Sort(latencies)
	s.rate[name] = append(s.rate[name], float64(result.Requests)/result.Wall.Seconds())
	s.p99[name] = append(s.p99[name], latencies[len(latencies)*99/100].Seconds()*1e3)
	s.cpu[name] = append(s.cpu[name], result.CPU.Seconds()*1e6/float64(result.Requests))
	return nil
}

// server is a worker that serves until its input ends.
type server struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	address string
}

func startServer(ctx context.Context, built programs, c contestant, task worker.Task) (*server, error) {
	cmd, err := built.command(ctx, c, task, 0)
	if err != nil {
		return nil, err
	}
	cmd.Stderr = os.Stderr
	s := &server{cmd: cmd}
	if s.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.out = bufio.NewReader(out)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	result, err := s.read()
	if err != nil {
		s.kill()
		return nil, err
	}
	s.address = result.Address
	return s, nil
}

// mark returns what the server has used since the mark before.
func (s *server) mark() (worker.Result, error) {
	if _, err := io.WriteString(s.in, "mark\n"); err != nil {
		return worker.Result{}, err
	}
	return s.read()
}

func (s *server) read() (worker.Result, error) {
	var result worker.Result
	line, err := s.out.ReadBytes('\n')
	if err != nil {
		return result, err
	}
	return result, json.Unmarshal(line, &result)
}

// stop ends the input and waits for the server.
func (s *server) stop() error { return errors.Join(s.in.Close(), s.cmd.Wait()) }

// kill ends the process if stop has not.
func (s *server) kill() {
	if s.cmd.ProcessState == nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait() // says no more than that it was killed
	}
}

// ask asks a server for customers until d is over and returns how long each answer took.
func ask(ctx context.Context, address string, d time.Duration) ([]time.Duration, error) {
	transport := &http.Transport{MaxIdleConnsPerHost: socketClients}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	end := time.Now().Add(d)
	var (
		wait   sync.WaitGroup
		mu     sync.Mutex
		all    []time.Duration
		failed error
	)
	for number := range socketClients {
		wait.Go(func() {
			var took []time.Duration
			var err error
			for i := number; err == nil && time.Now().Before(end); i++ {
				var t time.Duration
				t, err = askOnce(ctx, client, fmt.Sprintf("http://%s/customers/%d", address, i%1000+1))
				took = append(took, t)
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, took...)
			failed = errors.Join(failed, err)
		})
	}
	wait.Wait()
	if failed == nil && len(all) == 0 {
		failed = errors.New("no request was answered")
	}
	return all, failed
}

func askOnce(ctx context.Context, client *http.Client, url string) (time.Duration, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	start := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	body, err := io.ReadAll(resp.Body)
	took := time.Since(start)
	resp.Body.Close()
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", url, resp.Status, bytes.TrimSpace(body))
	}
	return took, err
}
