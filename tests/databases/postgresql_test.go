package databases_test

import (
	"fmt"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // The driver "pgx".
	_ "github.com/lib/pq"              // The driver "postgres".

	"github.com/daybook-apm/daybook/tests/servers"
)

func postgresqlTargets(server *servers.Server) []target {
	dsn := fmt.Sprintf("postgres://daybook@%s/postgres?sslmode=disable", server.Address())
	return []target{
		{name: "pgx", driver: "pgx", dsn: dsn, dialect: &postgresqlDialect},
		{name: "pgx simple protocol", driver: "pgx", dsn: dsn + "&default_query_exec_mode=simple_protocol", dialect: &postgresqlDialect},
		{name: "pq", driver: "postgres", dsn: dsn, dialect: &postgresqlDialect},
	}
}

var postgresqlDialect = dialect{
	system: "postgresql",
	schema: []string{
		`CREATE TYPE mood AS ENUM ('glad', 'sad')`,
		`CREATE DOMAIN positive AS integer CHECK (VALUE > 0)`,
		`CREATE TABLE kinds (
			id integer PRIMARY KEY, small smallint, whole bigint NOT NULL, real4 real, real8 double precision, exact numeric(10,3),
			open_numeric numeric, flag boolean, name varchar(20), fixed char(5), note text, letter "char", bytes bytea,
			day date, clock time, zoned_clock timetz, moment timestamp, zoned timestamptz(3), span interval,
			key uuid, document json, binary_document jsonb, markup xml, address inet, network cidr, mac macaddr, price money,
			bits bit(4), many_bits varbit(8), place point, numbers integer[], words text[], bounds int4range, words_index tsvector,
			state mood, natural_number positive, object oid)`,
		`INSERT INTO kinds VALUES
			(1, 2, 42, 2.5, 2.5, 12.345, 1e30, true, 'tea', 'ab', 'line', 'x', '\x00ff10',
			 '2026-11-22', '09:30:00', '09:30:00+09', '2026-11-22 09:30:00.123456', '2026-11-22 09:30:00.123+09', '1 day 2 hours',
			 '0123e4f2-0000-4000-8000-000000000001', '{"a": 1}', '{"b": [1, 2]}', '<a>b</a>', '127.0.0.1/32', '10.0.0.0/8', '08:00:2b:01:02:03', '12.34',
			 B'1010', B'101', '(1,2)', '{1,2,3}', '{tea,"green tea"}', '[1,5)', 'a fat cat', 'glad', 7, 42),
			(2, -32768, 9223372036854775807, 'Infinity', 'NaN', -9999999.999, 'NaN', false, '', '', 'ünïcödé ☕', '', '',
			 '0001-01-01', '23:59:59.999999', '00:00:00-12', '9999-12-31 23:59:59', '1970-01-01 00:00:00+00', '-1 month',
			 'ffffffff-ffff-ffff-ffff-ffffffffffff', 'null', '"text"', '', '::1', '2001:db8::/32', 'ff:ff:ff:ff:ff:ff', '-0.01',
			 B'0000', B'', '(0,0)', '{}', '{NULL}', 'empty', '', 'sad', 1, 0)`,
		`INSERT INTO kinds (id, whole) VALUES (3, 0)`,
		`CREATE TABLE shops (id integer PRIMARY KEY)`,
		`CREATE TABLE ledger (
			id serial PRIMARY KEY, item varchar(40) NOT NULL UNIQUE, amount integer CHECK (amount >= 0),
			shop integer REFERENCES shops)`,
	},
	mistakes: []mistake{
		{name: "syntax", query: `SELEC 1`},
		{name: "unknown table", query: `SELECT * FROM nowhere`},
		{name: "unknown column", query: `SELECT nothing FROM ledger`},
		{name: "unique", query: `INSERT INTO ledger (id, item) VALUES (1, 'a'), (2, 'a')`},
		{name: "not null", query: `INSERT INTO ledger (id, item) VALUES (1, ?)`, arguments: []any{nil}},
		{name: "check", query: `INSERT INTO ledger (id, item, amount) VALUES (1, 'a', ?)`, arguments: []any{-1}},
		{name: "foreign key", query: `INSERT INTO ledger (id, item, shop) VALUES (1, 'a', ?)`, arguments: []any{99}},
		{name: "too long", query: `INSERT INTO ledger (id, item) VALUES (1, repeat('x', 41))`},
		{name: "division", query: `SELECT 1 / (SELECT count(*) FROM shops)`},
		{name: "text for a number", query: `SELECT 'tea'::integer`},
		{name: "half way", query: `SELECT 1 / (3 - i) FROM generate_series(1, 5) i`},
		{name: "raised", query: `DO $$ BEGIN RAISE EXCEPTION 'own text' USING ERRCODE = 'P1234', DETAIL = 'why', HINT = 'what to do'; END $$`},
	},
	endless: `SELECT pg_sleep(600) /* %s */`,
	running: `SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE '%' || ? || '%'`,
	stream:  `SELECT generate_series(1, 100000)`,
	sleep:   func(d time.Duration) string { return fmt.Sprintf(`SELECT 1 FROM pg_sleep(%f)`, d.Seconds()) },
	// A row of more than 8 kB is more than the server holds back.
	trickle: func(rows int, each time.Duration) string {
		return fmt.Sprintf(`SELECT pg_sleep(%f)::text || repeat('x', 10000) FROM generate_series(1, %d)`, each.Seconds(), rows)
	},
	session: `SELECT pg_backend_pid()`,
	kill:    `SELECT pg_terminate_backend(%d)`,
	alive:   `SELECT count(*) FROM pg_stat_activity WHERE pid = %d`,
	echo:    `SELECT ?::text`,
	astray: func(dsn string) [3]string {
		return [3]string{
			"postgres://daybook@127.0.0.1:1/postgres?sslmode=disable", strings.Replace(dsn, "/postgres?", "/nowhere?", 1), "postgres://%",
		}
	},
}
