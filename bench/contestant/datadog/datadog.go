package datadog

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"net/http"

	"github.com/DataDog/datadog-go/v5/statsd"
	sqltrace "github.com/DataDog/dd-trace-go/contrib/database/sql/v2"
	httptrace "github.com/DataDog/dd-trace-go/contrib/net/http/v2"
	"github.com/DataDog/dd-trace-go/v2/ddtrace/tracer"

	"github.com/daybook-apm/daybook/bench"
	"github.com/daybook-apm/daybook/bench/workload"
)

// Contestants returns the tracer with its default settings.
func Contestants() []bench.Contestant {
	return []bench.Contestant{{Name: "datadog", Start: func(c bench.Config) (bench.Agent, error) { return start(c) }}}
}

type agent struct {
	intake *intake
}

func start(config bench.Config) (*agent, error) {
	in := &intake{inspect: config.Inspect}
	err := tracer.Start(
		tracer.WithService("shop"),
		tracer.WithHTTPClient(&http.Client{Transport: in}),
		tracer.WithStatsdClient(&statsd.NoOpClientDirect{}),
		tracer.WithLogStartup(false),
	)
	if err != nil {
		return nil, err
	}
	sqltrace.Register("postgres", workload.Driver{})
	return &agent{intake: in}, nil
}

func (*agent) Route(_ string, h http.Handler) http.Handler { return h }

func (*agent) Server(mux *http.ServeMux) http.Handler {
	return httptrace.NewServeMux(httptrace.WithServeMux(mux))
}

func (*agent) Transport(next http.RoundTripper) http.RoundTripper {
	return httptrace.WrapRoundTripper(next)
}

func (*agent) DB(c driver.Connector) (*sql.DB, error) { return sqltrace.OpenDB(c), nil }

func (*agent) Flush(context.Context) error {
	tracer.Flush()
	return nil
}

func (a *agent) Close(context.Context) error {
	tracer.Stop()
	return a.intake.failure()
}

func (a *agent) Recorded() bench.Records { return a.intake.recorded() }
