package sqltrace

import (
	"database/sql"
	"database/sql/driver"
)

// Open is [sql.Open] with every connection observed: the same arguments, the same errors. The pool's statistics are
// registered (see [RegisterStats]) until the database is closed. The driver must be registered; one that
// [Register] returned is observed once, with the options given here.
//
// A driver with OpenConnector is asked for two connectors: there is no other way to a driver by its name. The
// first one is closed at once, unused.
func Open(driverName, dsn string, opts ...Option) (*sql.DB, error) {
	c, err := openConnector(newConfig(opts), driverName, dsn)
	if err != nil {
		return nil, err
	}
	return openDB(c), nil
}

// OpenDB is [sql.OpenDB] with every connection observed. The pool's statistics are registered (see [RegisterStats])
// until the database is closed. A connector that [WrapConnector] returned keeps its own options.
func OpenDB(c driver.Connector, opts ...Option) *sql.DB {
	return openDB(newConnector(newConfig(opts), c, "", ""))
}

func openDB(c *connector) *sql.DB {
	db := sql.OpenDB(c)
	c.stop, _ = registerStats(db, c.database.pool)
	return db
}

// openConnector opens a connector as [sql.Open] does.
func openConnector(c config, driverName, dsn string) (*connector, error) {
	db, err := sql.Open(driverName, dsn)
	if err != nil {
		return nil, err
	}
	d := ownDriver(db.Driver())
	// Nothing was connected yet, and what closing a connector may complain about, the second one will say again.
	_ = db.Close()
	bare, err := bareConnector(d, dsn)
	if err != nil {
		return nil, err
	}
	return newConnector(c, bare, driverName, dsn), nil
}
