package bare

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"net/http"
	"time"

	"github.com/daybook-apm/daybook/bench"
)

// Spin is what bare-5us adds to each request.
const Spin = 5 * time.Microsecond

// Contestants returns the bare program, and as a yardstick one in which each request takes a processor for [Spin] more.
func Contestants() []bench.Contestant {
	return []bench.Contestant{
		{Name: "bare", Start: func(bench.Config) (bench.Agent, error) { return agent{}, nil }},
		{Name: "bare-5us", Start: func(bench.Config) (bench.Agent, error) { return spinning{}, nil }},
	}
}

type agent struct{}

func (agent) Route(_ string, h http.Handler) http.Handler { return h }

func (agent) Server(mux *http.ServeMux) http.Handler { return mux }

func (agent) Transport(next http.RoundTripper) http.RoundTripper { return next }

func (agent) DB(c driver.Connector) (*sql.DB, error) { return sql.OpenDB(c), nil }

func (agent) Flush(context.Context) error { return nil }

func (agent) Close(context.Context) error { return nil }

func (agent) Recorded() bench.Records { return bench.Records{Requests: -1} }

type spinning struct{ agent }

func (spinning) Server(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for began := time.Now(); time.Since(began) < Spin; {
		}
		mux.ServeHTTP(w, r)
	})
}
