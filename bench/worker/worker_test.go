package worker_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/daybook-apm/daybook/bench/contestant/floor"
	"github.com/daybook-apm/daybook/bench/worker"
	"github.com/daybook-apm/daybook/bench/workload"
)

const beWorker = "BENCH_TEST_BE_WORKER"

// TestMain lets the test program be the worker that the tests start.
func TestMain(m *testing.M) {
	if os.Getenv(beWorker) != "" {
		worker.Main(floor.Contestants())
		return
	}
	os.Exit(m.Run())
}

func command(t *testing.T, task worker.Task) *exec.Cmd {
	t.Helper()
	arg, err := json.Marshal(task)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], string(arg))
	cmd.Env = append(os.Environ(), beWorker+"=1")
	cmd.Stderr = os.Stderr
	return cmd
}

func run(t *testing.T, task worker.Task) worker.Result {
	t.Helper()
	output, err := command(t, task).Output()
	if err != nil {
		t.Fatalf("worker %+v: %v", task, err)
	}
	return decode(t, output)
}

func decode(t *testing.T, line []byte) worker.Result {
	t.Helper()
	var result worker.Result
	if err := json.Unmarshal(line, &result); err != nil {
		t.Fatalf("result %q: %v", line, err)
	}
	return result
}

func TestLoad(t *testing.T) {
	got := run(t, worker.Task{
		Contestant: "floor", Mode: worker.ModeLoad, Kind: workload.Full, Routes: 3, Clients: 1,
		Warm: 5 * time.Millisecond, Measure: 50 * time.Millisecond,
	})
	if got.Requests <= 0 || got.Made <= got.Requests {
		t.Errorf("measured %d requests of %d, want some, and some more to warm up", got.Requests, got.Made)
	}
	if got.Recorded != got.Made {
		t.Errorf("recorded %d requests of %d", got.Recorded, got.Made)
	}
	if got.CPU <= 0 || got.CPU > 10*got.Wall {
		t.Errorf("CPU time %v in %v", got.CPU, got.Wall)
	}
	if perRequest := float64(got.Allocations) / float64(got.Requests); perRequest < 10 || perRequest > 100 {
		t.Errorf("%.1f allocations a request", perRequest)
	}
}

func TestHeap(t *testing.T) {
	got := run(t, worker.Task{
		Contestant: "floor", Mode: worker.ModeHeap, Kind: workload.Full, Routes: 3, Clients: 2, Requests: 100,
	})
	if got.Made != 128 {
		t.Errorf("made %d requests, want 128", got.Made)
	}
	if got.Heap == 0 || got.Heap > 16<<20 {
		t.Errorf("live heap of %d bytes", got.Heap)
	}
}

func TestServe(t *testing.T) {
	cmd := command(t, worker.Task{Contestant: "floor", Mode: worker.ModeServe})
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out := bufio.NewReader(stdout)
	read := func() worker.Result {
		line, err := out.ReadBytes('\n')
		if err != nil {
			t.Fatal(err)
		}
		return decode(t, line)
	}
	address := read().Address
	for range 3 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/customers/7", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if want := []byte(`{"name":"customer 7"}`); err != nil || !bytes.Equal(body, want) {
			t.Errorf("body %q, error %v, want %q", body, err, want)
		}
	}
	if _, err := io.WriteString(in, "mark\n"); err != nil {
		t.Fatal(err)
	}
	if got := read(); got.Requests != 3 || got.CPU <= 0 {
		t.Errorf("mark: %d requests and %v of CPU time, want 3 and some", got.Requests, got.CPU)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
}
