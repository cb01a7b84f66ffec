package databases_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/lib/pq"
)

var connectorChecks = []check{
	{name: "connector of the driver", run: func(t *testing.T, s *session) {
		connector := s.connector(t, new(net.Dialer).DialContext)
		closed := 0
		db := s.way.openDB(closing{connector, &closed})
		work(t, s, db)
		s.note("close", db.Close(), db.Close())
		s.note("connector closed", closed)
		if closed != 1 {
			t.Errorf("the connector was closed %d times, want once", closed)
		}
	}},
	{name: "hooks of pgx", on: []string{"pgx"}, run: func(t *testing.T, s *session) {
		config, err := pgx.ParseConfig(s.dsn)
		if err != nil {
			t.Fatal(err)
		}
		var before, after, reset int
		db := s.way.openDB(stdlib.GetConnector(*config,
			stdlib.OptionBeforeConnect(func(context.Context, *pgx.ConnConfig) error { before++; return nil }),
			stdlib.OptionAfterConnect(func(context.Context, *pgx.Conn) error { after++; return nil }),
			stdlib.OptionResetSession(func(context.Context, *pgx.Conn) error { reset++; return nil }),
		))
		db.SetMaxOpenConns(1)
		work(t, s, db)
		s.note("hooks", before, after, reset, db.Close())
		if before != 1 || after != 1 || reset == 0 {
			t.Errorf("the hooks ran %d, %d and %d times, want 1, 1 and more than 0", before, after, reset)
		}
	}},
	{name: "hook of pgx that refuses", on: []string{"pgx"}, run: func(t *testing.T, s *session) {
		config, err := pgx.ParseConfig(s.dsn)
		if err != nil {
			t.Fatal(err)
		}
		db := s.way.openDB(stdlib.GetConnector(*config,
			stdlib.OptionAfterConnect(func(context.Context, *pgx.Conn) error { return errOfProgram })))
		defer db.Close()
		s.note("ping", db.PingContext(s.ctx))
	}},
	{name: "pool of pgx", on: []string{"pgx"}, run: func(t *testing.T, s *session) {
		pool, err := pgxpool.New(t.Context(), s.dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		db := s.way.openDB(stdlib.GetPoolConnector(pool))
		db.SetMaxIdleConns(0) // As stdlib.OpenDBFromPool has it.
		work(t, s, db)
		s.note("close", db.Close())
		s.note("taken from the pool and not given back", pool.Stat().AcquiredConns())
		if pool.Stat().AcquireCount() == 0 {
			t.Error("nothing was taken from the pool")
		}
	}},
}

// work does a little of everything on a database that was opened by its connector.
func work(t *testing.T, s *session, db *sql.DB) {
	t.Helper()
	s.note("ping", db.PingContext(s.ctx))
	result, err := db.ExecContext(s.ctx, s.sql(`INSERT INTO ledger (item, amount) VALUES (?, ?)`), "tea", 1)
	s.result("insert", result, err)
	rows, err := db.QueryContext(s.ctx, `SELECT item, amount FROM ledger`)
	s.rows("query", rows, err)
	tx, err := db.BeginTx(s.ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = tx.ExecContext(s.ctx, `DELETE FROM ledger`)
	s.note("delete", err, tx.Rollback())
	connection, err := db.Conn(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	s.note("raw", connection.Raw(func(raw any) error {
		s.note("type", fmt.Sprintf("%T", unwrap(raw)))
		return nil
	}), connection.Close())
	s.ledger(t, "ledger")
}

// dial opens a connection to a server.
type dial func(ctx context.Context, network, address string) (net.Conn, error)

// Dial and DialTimeout make it what lib/pq wants, which calls DialContext alone.
func (d dial) Dial(string, string) (net.Conn, error) { return nil, errors.ErrUnsupported }
func (d dial) DialTimeout(string, string, time.Duration) (net.Conn, error) {
	return nil, errors.ErrUnsupported
}
func (d dial) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return d(ctx, network, address)
}

// connector returns the driver's own connector for the target. SQLite has nothing to dial.
func (s *session) connector(t *testing.T, dial dial) driver.Connector {
	t.Helper()
	var connector driver.Connector
	var err error
	switch s.driver {
	case "pgx":
		var config *pgx.ConnConfig
		config, err = pgx.ParseConfig(s.dsn)
		if err == nil {
			config.DialFunc = pgconn.DialFunc(dial)
			connector = stdlib.GetConnector(*config)
		}
	case "postgres":
		var own *pq.Connector
		own, err = pq.NewConnector(s.dsn)
		if err == nil {
			own.Dialer(dial)
			connector = own
		}
	case "mysql":
		var config *mysql.Config
		config, err = mysql.ParseDSN(s.dsn)
		if err == nil {
			config.DialFunc = dial
			connector, err = mysql.NewConnector(config)
		}
	default:
		connector = opening{s.admin.Driver(), s.dsn}
	}
	if err != nil {
		t.Fatal(err)
	}
	return connector
}

// opening is a connector for a driver that has none.
type opening struct {
	driver driver.Driver
	dsn    string
}

func (o opening) Connect(context.Context) (driver.Conn, error) { return o.driver.Open(o.dsn) }
func (o opening) Driver() driver.Driver                        { return o.driver }

// closing is a connector that wants to be closed with its database, as [sql.DB.Close] promises.
type closing struct {
	driver.Connector
	closed *int
}

func (c closing) Close() error {
	*c.closed++
	return nil
}
