package workload

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Load calls a program's handler directly, each client one request after the other.
type Load struct {
	// Program is what is called.
	Program *Program
	// Clients is the number of goroutines that call at the same time.
	Clients int
	// Cancelable gives each request a context of its own that is canceled when the request is over,
	// as net/http's server does. database/sql then runs a goroutine for each open result.
	Cancelable bool
	// Cold empties the processor's caches before each request, as a server's are when the kernel, the database driver and
	// other programs have run in between. Emptying them is counted as well, for all contestants alike.
	Cold bool
}

// batch is how many requests a client makes between two looks at the clock.
const batch = 64

// For calls until d is over and returns the number of requests made. It returns an error if one
// was not answered with 200.
func (l Load) For(d time.Duration) (int64, error) {
	var stop atomic.Bool
	timer := time.AfterFunc(d, func() { stop.Store(true) })
	defer timer.Stop()
	return l.run(func() bool { return !stop.Load() })
}

// Times makes at least n requests, rounded up to whole batches, and returns the number made. It
// returns an error if one was not answered with 200.
func (l Load) Times(n int64) (int64, error) {
	var made atomic.Int64
	return l.run(func() bool { return made.Add(batch) <= n+batch-1 })
}

func (l Load) run(more func() bool) (int64, error) {
	var (
		total  atomic.Int64
		failed atomic.Int64
		wait   sync.WaitGroup
	)
	for client := range l.Clients {
		wait.Go(func() {
			n, bad := l.client(client, more)
			total.Add(n)
			failed.Add(bad)
		})
	}
	wait.Wait()
	if n := failed.Load(); n > 0 {
		return total.Load(), fmt.Errorf("workload: %d of %d requests failed", n, total.Load())
	}
	return total.Load(), nil
}

// client is one caller. Callers begin at different routes and go around.
func (l Load) client(number int, more func() bool) (made, failed int64) {
	routes := l.Program.routes
	next := number * len(routes) / l.Clients
	w := newWriter()
	var caches caches
	if l.Cold {
		caches = newCaches()
	}
	for more() {
		for range batch {
			w.reset()
			caches.empty()
			l.request(w, routes[next%len(routes)].request)
			next++
			if w.status != http.StatusOK || w.size != int64(len(responseBody)) {
				failed++
			}
		}
		made += batch
	}
	return made, failed
}

func (l Load) request(w *writer, template *http.Request) {
	// The mux writes the pattern and the path values into the request, and an agent may keep it:
	// each call gets a copy.
	if !l.Cancelable {
		r := new(http.Request)
		*r = *template
		l.Program.handler.ServeHTTP(w, r)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	l.Program.handler.ServeHTTP(w, template.WithContext(ctx))
	cancel()
}
