package elastic

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"net/http"

	"go.elastic.co/apm"
	"go.elastic.co/apm/module/apmhttp"
	"go.elastic.co/apm/module/apmsql"

	"github.com/daybook-apm/daybook/bench"
)

// Contestants returns the agent with its default settings.
func Contestants() []bench.Contestant {
	return []bench.Contestant{{Name: "elastic", Start: func(c bench.Config) (bench.Agent, error) { return start(c) }}}
}

type agent struct {
	tracer *apm.Tracer
	sink   *sink
}

func start(config bench.Config) (*agent, error) {
	apm.DefaultTracer.Close() // it was started when the package was linked in
	s := &sink{inspect: config.Inspect}
	tracer, err := apm.NewTracerOptions(apm.TracerOptions{ServiceName: "shop", Transport: s})
	if err != nil {
		return nil, err
	}
	apm.DefaultTracer = tracer
	return &agent{tracer: tracer, sink: s}, nil
}

func (*agent) Route(_ string, h http.Handler) http.Handler { return h }

func (*agent) Server(mux *http.ServeMux) http.Handler { return apmhttp.Wrap(mux) }

func (*agent) Transport(next http.RoundTripper) http.RoundTripper {
	return apmhttp.WrapRoundTripper(next)
}

// DB wraps the connector's driver, since the agent has no wrapper for connectors.
func (*agent) DB(c driver.Connector) (*sql.DB, error) {
	wrapped := apmsql.Wrap(c.Driver(), apmsql.WithDriverName("postgresql"))
	return sql.OpenDB(connector{wrapped}), nil
}

type connector struct{ driver driver.Driver }

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open("") }

func (c connector) Driver() driver.Driver { return c.driver }

func (a *agent) Flush(ctx context.Context) error {
	a.tracer.Flush(ctx.Done())
	return nil
}

func (a *agent) Close(ctx context.Context) error {
	a.tracer.Flush(ctx.Done())
	a.tracer.Close()
	return a.sink.failure()
}

// Recorded returns what the stream held, or without inspection how many transactions the agent
// says it has sent.
func (a *agent) Recorded() bench.Records {
	if !a.sink.inspect {
		return bench.Records{Requests: int64(a.tracer.Stats().TransactionsSent)}
	}
	return a.sink.recorded()
}
