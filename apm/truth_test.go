package apm_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/apm/apmtest"
	"github.com/daybook-apm/daybook/httpclient"
	daybookhttp "github.com/daybook-apm/daybook/middleware"
	"github.com/daybook-apm/daybook/sqltrace"
)

const ms = time.Millisecond

// service is a small API whose handlers take known times, instrumented as every program is.
type service struct {
	handler http.Handler
	db      *sql.DB
	client  *http.Client
}

func newService(t *testing.T) *service {
	s := &service{
		db:     sqltrace.OpenDB(sleepDriver{}),
		client: &http.Client{Transport: httpclient.NewTransport(sleepTransport{})},
	}
	t.Cleanup(func() { s.db.Close() })
	mux := http.NewServeMux()
	mux.HandleFunc("GET /photos/{id}", func(w http.ResponseWriter, r *http.Request) {
		s.query(r.Context(), "SELECT wait=20ms rows=3 each=2ms")
		time.Sleep(7 * ms)
	})
	mux.HandleFunc("POST /likes", func(w http.ResponseWriter, r *http.Request) {
		tx, _ := s.db.BeginTx(r.Context(), nil)
		tx.ExecContext(r.Context(), "INSERT wait=9ms")
		tx.Commit()
		w.WriteHeader(http.StatusCreated)
	})
	mux.HandleFunc("POST /signin", func(w http.ResponseWriter, r *http.Request) {
		s.call(r.Context(), 30*ms)
		time.Sleep(ms)
	})
	mux.HandleFunc("GET /parallel", func(w http.ResponseWriter, r *http.Request) {
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() { s.query(r.Context(), "SELECT wait=50ms") })
		}
		wg.Go(func() { s.call(r.Context(), 10*ms) })
		wg.Wait()
	})
	mux.HandleFunc("GET /panic", func(w http.ResponseWriter, r *http.Request) {
		s.query(r.Context(), "SELECT wait=4ms")
		panic("known")
	})
	mux.HandleFunc("GET /abort", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(3 * ms)
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("GET /render", func(w http.ResponseWriter, r *http.Request) {
		ctx, segment := apm.StartSegment(r.Context(), "template")
		time.Sleep(6 * ms)
		s.query(ctx, "SELECT wait=2ms")
		segment.End()
		w.WriteHeader(http.StatusNotFound)
	})
	s.handler = daybookhttp.New()(mux)
	return s
}

func (s *service) query(ctx context.Context, query string) {
	began := time.Now()
	rows, err := s.db.QueryContext(ctx, query)
	measure(ctx, "sql", began)
	if err != nil {
		return
	}
	defer rows.Close()
	for {
		began = time.Now()
		next := rows.Next()
		measure(ctx, "fetch", began)
		if !next {
			return
		}
		var a int
		rows.Scan(&a)
		time.Sleep(5 * ms) // The caller's own time between rows.
	}
}

// measurements are what the handlers of one endpoint measured by themselves.
type measurements struct {
	mu    sync.Mutex
	spent map[string]time.Duration
}

type measurementsKey struct{}

func measure(ctx context.Context, phase string, began time.Time) {
	if m, ok := ctx.Value(measurementsKey{}).(*measurements); ok {
		m.mu.Lock()
		m.spent[phase] += time.Since(began)
		m.mu.Unlock()
	}
}

func (s *service) call(ctx context.Context, d time.Duration) {
	r, _ := http.NewRequestWithContext(ctx, "GET", "http://idp.example/"+d.String(), nil)
	began := time.Now()
	resp, err := s.client.Do(r)
	measure(ctx, "external", began)
	if err != nil {
		return
	}
	defer resp.Body.Close()
	time.Sleep(8 * ms) // The body is open, and the caller does something else.
	began = time.Now()
	io.ReadAll(resp.Body)
	measure(ctx, "external", began)
}

// serve sends one request and survives what the handler panics with.
func (s *service) serve(ctx context.Context, method, path string) {
	defer func() { recover() }()
	s.handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, method, path, nil))
}

// figures are the parts of an endpoint's account that the truth tests compare.
type figures struct {
	Calls, Failures, ClientErrors, Canceled   uint64
	SQLCalls, ExternalCalls, SegmentCalls     uint64
	Total, SQL, Fetch, External, Segment, App time.Duration
}

func figuresOf(e apm.EndpointStats) figures {
	return figures{
		e.Calls, e.Failures, e.ClientErrors, e.Canceled,
		e.SQLCalls, e.ExternalCalls, e.SegmentCalls,
		e.Duration.Total, e.SQL, e.Fetch, e.External, e.Segment, e.App,
	}
}

