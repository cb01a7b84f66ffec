package sqltext

import (
	"strings"

	"github.com/daybook-apm/daybook/internal/bounded"
)

const (
	maxDatabases  = 64
	maxStatements = 2000
	maxCached     = 4096     // Raw texts a database.
	maxCacheBytes = 2 << 20  // The sum of their lengths.
	maxCachedText = 16 << 10 // The length of one; longer ones are masked each time.
	other         = "(other)"
)

// Database is one database, as the conventions name it, and the statements that were sent to it. Any goroutine may
// use it.
type Database struct {
	System    string // The db.system.name: postgresql, mysql, mariadb, sqlite, microsoft.sql_server, others.
	Namespace string // The db.namespace, empty if it is not known.

	dialect    *dialect
	cache      *bounded.Cache[string, *Statement] // By raw text.
	statements *bounded.Map[string, *Statement]   // By masked text.
	overflow   *Statement
}

type databaseKey struct{ system, namespace string }

// The databases of this process: the same database must be the same pointer for every wrapper that opens it.
var (
	databases = bounded.NewMap[databaseKey, *Database](maxDatabases)
	overflow  = bounded.NewMap[*dialect, *Database](len(dialects))
)

// Open returns the database of a db.system.name and a db.namespace, the same pointer for the same pair. The system
// decides the dialect; one that is not known is masked with the greatest caution. A process has at most 64; what is
// opened beyond shares one with the namespace "(other)" for each dialect.
func Open(system, namespace string) *Database {
	key := databaseKey{strings.Clone(system), strings.Clone(namespace)}
	if d, ok := databases.LoadOrStore(key, func() *Database { return newDatabase(system, namespace) }); ok {
		return d
	}
	// Not one for all: what is masked by the rules of another dialect may show a literal.
	dialect := dialectOf(system)
	d, _ := overflow.LoadOrStore(dialect, func() *Database { return newDatabase(dialect.system, other) })
	return d
}

func newDatabase(system, namespace string) *Database {
	d := &Database{
		System:     strings.ToValidUTF8(system, "\uFFFD"),
		Namespace:  strings.ToValidUTF8(namespace, "\uFFFD"),
		dialect:    dialectOf(system),
		cache:      bounded.NewCache[string, *Statement](maxCached, maxCacheBytes),
		statements: bounded.NewMap[string, *Statement](maxStatements),
	}
	d.overflow = &Statement{Database: d, Text: other, Summary: other, ID: fingerprint(other)}
	d.overflow.SetCaller("") // There are many.
	return d
}

// Statement returns the statement of a query, the same pointer for all queries that are the same when masked. It never
// returns nil, whatever the text. A database has at most 2,000 statements; what is new beyond shares one with the text
// "(other)".
//
// A query that was seen lately is found without a lock or an allocation. One that was not is masked in time linear in
// its length; texts longer than 16 KiB are never remembered and are masked each time.
func (d *Database) Statement(query string) *Statement {
	if s, ok := d.cache.Load(query); ok {
		return s
	}
	s := d.intern(query)
	if len(query) <= maxCachedText {
		d.cache.Add(strings.Clone(query), s, len(query))
	}
	return s
}

func (d *Database) intern(query string) *Statement {
	parsed := parse(d.dialect, query)
	s, ok := d.statements.LoadOrStore(parsed.Text, func() *Statement {
		return &Statement{
			Database:  d,
			Text:      parsed.Text,
			Summary:   parsed.Summary,
			Operation: parsed.Operation,
			ID:        fingerprint(parsed.Text),
		}
	})
	if !ok {
		return d.overflow
	}
	return s
}
