package sqltext_test

import (
	"strings"
	"testing"

	"github.com/daybook-apm/daybook/internal/sqltext"
)

func TestSummary(t *testing.T) {
	type cases map[string]struct{ query, summary, operation string }
	tests := map[string]cases{
		"postgresql": {
			// The examples of the conventions.
			"one operation":    {"SELECT *\nFROM wuser_table\nWHERE username = ?", "SELECT wuser_table", "SELECT"},
			"two operations":   {"INSERT INTO shipping_details\n (order_id, address)\nSELECT order_id, address FROM orders WHERE order_id = ?", "INSERT shipping_details SELECT orders", "INSERT"},
			"two targets":      {"SELECT * FROM songs, artists WHERE songs.artist_id == artists.id", "SELECT songs artists", "SELECT"},
			"anonymous table":  {"SELECT order_date FROM (SELECT * FROM orders o JOIN customers c ON o.customer_id = c.customer_id)", "SELECT SELECT orders customers", "SELECT"},
			"names in quotes":  {`SELECT * FROM "song list", 'artists'`, `SELECT "song list"`, "SELECT"},
			"stored procedure": {"{call some_stored_procedure}", "CALL some_stored_procedure", "CALL"},

			"no table":             {"SELECT 1", "SELECT", "SELECT"},
			"lower case":           {"select a from Users", "SELECT Users", "SELECT"},
			"schema":               {"SELECT * FROM public.users u", "SELECT public.users", "SELECT"},
			"database and schema":  {`SELECT * FROM "db"."public" . "Users"`, "SELECT db.public.Users", "SELECT"},
			"unsafe quotes":        {`SELECT * FROM "a.b"."c d"`, `SELECT "a.b"."c d"`, "SELECT"},
			"literal for a name":   {`SELECT * FROM a.'secret' WHERE b = 1`, `SELECT`, "SELECT"},
			"joins":                {"SELECT * FROM a LEFT JOIN b ON a.x = b.x NATURAL JOIN c CROSS JOIN d, e", "SELECT a b c d e", "SELECT"},
			"joins in brackets":    {"SELECT * FROM (a JOIN b USING (x)) JOIN c USING (y)", "SELECT a b c", "SELECT"},
			"aliases":              {"SELECT * FROM a AS x, b y, ONLY c WHERE 1 IN (d, e)", "SELECT a b c", "SELECT"},
			"lateral":              {"SELECT * FROM a, LATERAL (SELECT * FROM b) x", "SELECT a SELECT b", "SELECT"},
			"table function":       {"SELECT * FROM generate_series(1, 10) AS g, a", "SELECT generate_series a", "SELECT"},
			"table of values":      {"SELECT * FROM (VALUES (1, 2)) AS v, a", "SELECT a", "SELECT"},
			"scalar query":         {"SELECT a, (SELECT max(x) FROM b) FROM c", "SELECT SELECT b c", "SELECT"},
			"query in WHERE":       {"SELECT * FROM a WHERE x IN (SELECT y FROM b) AND EXISTS (SELECT 1 FROM c)", "SELECT a SELECT b SELECT c", "SELECT"},
			"FROM in a function":   {"SELECT EXTRACT(YEAR FROM x), TRIM(BOTH FROM y), SUBSTRING(z FROM 2) FROM a", "SELECT a", "SELECT"},
			"FROM in a comparison": {"SELECT * FROM a WHERE x IS DISTINCT FROM y", "SELECT a", "SELECT"},
			"UNION":                {"(SELECT * FROM a) UNION ALL (SELECT * FROM b) ORDER BY 1", "SELECT a SELECT b", "SELECT"},
			"commas behind FROM":   {"SELECT * FROM a GROUP BY x, y ORDER BY z, w LIMIT 1, 2", "SELECT a", "SELECT"},
			"row lock":             {"SELECT * FROM a FOR UPDATE OF b SKIP LOCKED", "SELECT a", "SELECT"},
			"keyword as a table":   {"SELECT * FROM type WHERE x = 1", "SELECT type", "SELECT"},
			"table named insert":   {"SELECT * FROM insert WHERE update = 5", "SELECT insert", "SELECT"},

			"expression":              {"WITH x AS (SELECT * FROM a) SELECT * FROM x", "SELECT a SELECT", "SELECT"},
			"expressions":             {"WITH RECURSIVE x (n) AS (SELECT 1 FROM a UNION SELECT n FROM x), \"y\" AS NOT MATERIALIZED (SELECT * FROM b) SELECT * FROM x JOIN y ON x.n = y.n JOIN c ON true", "SELECT a SELECT SELECT b SELECT c", "SELECT"},
			"expression that deletes": {"WITH moved AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM moved", "DELETE a INSERT b SELECT", "INSERT"},
			"expression for update":   {"WITH x AS (SELECT 1 FROM a) UPDATE b SET c = x.c FROM x", "SELECT a UPDATE b", "UPDATE"},
			"expression inside":       {"SELECT * FROM (WITH x AS (SELECT * FROM a) SELECT * FROM x) AS y", "SELECT SELECT a SELECT", "SELECT"},
			"expression of an insert": {"INSERT INTO a WITH x AS (SELECT * FROM b) SELECT * FROM x", "INSERT a SELECT b SELECT", "INSERT"},

			"insert":             {"INSERT INTO users (a, b) VALUES ($1, $2) ON CONFLICT (a) DO UPDATE SET b = excluded.b RETURNING id, b", "INSERT users", "INSERT"},
			"insert tight":       {"INSERT INTO users(a) VALUES(1)", "INSERT users", "INSERT"},
			"update":             {"UPDATE ONLY users AS u SET a = 1, b = 2 FROM x, y WHERE u.id = x.id", "UPDATE users x y", "UPDATE"},
			"update by a query":  {"UPDATE a SET b = (SELECT max(c) FROM d) WHERE e = 1", "UPDATE a SELECT d", "UPDATE"},
			"delete":             {"DELETE FROM users WHERE id = 1", "DELETE users", "DELETE"},
			"delete using":       {"DELETE FROM a USING b, c WHERE a.id = b.id", "DELETE a b c", "DELETE"},
			"merge":              {"MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN UPDATE SET x = 1 WHEN NOT MATCHED THEN INSERT (id) VALUES (1)", "MERGE a b", "MERGE"},
			"truncate":           {"TRUNCATE a, b CASCADE", "TRUNCATE a b", "TRUNCATE"},
			"truncate table":     {"TRUNCATE TABLE a, b", "TRUNCATE TABLE a b", "TRUNCATE TABLE"},
			"copy":               {"COPY users (a, b) FROM STDIN", "COPY users", "COPY"},
			"copy of a query":    {"COPY (SELECT * FROM a) TO STDOUT", "COPY SELECT a", "COPY"},
			"call":               {"CALL app.cleanup($1)", "CALL app.cleanup", "CALL"},
			"lock":               {"LOCK TABLE users IN ACCESS EXCLUSIVE MODE", "LOCK users", "LOCK"},
			"create table":       {"CREATE UNLOGGED TABLE IF NOT EXISTS public.users (id int REFERENCES b (id), update text)", "CREATE TABLE public.users", "CREATE TABLE"},
			"create table as":    {"CREATE TABLE a AS SELECT * FROM b", "CREATE TABLE a SELECT b", "CREATE TABLE"},
			"create view":        {"CREATE OR REPLACE VIEW v AS WITH x AS (SELECT 1 FROM a) SELECT * FROM x WITH CHECK OPTION", "CREATE VIEW v SELECT a SELECT", "CREATE VIEW"},
			"create index":       {"CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON ONLY users (a, b)", "CREATE INDEX i users", "CREATE INDEX"},
			"index without name": {"CREATE INDEX ON users (a)", "CREATE INDEX users", "CREATE INDEX"},
			"create trigger":     {"CREATE TRIGGER x AFTER INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION f()", "CREATE TRIGGER x users", "CREATE TRIGGER"},
			"create user":        {"CREATE USER alice PASSWORD 'secret'", "CREATE USER", "CREATE USER"},
			"alter table":        {"ALTER TABLE ONLY users ADD COLUMN a int, DROP COLUMN b", "ALTER TABLE users", "ALTER TABLE"},
			"drop table":         {"DROP TABLE IF EXISTS a, b.c CASCADE", "DROP TABLE a b.c", "DROP TABLE"},
			"grant":              {"GRANT SELECT, INSERT ON users TO bob", "GRANT", "GRANT"},
			"begin":              {"BEGIN ISOLATION LEVEL SERIALIZABLE", "BEGIN", "BEGIN"},
			"savepoint":          {"SAVEPOINT sp_12345", "SAVEPOINT", "SAVEPOINT"},
			"set":                {"SET LOCAL statement_timeout = 5", "SET", "SET"},
			"show":               {"SHOW work_mem", "SHOW", "SHOW"},
			"vacuum":             {"VACUUM", "VACUUM", "VACUUM"},
			"listen":             {"LISTEN channel_42", "LISTEN", "LISTEN"},
			"execute":            {"EXECUTE stmt_42 (1)", "EXECUTE", "EXECUTE"},
			"explain":            {"EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM a", "EXPLAIN SELECT a", "EXPLAIN"},
			"explain analyze":    {"EXPLAIN ANALYZE VERBOSE DELETE FROM a", "EXPLAIN DELETE a", "EXPLAIN"},
			"analyze":            {"ANALYZE users", "ANALYZE", "ANALYZE"},
			"several":            {"BEGIN; INSERT INTO a VALUES (1); UPDATE b SET c = 1; COMMIT;", "BEGIN INSERT a UPDATE b COMMIT", "BEGIN"},
			"names do not leak":  {"WITH x AS (SELECT 1) SELECT * FROM x; SELECT * FROM x", "SELECT SELECT SELECT x", "SELECT"},

			"comments":       {"/* secret */ -- name: Get\nSELECT * FROM /* b */ a", "SELECT a", "SELECT"},
			"empty":          {"", "", ""},
			"only comments":  {"/* SELECT */", "", ""},
			"no SQL":         {"secret data from users", "", ""},
			"no SQL, quoted": {"'SELECT * FROM users'", "", ""},
			"open brackets":  {"SELECT * FROM (((SELECT * FROM a", "SELECT SELECT a", "SELECT"},
			"close brackets": {"))) SELECT * FROM a", "SELECT a", "SELECT"},
		},
		"mysql": {
			"backticks":       {"SELECT * FROM `db`.`users` u STRAIGHT_JOIN `order items`", "SELECT db.users `order items`", "SELECT"},
			"strings":         {`SELECT * FROM "secret"`, "SELECT", "SELECT"},
			"insert":          {"INSERT LOW_PRIORITY IGNORE INTO users SET a = 1 ON DUPLICATE KEY UPDATE a = VALUES(a)", "INSERT users", "INSERT"},
			"insert, no INTO": {"INSERT users VALUES (1)", "INSERT users", "INSERT"},
			"replace":         {"REPLACE INTO users VALUES (1)", "REPLACE users", "REPLACE"},
			"replace()":       {"SELECT REPLACE(a, 'x', 'y'), INSERT(a, 1, 2, 'x') FROM b", "SELECT b", "SELECT"},
			"update of two":   {"UPDATE a, b JOIN c ON b.x = c.x SET a.y = 1, b.y = 2", "UPDATE a b c", "UPDATE"},
			"delete by alias": {"DELETE u FROM users u JOIN b USING (id) WHERE 1", "DELETE users b", "DELETE"},
			"index hints":     {"SELECT * FROM a USE INDEX (i, j), b FORCE INDEX (k)", "SELECT a b", "SELECT"},
			"lock":            {"LOCK TABLES a READ", "LOCK a", "LOCK"},
			"use":             {"USE shop", "USE shop", "USE"},
			"start":           {"START TRANSACTION READ ONLY", "START", "START"},
			"describe":        {"DESC users", "DESC users", "DESC"},
			"drop index":      {"DROP INDEX i ON users", "DROP INDEX i users", "DROP INDEX"},
		},
		"sqlite": {
			"names":            {"SELECT * FROM \"a\", [b c], `d`", "SELECT a [b c] d", "SELECT"},
			"insert or":        {"INSERT OR REPLACE INTO users VALUES (1)", "INSERT users", "INSERT"},
			"update or":        {"UPDATE OR IGNORE users SET a = 1", "UPDATE users", "UPDATE"},
			"pragma":           {"PRAGMA main.journal_mode = WAL", "PRAGMA main.journal_mode", "PRAGMA"},
			"explain":          {"EXPLAIN QUERY PLAN SELECT * FROM a", "EXPLAIN SELECT a", "EXPLAIN"},
			"begin":            {"BEGIN IMMEDIATE", "BEGIN", "BEGIN"},
			"trigger with SQL": {"CREATE TRIGGER x AFTER UPDATE ON a BEGIN UPDATE b SET c = 1; DELETE FROM d; END", "CREATE TRIGGER x a DELETE d END", "CREATE TRIGGER"},
		},
		"microsoft.sql_server": {
			"brackets":    {"SELECT TOP (10) * FROM [dbo].[users] u WITH (NOLOCK) CROSS APPLY fn(u.id) JOIN db..[order items] ON 1 = 1", "SELECT dbo.users fn db..[order items]", "SELECT"},
			"exec":        {"EXEC dbo.cleanup @days = 5", "EXEC dbo.cleanup", "EXEC"},
			"execute":     {"EXECUTE cleanup", "EXECUTE cleanup", "EXECUTE"},
			"temporary":   {"SELECT * FROM #t JOIN @u ON 1 = 1", "SELECT #t", "SELECT"},
			"insert hint": {"INSERT INTO a WITH (TABLOCK) SELECT * FROM b", "INSERT a SELECT b", "INSERT"},
		},
		"other_sql": {
			"strings": {`SELECT * FROM "secret" JOIN b ON 1 = 1`, "SELECT b", "SELECT"},
		},
	}
	for system, cases := range tests {
		for name, test := range cases {
			t.Run(system+"/"+name, func(t *testing.T) {
				got := sqltext.NewDatabase(system).Statement(test.query)
				if got.Summary != test.summary || got.Operation != test.operation {
					t.Errorf("summary by the rules of %s\n query %s\n got   %q (%s)\n want  %q (%s)",
						system, test.query, got.Summary, got.Operation, test.summary, test.operation)
				}
			})
		}
	}
}

func TestSummaryCutsNoTarget(t *testing.T) {
	table := strings.Repeat("x", 60)
	got := sqltext.NewDatabase("mysql").Statement("SELECT * FROM " + strings.Repeat(table+", ", 9) + "b").Summary
	if want := "SELECT" + strings.Repeat(" "+table, 4); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(got) > sqltext.MaxSummary {
		t.Errorf("%d bytes, want at most %d", len(got), sqltext.MaxSummary)
	}
}
