package databases_test

import (
	"database/sql/driver"
	"fmt"
	"sync"
	"time"

	"modernc.org/sqlite"
)

// begun has the marks of the endless statements that have begun and were not asked for since.
var begun sync.Map

// SQLite runs in our process: what a server offers by itself (to sleep, to tell which statements are at work) is added
// as functions.
func init() {
	sqlite.MustRegisterScalarFunction("daybook_begun", 1, func(_ *sqlite.FunctionContext, arguments []driver.Value) (driver.Value, error) {
		begun.Store(arguments[0], true)
		return int64(0), nil
	})
	sqlite.MustRegisterScalarFunction("daybook_running", 1, func(_ *sqlite.FunctionContext, arguments []driver.Value) (driver.Value, error) {
		if _, found := begun.LoadAndDelete(arguments[0]); found {
			return int64(1), nil
		}
		return int64(0), nil
	})
	sqlite.MustRegisterScalarFunction("daybook_sleep", 1, func(_ *sqlite.FunctionContext, arguments []driver.Value) (driver.Value, error) {
		duration, err := time.ParseDuration(arguments[0].(string))
		time.Sleep(duration)
		return int64(1), err
	})
}

func sqliteTargets(file string) []target {
	dsn := "file:" + file + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_pragma=synchronous(0)"
	return []target{{name: "sqlite", driver: "sqlite", dsn: dsn, dialect: &sqliteDialect}}
}

var sqliteDialect = dialect{
	system: "sqlite",
	schema: []string{
		`CREATE TABLE kinds (
			id INTEGER PRIMARY KEY, whole BIGINT, small SMALLINT NOT NULL DEFAULT 1, flag BOOLEAN, real_number REAL,
			exact DECIMAL(10,3), name VARCHAR(20), note TEXT, bytes BLOB, day DATE, moment DATETIME, stamp TIMESTAMP,
			clock TIME, anything)`,
		`INSERT INTO kinds VALUES
			(1, 42, 2, 1, 2.5, 12.345, 'tea', 'line', x'00ff10', '2026-11-22', '2026-11-22 09:30:00', '2026-11-22 09:30:00.123456', '09:30:00', 7),
			(2, 9223372036854775807, -32768, 0, 1e300, -9999999.999, '', 'ünïcödé ☕', x'', '0001-01-01', '9999-12-31 23:59:59', '1970-01-01 00:00:00+09:00', '23:59:59', 'text'),
			(3, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`,
		`CREATE TABLE shops (id INTEGER PRIMARY KEY)`,
		`CREATE TABLE ledger (
			id INTEGER PRIMARY KEY AUTOINCREMENT, item VARCHAR(40) NOT NULL UNIQUE, amount INTEGER CHECK (amount >= 0),
			shop INTEGER REFERENCES shops (id))`,
	},
	mistakes: []mistake{
		{name: "syntax", query: `SELEC 1`},
		{name: "unknown table", query: `SELECT * FROM nowhere`},
		{name: "unknown column", query: `SELECT nothing FROM ledger`},
		{name: "unique", query: `INSERT INTO ledger (id, item) VALUES (1, 'a'), (2, 'a')`},
		{name: "not null", query: `INSERT INTO ledger (item) VALUES (?)`, arguments: []any{nil}},
		{name: "check", query: `INSERT INTO ledger (item, amount) VALUES ('a', ?)`, arguments: []any{-1}},
		{name: "foreign key", query: `INSERT INTO ledger (item, shop) VALUES ('a', ?)`, arguments: []any{99}},
		{name: "mismatch", query: `INSERT INTO ledger (id, item) VALUES ('not a number', 'a')`},
		{name: "half way", query: `SELECT abs(CASE id WHEN 3 THEN -9223372036854775807 - 1 ELSE id END) FROM kinds ORDER BY id`},
	},
	endless: `WITH RECURSIVE n(i) AS (SELECT daybook_begun('%s') UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n`,
	running: `SELECT daybook_running(?)`,
	stream:  `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT i FROM n`,
	sleep:   func(d time.Duration) string { return fmt.Sprintf(`SELECT daybook_sleep('%s')`, d) },
	trickle: func(rows int, each time.Duration) string {
		return fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT daybook_sleep('%s') FROM n`, rows, each)
	},
	echo: `SELECT ?`,
	astray: func(dsn string) [3]string {
		return [3]string{"file:/no/such/folder/daybook.db", "file:/?mode=ro", dsn + "&_pragma=busy_timeout("}
	},
}
