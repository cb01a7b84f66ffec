package bare

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"net/http"

	"github.com/daybook-apm/daybook/bench"
)

// Contestants returns the bare program.
func Contestants() []bench.Contestant {
	return []bench.Contestant{{Name: "bare", Start: func(bench.Config) (bench.Agent, error) { return agent{}, nil }}}
}

type agent struct{}

func (agent) Route(_ string, h http.Handler) http.Handler { return h }

func (agent) Server(mux *http.ServeMux) http.Handler { return mux }

func (agent) Transport(next http.RoundTripper) http.RoundTripper { return next }

func (agent) DB(c driver.Connector) (*sql.DB, error) { return sql.OpenDB(c), nil }

func (agent) Flush(context.Context) error { return nil }

func (agent) Close(context.Context) error { return nil }

func (agent) Recorded() bench.Records { return bench.Records{Requests: -1} }
