package databases_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"testing"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/apm/apmtest"
	"github.com/daybook-apm/daybook/sqltrace"
)

// way is how a program opens its database, and the context that it then works with.
type way struct {
	name    string
	open    func(driverName, dsn string) (*sql.DB, error)
	openDB  func(driver.Connector) *sql.DB
	context func(*testing.T) context.Context
}

// bare is what all others are compared with.
var bare = way{name: "bare", open: sql.Open, openDB: sql.OpenDB, context: (*testing.T).Context}

// wrapped are the ways through this library: while no agent runs, in requests that are not sampled and in some that
// are; opened by us, or by another library that knows the name of our driver only.
var wrapped = []way{
	{name: "not sampled", open: open, openDB: openDB, context: inTransaction(0)},
	{name: "sampled", open: open, openDB: openDB, context: inTransaction(1)},
	{name: "without an agent", open: open, openDB: openDB, context: (*testing.T).Context},
	{name: "registered", open: openRegistered, openDB: openWrapped, context: inTransaction(0)},
}

func open(driverName, dsn string) (*sql.DB, error) { return sqltrace.Open(driverName, dsn) }

func openDB(connector driver.Connector) *sql.DB { return sqltrace.OpenDB(connector) }

func openRegistered(driverName, dsn string) (*sql.DB, error) {
	name, err := sqltrace.Register(driverName)
	if err != nil {
		return nil, err
	}
	return sql.Open(name, dsn)
}

func openWrapped(connector driver.Connector) *sql.DB {
	return sql.OpenDB(sqltrace.WrapConnector(connector))
}

// inTransaction returns a context in a transaction that lasts as long as the test.
func inTransaction(sampleRatio float64) func(*testing.T) context.Context {
	return func(t *testing.T) context.Context {
		t.Helper()
		ctx, _ := apmtest.New(t, apm.WithSampleRatio(sampleRatio))
		ctx, transaction := apm.StartTransaction(ctx, t.Name())
		t.Cleanup(transaction.End)
		return ctx
	}
}

// account begins a transaction under an agent of its own. It is at work where the context is used; end finishes it and
// returns the account that it was posted to.
func account(t *testing.T) (ctx context.Context, end func() apm.EndpointStats) {
	t.Helper()
	ctx, recorder := apmtest.New(t)
	ctx, transaction := apm.StartTransaction(ctx, "truth")
	return ctx, func() apm.EndpointStats {
		transaction.End()
		return recorder.Endpoint("", "truth")
	}
}