// truth is what one call of each endpoint of the service must come to.
var truth = map[string]figures{
	"GET /photos/{id}": {Calls: 1, SQLCalls: 1, Total: 48 * ms, SQL: 20 * ms, Fetch: 6 * ms, App: 22 * ms},
	"POST /likes":      {Calls: 1, SQLCalls: 1, Total: 12 * ms, SQL: 12 * ms},
	"POST /signin":     {Calls: 1, ExternalCalls: 1, Total: 69 * ms, External: 60 * ms, App: 9 * ms},
	// External is 0–10 and 18–28, the rest up to 50 is SQL.
	"GET /parallel": {Calls: 1, SQLCalls: 2, ExternalCalls: 1, Total: 50 * ms, SQL: 30 * ms, External: 20 * ms},
	"GET /panic":    {Calls: 1, Failures: 1, SQLCalls: 1, Total: 4 * ms, SQL: 4 * ms},
	"GET /abort":    {Calls: 1, Canceled: 1, Total: 3 * ms, App: 3 * ms},
	"GET /render":   {Calls: 1, ClientErrors: 1, SQLCalls: 1, SegmentCalls: 1, Total: 8 * ms, SQL: 2 * ms, Segment: 6 * ms},
}

// paths are the requests behind the endpoints of truth.
var paths = map[string][2]string{
	"GET /photos/{id}": {"GET", "/photos/7"},
	"POST /likes":      {"POST", "/likes"},
	"POST /signin":     {"POST", "/signin"},
	"GET /parallel":    {"GET", "/parallel"},
	"GET /panic":       {"GET", "/panic"},
	"GET /abort":       {"GET", "/abort"},
	"GET /render":      {"GET", "/render"},
}

// TestTruth holds the whole library, from the request to the snapshot, against known times: every figure is exact.
func TestTruth(t *testing.T) {
	for endpoint, want := range truth {
		t.Run(endpoint, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, recorder := apmtest.New(t)
				s := newService(t)
				s.serve(ctx, paths[endpoint][0], paths[endpoint][1])
				var got figures
				for _, e := range recorder.Snapshot().Endpoints {
					if e.Method+" "+e.Route != endpoint {
						t.Errorf("unexpected endpoint %q %q", e.Method, e.Route)
						continue
					}
					got = figuresOf(e)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("figures (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestTruthUnderLoad runs the same on the real clock, side by side: counts are exact, phases add up, and agree with what
// the handlers themselves measured.
func TestTruthUnderLoad(t *testing.T) {
	ctx, recorder := apmtest.New(t)
	s := newService(t)
	measured := map[string]*measurements{}
	for endpoint := range truth {
		measured[endpoint] = &measurements{spent: map[string]time.Duration{}}
	}
	const goroutines, rounds = 8, 5
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for range rounds {
				for endpoint, p := range paths {
					s.serve(context.WithValue(ctx, measurementsKey{}, measured[endpoint]), p[0], p[1])
				}
			}
		})
	}
	wg.Wait()
	snapshot := recorder.Snapshot()
	if len(snapshot.Endpoints) != len(truth) {
		t.Errorf("%d endpoints, want %d", len(snapshot.Endpoints), len(truth))
	}
	const n = goroutines * rounds
	for _, e := range snapshot.Endpoints {
		name := fmt.Sprintf("%s %s", e.Method, e.Route)
		want := truth[name]
		got := figuresOf(e)
		if got.Calls != n || got.Failures != n*want.Failures || got.ClientErrors != n*want.ClientErrors ||
			got.Canceled != n*want.Canceled || got.SQLCalls != n*want.SQLCalls ||
			got.ExternalCalls != n*want.ExternalCalls || got.SegmentCalls != n*want.SegmentCalls {
			t.Errorf("%s: counts %+v, want %d times %+v", name, got, n, want)
		}
		if sum := got.SQL + got.Fetch + got.External + got.Segment + got.App; sum != got.Total {
			t.Errorf("%s: phases add up to %v, want %v", name, sum, got.Total)
		}
		if name == "GET /parallel" || name == "POST /likes" {
			continue // One handler's goroutines overlap, the other's SQL transaction is not measured.
		}
		for phase, got := range map[string]time.Duration{"sql": got.SQL, "fetch": got.Fetch, "external": got.External} {
			want := measured[name].spent[phase]
			if off := (got - want).Abs(); off > max(want*3/100, n*2*ms) {
				t.Errorf("%s: %s is %v, the handler measured %v", name, phase, got, want)
			}
		}
	}
}
