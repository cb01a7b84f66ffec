package databases_test

import (
	"fmt"
	"strings"
	"time"

	_ "github.com/go-sql-driver/mysql" // The driver "mysql".

	"github.com/daybook-apm/daybook/tests/servers"
)

func mariadbTargets(server *servers.Server) []target {
	dsn := fmt.Sprintf("root@tcp(%s)/test", server.Address())
	return []target{
		// Without interpolation every statement with arguments is prepared behind driver.ErrSkip.
		{name: "mysql", driver: "mysql", dsn: dsn, dialect: &mariadbDialect},
		{name: "mysql interpolated", driver: "mysql", dsn: dsn + "?interpolateParams=true&parseTime=true&multiStatements=true", dialect: &mariadbDialect},
	}
}

var mariadbDialect = dialect{
	system: "mariadb",
	schema: []string{
		`ALTER DATABASE test CHARACTER SET utf8mb4`,
		`CREATE TABLE kinds (
			id int PRIMARY KEY, tiny tinyint, small smallint unsigned, middle mediumint, whole bigint NOT NULL, positive bigint unsigned,
			real4 float, real8 double, exact decimal(10,3), flag bool, bits bit(8), name varchar(20), fixed char(5), note text,
			huge longtext, bytes blob, few_bytes varbinary(16), fixed_bytes binary(4), day date, clock time(3), moment datetime(6),
			stamp timestamp NULL, year_only year, choice enum('glad','sad'), choices set('a','b','c'), document json, place point,
			key_number uuid, address inet6, latin varchar(20) CHARACTER SET latin1)`,
		`INSERT INTO kinds VALUES
			(1, 3, 4, 5, 42, 18446744073709551615, 2.5, 2.5, 12.345, true, b'10101010', 'tea', 'ab', 'line',
			 'long', x'00ff10', x'0102', x'01020304', '2026-11-22', '09:30:00.123', '2026-11-22 09:30:00.123456',
			 '2026-11-22 09:30:00', 2026, 'glad', 'a,c', '{"a": 1}', POINT(1, 2), '0123e4f2-0000-4000-8000-000000000001', '::1', 'tea'),
			(2, -128, 65535, -8388608, 9223372036854775807, 0, -1e30, 1e300, -9999999.999, false, b'0', '', '', 'ünïcödé ☕',
			 '', x'', x'', x'00000000', '0001-01-01', '-838:59:59', '9999-12-31 23:59:59.999999',
			 '1970-01-01 00:00:01', 1901, 'sad', '', 'null', POINT(0, 0), '00000000-0000-0000-0000-000000000000', '::', 'é'),
			(3, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
			 NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`,
		`CREATE TABLE shops (id int PRIMARY KEY)`,
		`CREATE TABLE ledger (
			id int AUTO_INCREMENT PRIMARY KEY, item varchar(40) NOT NULL UNIQUE, amount int CHECK (amount >= 0),
			shop int, FOREIGN KEY (shop) REFERENCES shops (id))`,
		`CREATE PROCEDURE two_sets(wanted int) BEGIN SELECT wanted AS first; SELECT item, amount FROM ledger ORDER BY item; END`,
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
		{name: "division", query: `INSERT INTO ledger (id, item, amount) VALUES (1, 'a', 1 / 0)`},
		{name: "text for a number", query: `INSERT INTO ledger (id, item, amount) VALUES (1, 'a', 'tea')`},
		{name: "half way", query: `SELECT exp(seq * 300) FROM seq_1_to_5`},
		{name: "signaled", query: `SIGNAL SQLSTATE '45678' SET MESSAGE_TEXT = 'own text', MYSQL_ERRNO = 30001`},
	},
	endless: `SELECT SLEEP(600) /* %s */`,
	running: `SELECT coalesce(max(id), 0) FROM information_schema.processlist WHERE state = 'User sleep' AND info LIKE concat('%', ?, '%')`,
	stream:  `SELECT seq FROM seq_1_to_100000`,
	sleep:   func(d time.Duration) string { return fmt.Sprintf(`SELECT SLEEP(%f)`, d.Seconds()) },
	// A row of more than 16 kB is more than the server holds back.
	trickle: func(rows int, each time.Duration) string {
		return fmt.Sprintf(`SELECT concat(SLEEP(%f), repeat('x', 40000)) FROM seq_1_to_%d`, each.Seconds(), rows)
	},
	session: `SELECT CONNECTION_ID()`,
	kill:    `KILL CONNECTION %d`,
	alive:   `SELECT count(*) FROM information_schema.processlist WHERE id = %d`,
	echo:    `SELECT ?`,
	astray: func(dsn string) [3]string {
		return [3]string{"root@tcp(127.0.0.1:1)/test", strings.Replace(dsn, "/test", "/nowhere", 1), "no slash"}
	},
}
