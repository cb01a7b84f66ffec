package databases_test

import (
	"regexp"
	"strconv"
	"time"
)

// target is one database reached through one driver.
type target struct {
	name   string // As in the names of the tests.
	driver string // As database/sql knows it.
	dsn    string
	*dialect
}

// dialect is what differs between the three databases. Its queries mark parameters with a question mark: see
// [dialect.sql].
type dialect struct {
	system string // As db.system.name.

	// schema makes the tables: kinds has a column of each type and three rows (usual values, extreme ones, NULLs),
	// ledger is what the cases write to, with the columns id, item (not null, unique, at most 40 characters) and
	// amount (≥ 0).
	schema []string

	// mistakes are statements that the database refuses, each for a reason of its own.
	mistakes []mistake

	// endless is the format of a statement that does not end by itself, with a place for a mark (text) by which running,
	// a query with one parameter, finds it: it gives the number of the connection where a statement with the mark is
	// at work (SQLite: 1), or 0.
	endless, running string
	// stream gives the integers from 1 to 100 000, a row each.
	stream string
	// sleep returns a statement that takes so long and gives one row.
	sleep func(time.Duration) string
	// trickle returns a query for so many rows, each of which takes so long and is sent at once.
	trickle func(rows int, each time.Duration) string

	// session tells the number of the connection; kill and alive are formats with a place for such a number: one ends
	// the connection, the other counts it. All are empty if there is no server.
	session, kill, alive string
	// astray returns names like dsn that lead nowhere: nobody is there, the database does not exist, the name is malformed.
	astray func(dsn string) [3]string
	// echo gives its one parameter back, as text where a type must be named.
	echo string
}

type mistake struct {
	name, query string
	arguments   []any
}

var marks = regexp.MustCompile(`\?`)

// sql returns the query as the database wants it: PostgreSQL numbers its parameters.
func (d *dialect) sql(query string) string {
	if d.system != "postgresql" {
		return query
	}
	number := 0
	return marks.ReplaceAllStringFunc(query, func(string) string {
		number++
		return "$" + strconv.Itoa(number)
	})
}
