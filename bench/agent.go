package bench

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"net/http"
)

// Agent is a contestant at work. The program under test calls Route for each of its handlers,
// Server for the mux that holds them, Transport for its outbound client and DB for its database,
// all before the first request. The values they return are used by many goroutines at once.
type Agent interface {
	// Route instruments the handler of one pattern. Agents that instrument the whole mux return h.
	Route(pattern string, h http.Handler) http.Handler
	// Server instruments the mux. Agents that instrument each route return mux.
	Server(mux *http.ServeMux) http.Handler
	// Transport instruments outbound calls.
	Transport(next http.RoundTripper) http.RoundTripper
	// DB opens a database over c whose statements are instrumented.
	DB(c driver.Connector) (*sql.DB, error)
	// Flush sends what the agent holds, as far as the agent can be told to.
	Flush(ctx context.Context) error
	// Close sends what the agent holds and stops it.
	Close(ctx context.Context) error
	// Recorded tells what has arrived where the agent sends to. It is complete after Close.
	Recorded() Records
}

// Collector is implemented by agents whose collection of metrics can be timed by itself.
type Collector interface {
	// Collect gathers all metrics once.
	Collect(ctx context.Context) error
	// Export encodes what Collect gathered last as OTLP, compresses it and returns how many bytes
	// would have been sent.
	Export(ctx context.Context) (bytes int, err error)
}

// Config says how a contestant is to be started.
type Config struct {
	// Inspect makes the receiving side decode all that it is sent, so that Recorded is complete.
	// Measurements leave it off: decoding is not the agent's work, yet would be on its bill.
	Inspect bool
	// Manual makes agents that implement Collector gather metrics only when told to.
	Manual bool
}

// Records counts what an agent has delivered.
type Records struct {
	// Requests is the number of served requests. It is -1 if it can only be known with
	// [Config.Inspect].
	Requests int64 `json:"requests"`
	// Statements is the number of SQL statements; only with Config.Inspect.
	Statements int64 `json:"statements"`
	// Calls is the number of outbound HTTP calls; only with Config.Inspect.
	Calls int64 `json:"calls"`
}

// Contestant is one way to instrument the program.
type Contestant struct {
	// Name is what the command line calls it, such as "otel-1pct".
	Name string
	// Start starts the agent.
	Start func(Config) (Agent, error)
}
