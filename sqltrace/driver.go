package sqltrace

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"slices"
	"strconv"
	"sync"
)

// WrapDriver returns a driver whose connections are observed, for programs that register drivers themselves. A driver
// that is wrapped already is returned as it is, whatever the options. The result has OpenConnector in any case; if d has
// not, it does what [sql.Open] would do. It is as safe for concurrent use as d is.
func WrapDriver(d driver.Driver, opts ...Option) driver.Driver {
	switch d.(type) {
	case *wrappedDriver, *namedDriver:
		return d
	}
	return &wrappedDriver{d, newConfig(opts), ""}
}

// wrappedDriver wraps a [driver.Driver]. It is also what its connectors say their driver is: libraries ask a database for its
// driver and wrap that, and must not get around us.
type wrappedDriver struct {
	bare   driver.Driver
	config config
	name   string // That the driver is registered under, if that is known.
}

var _ driver.DriverContext = (*wrappedDriver)(nil)

// ownDriver returns the driver's own if d is ours.
func ownDriver(d driver.Driver) driver.Driver {
	if d, ok := d.(*wrappedDriver); ok {
		return d.bare
	}
	return d
}

// Open implements [driver.Driver].
func (d *wrappedDriver) Open(dsn string) (driver.Conn, error) {
	bare, err := d.bare.Open(dsn)
	if err != nil || bare == nil {
		return bare, err
	}
	return wrapConn(bare, newDatabase(d.config, d.bare, d.name, dsn)), nil
}

// OpenConnector implements [driver.DriverContext].
func (d *wrappedDriver) OpenConnector(dsn string) (driver.Connector, error) {
	bare, err := bareConnector(d.bare, dsn)
	if err != nil {
		return nil, err
	}
	c := newConnector(d.config, bare, d.name, dsn)
	c.driver = d
	return c, nil
}

// Register registers an observed twin of the driver that is registered under driverName, and returns the name of the
// twin, "daybook:" and the driver's: for libraries that open databases by the name of a driver (gorm, pop, dbx, sqlx).
// Such a library may derive the SQL dialect from the name; tell it the dialect of the new one. With the same
// arguments it returns the same name again; the same driver with other options gets a name of its own.
//
// It returns an error if there is no such driver. It may be called from any goroutine. The statistics of pools that are
// opened by name are not registered: call [RegisterStats].
func Register(driverName string, opts ...Option) (name string, err error) {
	if !slices.Contains(sql.Drivers(), driverName) {
		return "", fmt.Errorf("sqltrace: unknown driver %q (forgotten import?)", driverName)
	}
	d := namedDriver{driverName, newConfig(opts)}
	registered.mu.Lock()
	defer registered.mu.Unlock()
	if name, ok := registered.names[d]; ok {
		return name, nil
	}
	name = "daybook:" + driverName
	for n := 2; slices.Contains(sql.Drivers(), name); n++ {
		name = "daybook:" + driverName + "#" + strconv.Itoa(n)
	}
	sql.Register(name, &d)
	if registered.names == nil {
		registered.names = make(map[namedDriver]string)
	}
	registered.names[d] = name
	return name, nil
}

// registered knows what Register did: package sql keeps drivers for ever, too.
var registered struct {
	mu    sync.Mutex
	names map[namedDriver]string
}

// namedDriver is the twin of a registered driver, which it looks up when it is opened.
type namedDriver struct {
	name   string
	config config
}

var _ driver.DriverContext = (*namedDriver)(nil)

// Open implements [driver.Driver].
func (d *namedDriver) Open(dsn string) (driver.Conn, error) {
	c, err := d.OpenConnector(dsn)
	if err != nil {
		return nil, err
	}
	return c.Connect(context.Background())
}

// OpenConnector implements [driver.DriverContext].
func (d *namedDriver) OpenConnector(dsn string) (driver.Connector, error) {
	c, err := openConnector(d.config, d.name, dsn)
	if err != nil {
		return nil, err
	}
	c.driver = &wrappedDriver{c.bare.Driver(), d.config, d.name}
	return c, nil
}
