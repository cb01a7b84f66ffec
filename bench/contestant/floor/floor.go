package floor

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/daybook-apm/daybook/bench"
)

// Contestants returns the floor.
func Contestants() []bench.Contestant {
	return []bench.Contestant{{Name: "floor", Start: func(bench.Config) (bench.Agent, error) { return &agent{}, nil }}}
}

type agent struct {
	mu       sync.Mutex
	accounts []*account
}

// account is what is known of one endpoint.
type account struct {
	requests, time   atomic.Int64
	statements, sql  atomic.Int64
	fetch            atomic.Int64
	calls, external  atomic.Int64
	slowest, squares atomic.Int64
}

// request is one request's entry, and the context that carries it.
type request struct {
	context.Context
	statements, sql atomic.Int64
	fetch           atomic.Int64
	calls, external atomic.Int64
}

type contextKey struct{}

func (r *request) Value(key any) any {
	if key == (contextKey{}) {
		return r
	}
	return r.Context.Value(key)
}

func fromContext(ctx context.Context) *request {
	r, _ := ctx.Value(contextKey{}).(*request)
	return r
}

func (a *agent) Route(_ string, h http.Handler) http.Handler {
	acc := new(account)
	a.mu.Lock()
	a.accounts = append(a.accounts, acc)
	a.mu.Unlock()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		entry := &request{Context: r.Context()}
		h.ServeHTTP(w, r.WithContext(entry))
		acc.post(entry, int64(time.Since(start)))
	})
}

func (a *account) post(r *request, elapsed int64) {
	a.requests.Add(1)
	a.time.Add(elapsed)
	a.squares.Add(elapsed * elapsed)
	if elapsed > a.slowest.Load() {
		a.slowest.Store(elapsed)
	}
	if n := r.statements.Load(); n > 0 {
		a.statements.Add(n)
		a.sql.Add(r.sql.Load())
		a.fetch.Add(r.fetch.Load())
	}
	if n := r.calls.Load(); n > 0 {
		a.calls.Add(n)
		a.external.Add(r.external.Load())
	}
}

func (*agent) Server(mux *http.ServeMux) http.Handler { return mux }

func (*agent) Transport(next http.RoundTripper) http.RoundTripper { return transport{next} }

func (*agent) DB(c driver.Connector) (*sql.DB, error) { return sql.OpenDB(connector{c}), nil }

func (*agent) Flush(context.Context) error { return nil }

func (*agent) Close(context.Context) error { return nil }

func (a *agent) Recorded() bench.Records {
	a.mu.Lock()
	defer a.mu.Unlock()
	var sum bench.Records
	for _, acc := range a.accounts {
		sum.Requests += acc.requests.Load()
		sum.Statements += acc.statements.Load()
		sum.Calls += acc.calls.Load()
	}
	return sum
}
