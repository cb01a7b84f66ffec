package pool_test

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/internal/pool"
)

type connector struct{}

func (connector) Connect(context.Context) (driver.Conn, error) {
	return nil, errors.New("no connection")
}
func (connector) Driver() driver.Driver { return nil }

func open(t *testing.T) *sql.DB {
	t.Helper()
	db := sql.OpenDB(connector{})
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func register(t *testing.T, db *sql.DB, name string) (stop func()) {
	t.Helper()
	stop, ok := pool.Register(db, name)
	if !ok {
		t.Fatalf("Register(%q) = false", name)
	}
	t.Cleanup(stop)
	return stop
}

func names() []string {
	var all []string
	pool.Each(func(name string, _ sql.DBStats) { all = append(all, name) })
	return all
}

func check(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, names()); diff != "" {
		t.Errorf("pools (-want +got):\n%s", diff)
	}
}

func TestNamesAreUnique(t *testing.T) {
	first := register(t, open(t), "orders")
	register(t, open(t), "orders")
	register(t, open(t), "users")
	register(t, open(t), "orders")
	check(t, "orders", "orders#2", "users", "orders#3")
	first()
	first()
	check(t, "orders#2", "users", "orders#3")
	register(t, open(t), "orders")
	check(t, "orders#2", "users", "orders#3", "orders")
}

func TestOneDatabaseIsListedOnce(t *testing.T) {
	db := open(t)
	register(t, db, "orders")
	again := register(t, db, "again")
	check(t, "orders")
	again()
	check(t)
}

func TestStatistics(t *testing.T) {
	db := open(t)
	db.SetMaxOpenConns(7)
	register(t, db, "orders")
	calls := 0
	pool.Each(func(name string, s sql.DBStats) {
		calls++
		if name != "orders" || s.MaxOpenConnections != 7 {
			t.Errorf("%s with at most %d connections, want orders with 7", name, s.MaxOpenConnections)
		}
		pool.Ignored() // Must not lock up.
	})
	if calls != 1 {
		t.Errorf("%d calls, want 1", calls)
	}
}

func TestBound(t *testing.T) {
	before := pool.Ignored()
	for range pool.Max {
		register(t, open(t), "orders")
	}
	var log bytes.Buffer
	logger := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(logger)
	for range 2 {
		stop, ok := pool.Register(open(t), "one more")
		stop()
		if ok {
			t.Error("Register beyond the bound = true")
		}
	}
	if got := pool.Ignored() - before; got != 2 || len(names()) != pool.Max {
		t.Errorf("%d ignored, %d listed, want 2, %d", got, len(names()), pool.Max)
	}
	want := 1
	if before > 0 { // Once in a process, however often the test runs.
		want = 0
	}
	if got := strings.Count(log.String(), "too many connection pools"); got != want {
		t.Errorf("%d log lines, want %d:\n%s", got, want, &log)
	}
}

// A closed database that nobody unregistered is forgotten with the next collection of garbage.
func TestCollectedDatabaseIsForgotten(t *testing.T) {
	if _, ok := pool.Register(closed(t), "orders"); !ok {
		t.Fatal("Register = false")
	}
	for range 100 {
		runtime.GC()
		if len(names()) == 0 {
			return
		}
		runtime.Gosched()
	}
	t.Error("a closed database is kept alive")
}

//go:noinline
func closed(t *testing.T) *sql.DB {
	db := sql.OpenDB(connector{})
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	return db
}

func TestConcurrently(t *testing.T) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				db := sql.OpenDB(connector{})
				stop, _ := pool.Register(db, "orders")
				names()
				stop()
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	check(t)
}
