package sqltrace_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/internal/pool"
	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
	"github.com/daybook-apm/daybook/sqltrace"
)

var drivers atomic.Int64

// register registers a driver under a name of its own: names of drivers are for ever.
func register(d driver.Driver) (name string) {
	name = fmt.Sprintf("fake%d", drivers.Add(1))
	sql.Register(name, d)
	return name
}

func pools() []string {
	var all []string
	pool.Each(func(name string, _ sql.DBStats) { all = append(all, name) })
	return all
}

// database returns the system and namespace that a query of db is recorded under.
func database(t *testing.T, db *sql.DB) (system, namespace string) {
	t.Helper()
	ctx, ledger := transactiontest.New(t)
	request := begin(ctx)
	if _, err := db.ExecContext(request, "UPDATE a"); err != nil {
		t.Fatal(err)
	}
	request.End()
	posted := ledger.One()
	if n := posted.Calls; n[3] != 1 || len(posted.Statements) != 1 {
		t.Fatalf("%d calls of %d statements, want 1 of 1", n, len(posted.Statements))
	}
	d := posted.Statements[0].Statement.Database
	return d.System, d.Namespace
}

func closeDB(t *testing.T, db *sql.DB) {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpen(t *testing.T) {
	plain, withContext := newFake(nil), newFake(nil)
	for name, test := range map[string]struct {
		driver driver.Driver
		fake   *fakeDriver
		want   []string
	}{
		"driver": {plain, plain, []string{"Open(file:shop.db)"}},
		"context driver": {fakeContextDriver{withContext}, withContext, []string{
			"OpenConnector(file:shop.db)", "connector.Close", "OpenConnector(file:shop.db)", "Connect",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			db, err := sqltrace.Open(register(test.driver), "file:shop.db", sqltrace.WithDBSystem("sqlite"))
			if err != nil {
				t.Fatal(err)
			}
			if system, namespace := database(t, db); system != "sqlite" || namespace != "shop.db" {
				t.Errorf("database %q %q, want sqlite shop.db", system, namespace)
			}
			if got := pools(); !slices.Equal(got, []string{"shop.db"}) {
				t.Errorf("pools %q, want shop.db", got)
			}
			calls := test.fake.calls()
			if diff := cmp.Diff(test.want, calls[:min(len(calls), len(test.want))]); diff != "" {
				t.Errorf("calls of the driver (-want +got):\n%s", diff)
			}
			if _, own := db.Driver().(interface{ calls() []string }); !own {
				t.Errorf("Driver() = %T, want the driver's own", db.Driver())
			}
			closeDB(t, db)
			if got := pools(); len(got) != 0 {
				t.Errorf("pools %q after Close, want none", got)
			}
		})
	}
}

func TestOpenFails(t *testing.T) {
	if _, err := sqltrace.Open("never registered", ""); err == nil || !strings.Contains(err.Error(), `"never registered"`) {
		t.Errorf("got %v, want an error that names the driver", err)
	}
	_, err := sqltrace.Open(register(fakeContextDriver{newFake(nil)}), "bad")
	checkError(t, err, errFake)
	if got := pools(); len(got) != 0 {
		t.Errorf("pools %q, want none", got)
	}
}

func TestOpenDB(t *testing.T) {
	fake := newFake(nil)
	fake.closeErr = errFake
	wrapped := sqltrace.WrapConnector(fakeClosingConnector{fakeConnector{fake}}, sqltrace.WithDBName("orders"))
	if again := sqltrace.WrapConnector(wrapped); again != wrapped {
		t.Error("a wrapped connector is wrapped again")
	}
	first, second := sqltrace.OpenDB(wrapped), sqltrace.OpenDB(wrapped, sqltrace.WithDBName("ignored"))
	if got := pools(); !slices.Equal(got, []string{"orders", "orders#2"}) {
		t.Errorf("pools %q, want orders and orders#2", got)
	}
	if system, namespace := database(t, second); system != "other_sql" || namespace != "orders" {
		t.Errorf("database %q %q, want other_sql orders", system, namespace)
	}
	checkError(t, first.Close(), errFake)
	if got := pools(); !slices.Equal(got, []string{"orders#2"}) {
		t.Errorf("pools %q, want orders#2", got)
	}
	checkError(t, second.Close(), errFake)
}

func TestRegister(t *testing.T) {
	if name, err := sqltrace.Register("never registered"); err == nil || name != "" {
		t.Errorf("Register of no driver = %q, %v, want an error", name, err)
	}
	own := register(fakeContextDriver{newFake(nil)})
	name, err := sqltrace.Register(own, sqltrace.WithDBName("orders"))
	if err != nil || name != "daybook:"+own {
		t.Fatalf("Register = %q, %v, want %q", name, err, "daybook:"+own)
	}
	if again, err := sqltrace.Register(own, sqltrace.WithDBName("orders")); again != name || err != nil {
		t.Errorf("Register again = %q, %v, want %q", again, err, name)
	}
	other, err := sqltrace.Register(own)
	if err != nil || other != name+"#2" {
		t.Errorf("Register with other options = %q, %v, want %q", other, err, name+"#2")
	}
	db, err := sql.Open(name, "dsn")
	if err != nil {
		t.Fatal(err)
	}
	defer closeDB(t, db)
	if _, namespace := database(t, db); namespace != "orders" {
		t.Errorf("namespace %q, want orders", namespace)
	}
	_, err = sql.Open(name, "bad")
	checkError(t, err, errFake)

	// Opened by us or wrapped by us, a statement is counted once all the same.
	twin, err := sqltrace.Open(name, "dsn", sqltrace.WithDBName("twin"))
	if err != nil {
		t.Fatal(err)
	}
	defer closeDB(t, twin)
	if _, namespace := database(t, twin); namespace != "twin" {
		t.Errorf("namespace %q, want twin", namespace)
	}
	twice, err := sqltrace.Register(name)
	if err != nil {
		t.Fatal(err)
	}
	if db, err = sql.Open(twice, "dsn"); err != nil {
		t.Fatal(err)
	}
	defer closeDB(t, db)
	database(t, db)
}

func TestWrapDriver(t *testing.T) {
	for name, bare := range map[string]driver.Driver{"driver": newFake(nil), "context driver": fakeContextDriver{newFake(nil)}} {
		t.Run(name, func(t *testing.T) {
			d := sqltrace.WrapDriver(bare, sqltrace.WithDBSystem("mysql"))
			if sqltrace.WrapDriver(d) != d {
				t.Error("a wrapped driver is wrapped again")
			}
			db, err := sql.Open(register(d), "u:p@tcp(db)/shop")
			if err != nil {
				t.Fatal(err)
			}
			defer closeDB(t, db)
			if system, namespace := database(t, db); system != "mysql" || namespace != "shop" {
				t.Errorf("database %q %q, want mysql shop", system, namespace)
			}
			c, err := d.Open("u:p@tcp(db)/shop")
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := c.(interface{ Raw() driver.Conn }); !ok {
				t.Errorf("Open = %T, want a wrapped connection", c)
			}
		})
	}
}

func TestRaw(t *testing.T) {
	db := sqltrace.OpenDB(fakeConnector{newFake(nil)})
	defer closeDB(t, db)
	c, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	err = c.Raw(func(c any) error {
		if _, ok := c.(interface{ Raw() driver.Conn }).Raw().(interface{ begin() (driver.Tx, error) }); !ok {
			t.Errorf("Raw of %T does not return the driver's own connection", c)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// A password in a data source name is in nothing that might be printed.
func TestPasswordIsNotPrinted(t *testing.T) {
	const dsn = "u:s3cret@tcp(db)/shop"
	d := sqltrace.WrapDriver(newFake(nil), sqltrace.WithDBSystem("mysql"))
	c, err := d.(driver.DriverContext).OpenConnector(dsn)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := c.Connect(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{d, c, conn} {
		if got := fmt.Sprintf("%v %+v %#v", v, v, v); strings.Contains(got, "s3cret") && v != any(conn) {
			t.Errorf("%T prints %q", v, got)
		}
	}
	db, err := sqltrace.Open(register(fakeContextDriver{newFake(nil)}), "postgres://u:s3%ZZcret@db/shop")
	if err != nil {
		t.Fatalf("got %v, want no error of ours", err)
	}
	closeDB(t, db)
}

// Libraries ask a database for its driver and wrap that. They must not get around us.
func TestDriverOfDatabase(t *testing.T) {
	twin, err := sqltrace.Register(register(newFake(nil)))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{twin, register(sqltrace.WrapDriver(fakeContextDriver{newFake(nil)}))} {
		db, err := sql.Open(name, "dsn")
		if err != nil {
			t.Fatal(err)
		}
		defer closeDB(t, db)
		conn, err := db.Driver().Open("dsn")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, observed := conn.(interface{ Raw() driver.Conn }); !observed {
			t.Errorf("%s: a connection of the database's driver is %T, want ours", name, conn)
		}
	}
}

func TestRegisterStats(t *testing.T) {
	if stop, err := sqltrace.RegisterStats(nil); err == nil {
		t.Error("RegisterStats(nil) returns no error")
	} else {
		stop()
	}
	db := sql.OpenDB(fakeConnector{newFake(nil)})
	defer closeDB(t, db)
	stop, err := sqltrace.RegisterStats(db)
	if err != nil {
		t.Fatal(err)
	}
	if got := pools(); !slices.Equal(got, []string{"other_sql"}) {
		t.Errorf("pools %q, want other_sql", got)
	}
	stop()
	stop()
	if stop, err = sqltrace.RegisterStats(db, sqltrace.WithDBName("orders")); err != nil {
		t.Fatal(err)
	}
	defer stop()
	if got := pools(); !slices.Equal(got, []string{"orders"}) {
		t.Errorf("pools %q, want orders", got)
	}

	observed := sqltrace.OpenDB(fakeConnector{newFake(nil)}, sqltrace.WithDBName("users"))
	defer closeDB(t, observed)
	if _, err := sqltrace.RegisterStats(observed); err != nil {
		t.Error(err)
	}
	if got := pools(); !slices.Equal(got, []string{"orders", "users"}) {
		t.Errorf("pools %q, want orders and users, each once", got)
	}
}

func TestRegisterStatsIsBounded(t *testing.T) {
	var last *sql.DB
	for range pool.Max + 1 {
		last = sqltrace.OpenDB(fakeConnector{newFake(nil)})
		defer closeDB(t, last)
	}
	if stop, err := sqltrace.RegisterStats(last); err == nil {
		t.Error("no error beyond the bound")
	} else {
		stop()
	}
	if system, _ := database(t, last); system != "other_sql" { // It works all the same.
		t.Errorf("system %q, want other_sql", system)
	}
}

func TestWithoutQueryText(t *testing.T) {
	ctx, ledger := transactiontest.New(t)
	request := begin(ctx)
	for range 2 {
		db := sqltrace.OpenDB(fakeConnector{newFake(nil)}, sqltrace.WithoutQueryText(), sqltrace.WithDBName("secrets"))
		for range 2 {
			if _, err := db.ExecContext(request, "UPDATE a SET b = 1"); err != nil {
				t.Fatal(err)
			}
		}
		closeDB(t, db)
	}
	request.End()
	statements := ledger.One().Statements
	if len(statements) != 1 || statements[0].Calls != 4 {
		t.Fatalf("statements %+v, want one with 4 calls", statements)
	}
	if s := statements[0].Statement; s.Text != "" || s.Summary != "UPDATE a" || s.ID == "" || s.Database.Namespace != "secrets" {
		t.Errorf("text %q, summary %q, ID %q, want no text", s.Text, s.Summary, s.ID)
	}
}
