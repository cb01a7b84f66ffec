package sqltrace

import (
	"cmp"
	"database/sql/driver"
	"sync"

	"github.com/daybook-apm/daybook/internal/sqltext"
)

// database is what all connections of one connector share. It never changes.
type database struct {
	text         *sqltext.Database
	pool         string // The name of the pool.
	plainResults bool
	withoutText  bool
}

// newDatabase guesses what c leaves open. The data source name, and the name of the driver, may be empty.
func newDatabase(c config, d driver.Driver, driverName, dsn string) *database {
	p := productOf(d, driverName)
	system := cmp.Or(c.system, p.system)
	namespace := cmp.Or(c.namespace, namespaceOf(system, dsn))
	return &database{
		text:         sqltext.Open(system, namespace),
		pool:         cmp.Or(namespace, system),
		plainResults: p.plainResults,
		withoutText:  c.withoutText,
	}
}

// textless has the statements without their texts, by those with them. One process-wide list, as the pointer of
// a statement is its identity; it is as bounded as the statements are.
var textless sync.Map // Of *sqltext.Statement by *sqltext.Statement.

func (d *database) statement(query string) *sqltext.Statement {
	s := d.text.Statement(query)
	if !d.withoutText {
		return s
	}
	if known, ok := textless.Load(s); ok {
		return known.(*sqltext.Statement)
	}
	known, _ := textless.LoadOrStore(s, &sqltext.Statement{
		Database: s.Database, Summary: s.Summary, Operation: s.Operation, ID: s.ID,
	})
	return known.(*sqltext.Statement)
}

// rowsAffected returns how many rows the result says were affected, if that costs nothing.
func (d *database) rowsAffected(r driver.Result) int64 {
	if n, ok := r.(driver.RowsAffected); ok {
		return int64(n)
	}
	if !d.plainResults || r == nil {
		return 0
	}
	n, err := r.RowsAffected()
	if err != nil {
		return 0
	}
	return n
}
