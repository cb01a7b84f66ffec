package workload_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/daybook-apm/daybook/bench"
	"github.com/daybook-apm/daybook/bench/workload"
)

// watcher is an agent that looks at each request and records nothing.
type watcher struct {
	requests, cancelable atomic.Int64
	fail                 bool
}

func (w *watcher) Route(_ string, h http.Handler) http.Handler { return h }

func (w *watcher) Server(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.requests.Add(1)
		if r.Context().Done() != nil {
			w.cancelable.Add(1)
		}
		if w.fail {
			rw.WriteHeader(http.StatusTeapot)
			return
		}
		mux.ServeHTTP(rw, r)
	})
}

func (w *watcher) Transport(next http.RoundTripper) http.RoundTripper { return next }

func (w *watcher) DB(c driver.Connector) (*sql.DB, error) { return sql.OpenDB(c), nil }

func (w *watcher) Flush(context.Context) error { return nil }

func (w *watcher) Close(context.Context) error { return nil }

func (w *watcher) Recorded() bench.Records { return bench.Records{} }

func TestLoad(t *testing.T) {
	for _, test := range []struct {
		name string
		load workload.Load
	}{
		{"serial", workload.Load{Clients: 1}},
		{"parallel", workload.Load{Clients: 3}},
		{"cancelable", workload.Load{Clients: 1, Cancelable: true}},
		{"cold", workload.Load{Clients: 1, Cold: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := &watcher{}
			program, err := workload.New(w, workload.Full, 5)
			if err != nil {
				t.Fatal(err)
			}
			defer program.Close()
			test.load.Program = program
			n, err := test.load.Times(100)
			if err != nil {
				t.Fatal(err)
			}
			if n != 128 || w.requests.Load() != n {
				t.Errorf("Times(100) = %d, and %d requests arrived, want 128 of both", n, w.requests.Load())
			}
			want := int64(0)
			if test.load.Cancelable {
				want = n
			}
			if got := w.cancelable.Load(); got != want {
				t.Errorf("%d requests had a cancelable context, want %d", got, want)
			}
		})
	}
}

func TestLoad_tellsOfFailures(t *testing.T) {
	program, err := workload.New(&watcher{fail: true}, workload.HTTP, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	if _, err := (workload.Load{Program: program, Clients: 1}).Times(1); err == nil {
		t.Error("requests that failed were not noticed")
	}
}
