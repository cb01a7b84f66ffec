package newrelic

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net/http"
	"time"

	agentapi "github.com/newrelic/go-agent/v3/newrelic"
	"github.com/newrelic/go-agent/v3/newrelic/sqlparse"

	"github.com/daybook-apm/daybook/bench"
)

// Contestants returns the agent with its default settings.
func Contestants() []bench.Contestant {
	return []bench.Contestant{{Name: "newrelic", Start: func(bench.Config) (bench.Agent, error) { return start() }}}
}

type agent struct {
	app       *agentapi.Application
	collector *collector
}

func start() (*agent, error) {
	collector := &collector{}
	app, err := agentapi.NewApplication(
		agentapi.ConfigAppName("shop"),
		agentapi.ConfigLicense("0123456789012345678901234567890123456789"),
		func(c *agentapi.Config) {
			c.Transport = collector
			// These would ask the hosts' metadata services over the network.
			c.Utilization.DetectAWS = false
			c.Utilization.DetectAzure = false
			c.Utilization.DetectPCF = false
			c.Utilization.DetectGCP = false
			c.Utilization.DetectDocker = false
			c.Utilization.DetectKubernetes = false
		},
	)
	if err != nil {
		return nil, err
	}
	if err := app.WaitForConnection(10 * time.Second); err != nil {
		return nil, fmt.Errorf("newrelic: connect to the fake collector: %w", err)
	}
	return &agent{app: app, collector: collector}, nil
}

func (a *agent) Route(pattern string, h http.Handler) http.Handler {
	_, wrapped := agentapi.WrapHandle(a.app, pattern, h)
	return wrapped
}

func (*agent) Server(mux *http.ServeMux) http.Handler { return mux }

func (*agent) Transport(next http.RoundTripper) http.RoundTripper {
	return agentapi.NewRoundTripper(next)
}

func (*agent) DB(c driver.Connector) (*sql.DB, error) {
	return sql.OpenDB(agentapi.InstrumentSQLConnector(c, agentapi.SQLDriverSegmentBuilder{
		BaseSegment: agentapi.DatastoreSegment{
			Product:      agentapi.DatastorePostgres,
			Host:         "db.internal",
			PortPathOrID: "5432",
			DatabaseName: "shop",
		},
		ParseQuery: sqlparse.ParseQuery,
	})), nil
}

// Flush does nothing: the agent sends on its own clock or at its end.
func (*agent) Flush(context.Context) error { return nil }

func (a *agent) Close(context.Context) error {
	a.app.Shutdown(10 * time.Second)
	return a.collector.failure()
}

func (a *agent) Recorded() bench.Records { return a.collector.recorded() }
