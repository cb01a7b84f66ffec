package worker

import (
	"bufio"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"

	"github.com/daybook-apm/daybook/bench"
)

// serve serves one endpoint that reads a row from SQLite. It reports its address first. Each line
// on standard input is answered with the requests and the processor time since the line before;
// at the end of the input it stops.
func serve(ctx context.Context, agent bench.Agent, task Task) error {
	dir, err := os.MkdirTemp("", "daybook-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	db, err := openSQLite(ctx, agent, filepath.Join(dir, "shop.db"))
	if err != nil {
		return err
	}
	defer db.Close()

	var served atomic.Int64
	const pattern = "GET /customers/{id}"
	mux := http.NewServeMux()
	mux.Handle(pattern, agent.Route(pattern, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		served.Add(1)
		var name string
		err := db.QueryRowContext(r.Context(), "SELECT name FROM customers WHERE id = ?", r.PathValue("id")).Scan(&name)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"name":%q}`, name)
	})))
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: agent.Server(mux), ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	if err := report(Result{Address: listener.Addr().String()}); err != nil {
		return err
	}
	stop, err := profile(task.CPUProfile)
	if err != nil {
		return err
	}
	defer stop()
	last, lastServed := readUsage(), int64(0)
	marks := bufio.NewScanner(os.Stdin)
	for marks.Scan() {
		now, nowServed := readUsage(), served.Load()
		err := report(Result{
			Requests:    nowServed - lastServed,
			CPU:         now.cpu - last.cpu,
			Wall:        now.at.Sub(last.at),
			Allocations: now.allocations - last.allocations,
			Bytes:       now.bytes - last.bytes,
		})
		if err != nil {
			return err
		}
		last, lastServed = now, nowServed
	}
	if err := server.Close(); err != nil {
		return err
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return agent.Close(ctx)
}

// sqliteConnector opens connections to one file.
type sqliteConnector struct {
	driver *sqlite.Driver
	dsn    string
}

func (c sqliteConnector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }

func (c sqliteConnector) Driver() driver.Driver { return c.driver }

// openSQLite makes a table of customers and opens it through the agent.
func openSQLite(ctx context.Context, agent bench.Agent, file string) (*sql.DB, error) {
	connector := sqliteConnector{&sqlite.Driver{}, "file:" + file + "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)"}
	plain := sql.OpenDB(connector)
	defer plain.Close()
	if _, err := plain.ExecContext(ctx, "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL)"); err != nil {
		return nil, fmt.Errorf("create table: %w", err)
	}
	const fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO customers SELECT i, 'customer ' || i FROM n"
	if _, err := plain.ExecContext(ctx, fill); err != nil {
		return nil, fmt.Errorf("fill table: %w", err)
	}
	db, err := agent.DB(connector)
	if err != nil {
		return nil, err
	}
	// net/http serves each connection by a goroutine: let each keep its database connection.
	db.SetMaxOpenConns(16)
	db.SetMaxIdleConns(16)
	return db, nil
}
