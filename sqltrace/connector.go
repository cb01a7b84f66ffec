package sqltrace

import (
	"context"
	"database/sql/driver"
	"io"

	"github.com/daybook-apm/daybook/internal/transaction"
)

// WrapConnector returns a connector whose connections are observed, for programs that open their database
// themselves. Use [OpenDB] if you can: it also registers the pool. A connector that is wrapped already is
// returned as it is, whatever the options. The result is as safe for concurrent use as c is.
func WrapConnector(c driver.Connector, opts ...Option) driver.Connector {
	if c, ok := c.(*connector); ok {
		return c
	}
	return newConnector(newConfig(opts), c, "", "")
}

// connector wraps a [driver.Connector].
type connector struct {
	bare     driver.Connector
	driver   driver.Driver // What Driver returns; nil: the driver's own, since programs look at its type.
	database *database
	stop     func() // Unregisters the pool; nil if it is not registered.
}

var (
	_ driver.Connector = (*connector)(nil)
	_ io.Closer        = (*connector)(nil)
)

// newConnector wraps c. The names may be empty.
func newConnector(cfg config, c driver.Connector, driverName, dsn string) *connector {
	if wrapped, ok := c.(*connector); ok {
		return &connector{bare: wrapped.bare, database: wrapped.database}
	}
	return &connector{bare: c, database: newDatabase(cfg, c.Driver(), driverName, dsn)}
}

// Connect implements [driver.Connector].
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	t := transaction.From(ctx)
	defer t.StartInterval(transaction.SQL).End()
	bare, err := c.bare.Connect(ctx)
	if err != nil || bare == nil {
		recordRetried(t, err)
		return bare, err
	}
	return wrapConn(bare, c.database), nil
}

// Driver implements [driver.Connector].
func (c *connector) Driver() driver.Driver {
	if c.driver != nil {
		return c.driver
	}
	return c.bare.Driver()
}

// Close implements [io.Closer]: [sql.DB.Close] calls it. A connector without it has nothing to close.
func (c *connector) Close() error {
	if c.stop != nil {
		c.stop()
	}
	if closer, ok := c.bare.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

// bareConnector is what [sql.Open] does with a driver.
func bareConnector(d driver.Driver, dsn string) (driver.Connector, error) {
	if d, ok := d.(driver.DriverContext); ok {
		return d.OpenConnector(dsn)
	}
	return &dsnConnector{d, dsn}, nil
}

// dsnConnector is the connector of a driver that has none. It is used by its pointer, which package fmt
// does not follow: the data source name may hold a password.
type dsnConnector struct {
	driver driver.Driver
	dsn    string
}

// Connect implements [driver.Connector].
func (c *dsnConnector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }

// Driver implements [driver.Connector].
func (c *dsnConnector) Driver() driver.Driver { return c.driver }
