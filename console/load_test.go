//go:build linux && !race

// The race detector makes everything dear, but not everything alike.

package console_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/apm/apmtest"
	"github.com/daybook-apm/daybook/console"
	daybookhttp "github.com/daybook-apm/daybook/middleware"
)

const (
	hostRate   = 800 // Requests a second.
	hostRoutes = 50
	// hostPart is the part of all processors that the host uses for its own work; what it takes to serve it comes on top.
	hostPart = 0.4
	crowd    = 1000
	// loadWindow is as long as somebody waits who gets no page: in it the whole crowd is told so once.
	loadWindow = console.MaxWait
	// loadSettles is what is left out at the begin of a window: connections are made, and the credit is spent (half a second of a processor, once).
	loadSettles = 2 * time.Second
	loadPairs   = 3

	loadLimit = 1.03
	// loadNoise is what is allowed on top. Windows in which nobody asks differ by as much from each other on a shared machine with two
	// processors, because the others on it are busy or not; the median of three pairs by less. Without the turns the ratio is about 2.
	loadNoise = 0.03
)

// TestLoad bounds what a thousand who ask the console without end add to the CPU time of each request of the service
// that it is a part of.
//
// The host is this process: an instrumented server, which gets 800 requests a second for 50 endpoints, whatever happens, and uses
// about half of the processors. Its CPU time, user and system, is read before and after a window, and divided by the
// requests that it has served. In every other window a thousand connections ask the console on the same server: all
// pages in all forms, in two languages and for three windows, and the API. Each asks again as soon as it has its answer, so
// that a thousand requests are in flight all the time. Those who ask are other processes, so that only the host is measured. The
// windows take turns, each pair is compared for itself, and the median of the pairs counts: the machine is never quiet.
// A first try that fails may have met a disturbance; two do not.
func TestLoad(t *testing.T) {
	if role := roles[os.Getenv(roleVariable)]; role != nil {
		role(t, "http://"+os.Getenv(addrVariable))
		return
	}
	if testing.Short() {
		t.Skip("takes a minute")
	}
	h := startHost(t)
	start(t, "load", h.addr)
	asking := start(t, "crowd", h.addr)
	for try := range 2 {
		ratio := h.compare(t, asking)
		if ratio <= loadLimit+loadNoise {
			return
		}
		t.Logf("try %d: a request takes %.3f times as much while %d ask the console", try+1, ratio, crowd)
	}
	t.Errorf("want at most %.2f, and %.2f for noise", loadLimit, loadNoise)
}

// compare returns how much more a request takes while the crowd asks.
func (h *host) compare(t *testing.T, asking *process) float64 {
	var ratios []float64
	for range loadPairs {
		time.Sleep(loadSettles)
		alone := h.measure(t)
		asking.tell(t, "ask")
		time.Sleep(loadSettles)
		asked := h.measure(t)
		ratios = append(ratios, asked/alone)
		t.Logf("%.0f and %.0f µs a request, %.3f; %s", alone, asked, asked/alone, asking.tell(t, "rest"))
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}

// host is the service that the console is a part of.
type host struct {
	addr   string
	served atomic.Int64
}

func startHost(t *testing.T) *host {
	ctx, recorder := apmtest.New(t, apm.WithSampleRatio(0))
	h := &host{}
	busy := calibrate()
	mux := http.NewServeMux()
	for i := range hostRoutes {
		mux.HandleFunc(fmt.Sprintf("GET /route/%d", i), func(w http.ResponseWriter, r *http.Request) {
			statement(r.Context(), fmt.Sprintf("SELECT a FROM t%d", i), 0, nil)
			sum := busy()
			h.served.Add(1)
			_, _ = w.Write(sum[:])
		})
	}
	root := http.NewServeMux()
	root.Handle("/", daybookhttp.New()(mux))
	root.Handle(console.Path, console.Handler(recorder.Agent))
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.addr = listener.Addr().String()
	server := &http.Server{Handler: root, BaseContext: func(net.Listener) context.Context { return ctx }}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // It is closed below.
	}()
	t.Cleanup(func() {
		_ = server.Shutdown(context.WithoutCancel(ctx))
		<-done
	})
	return h
}

