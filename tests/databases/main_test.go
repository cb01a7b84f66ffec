package databases_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/daybook-apm/daybook/tests/servers"
)

// targets are the databases that this run has. TestMain fills it in.
var targets []target

func TestMain(m *testing.M) { os.Exit(run(m)) }

// run is what TestMain would be if os.Exit ran deferred calls.
func run(m *testing.M) (code int) {
	var postgresql, mariadb *servers.Server
	var postgresqlErr, mariadbErr error
	var starting sync.WaitGroup
	starting.Go(func() { postgresql, postgresqlErr = servers.PostgreSQL() })
	starting.Go(func() { mariadb, mariadbErr = servers.MariaDB() })
	starting.Wait()
	defer func() {
		if err := errors.Join(postgresql.Stop(), mariadb.Stop()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}()
	folder, err := os.MkdirTemp("", "daybook-sqlite-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)

	for _, part := range []struct {
		err     error
		targets func() []target
	}{
		{nil, func() []target { return sqliteTargets(filepath.Join(folder, "daybook.db")) }},
		{postgresqlErr, func() []target { return postgresqlTargets(postgresql) }},
		{mariadbErr, func() []target { return mariadbTargets(mariadb) }},
	} {
		if part.err != nil {
			if servers.Skip(part.err) {
				continue
			}
			fmt.Fprintln(os.Stderr, part.err)
			return 1
		}
		added := part.targets()
		if err := added[0].createSchema(); err != nil {
			fmt.Fprintf(os.Stderr, "%s: schema: %v\n", added[0].name, err)
			return 1
		}
		targets = append(targets, added...)
	}
	return m.Run()
}

// createSchema makes the tables of the suite, once for all targets of a server.
func (t target) createSchema() error {
	db, err := sql.Open(t.driver, t.dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	for _, statement := range t.schema {
		if _, err := db.ExecContext(context.Background(), statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}