// calibrate returns work that takes so long that the host is as busy as it is meant to be, on any machine.
func calibrate() func() [sha256.Size]byte {
	block := make([]byte, 10_000)
	const tries = 2000
	began := time.Now()
	for range tries {
		sha256.Sum256(block)
	}
	each := time.Since(began) / tries
	n := int(hostPart * float64(runtime.GOMAXPROCS(0)) / hostRate * float64(time.Second) / float64(each))
	return func() (sum [sha256.Size]byte) {
		for range n {
			sum = sha256.Sum256(block)
		}
		return sum
	}
}

// measure returns the CPU time of a request in a window, in µs.
func (h *host) measure(t *testing.T) float64 {
	spent, served := cpuTime(t), h.served.Load()
	time.Sleep(loadWindow)
	n := h.served.Load() - served
	if want := int64(hostRate * loadWindow.Seconds()); n < want*9/10 {
		t.Logf("only %d of %d requests were served: the machine is too busy to tell much", n, want)
	}
	return float64((cpuTime(t) - spent).Microseconds()) / float64(max(1, n))
}

func cpuTime(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

const (
	roleVariable = "DAYBOOK_TEST_ROLE"
	addrVariable = "DAYBOOK_TEST_ADDR"
)

// roles are what this program does as another process, until its standard input ends.
var roles = map[string]func(*testing.T, string){"load": sendLoad, "crowd": askConsole}

// process is this program in one of its roles.
type process struct {
	in  io.Writer
	out *bufio.Reader
}

func start(t *testing.T, role, addr string) *process {
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0], "-test.run=^TestLoad$")
	cmd.Env = append(os.Environ(), roleVariable+"="+role, addrVariable+"="+addr)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_, _ = io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v", role, err)
		}
	})
	return &process{in, bufio.NewReader(out)}
}

// tell sends a word and returns the answer.
func (p *process) tell(t *testing.T, word string) string {
	if _, err := fmt.Fprintln(p.in, word); err != nil {
		t.Fatal(err)
	}
	line, err := p.out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return line[:len(line)-1]
}

// sendLoad sends requests at a fixed rate. A connection that comes late does not hurry afterwards.
func sendLoad(_ *testing.T, base string) {
	const connections = 20
	const interval = connections * time.Second / hostRate
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for c := range connections {
		wg.Go(func() {
			next := time.Now().Add(time.Duration(c) * interval / connections)
			for i := c; ctx.Err() == nil; i += 7 {
				time.Sleep(time.Until(next))
				if next = next.Add(interval); time.Until(next) < 0 {
					next = time.Now()
				}
				_, _ = fetch(ctx, client, fmt.Sprintf("%s/route/%d", base, i%hostRoutes))
			}
		})
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	cancel()
	wg.Wait()
	client.CloseIdleConnections()
}

// askConsole is the crowd. It says afterwards how many answers of each status it got.
func askConsole(_ *testing.T, base string) {
	targets := everyPage()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: crowd}}
	words := bufio.NewScanner(os.Stdin)
	for words.Scan() {
		ctx, cancel := context.WithCancel(context.Background())
		var mu sync.Mutex
		answers := map[int]int{}
		var wg sync.WaitGroup
		for i := range crowd {
			wg.Go(func() {
				for j := i; ctx.Err() == nil; j += 7 {
					status, err := fetch(ctx, client, base+console.Path+targets[j%len(targets)])
					if err == nil {
						mu.Lock()
						answers[status]++
						mu.Unlock()
					}
				}
			})
		}
		fmt.Fprintln(os.Stdout, "asking")
		words.Scan()
		cancel()
		wg.Wait()
		client.CloseIdleConnections()
		fmt.Fprintln(os.Stdout, "answers by status:", answers)
	}
}

func fetch(ctx context.Context, client *http.Client, url string) (status int, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	resp, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}
