package sqltext_test

import (
	"strings"
	"testing"

	"github.com/daybook-apm/daybook/internal/sqltext"
)

// What is the same in every dialect.
func TestMaskInEveryDialect(t *testing.T) {
	tests := map[string]struct{ query, want string }{
		"nothing":              {``, ``},
		"only a semicolon":     {` ; ;; `, ``},
		"only a comment":       {"-- secret\n/* secret */", ``},
		"string":               {`SELECT * FROM users WHERE name = 'secret'`, `SELECT * FROM users WHERE name = ?`},
		"empty string":         {`SELECT ''`, `SELECT ?`},
		"doubled quote":        {`SELECT 'it''s secret' AS a`, `SELECT ? AS a`},
		"national string":      {`SELECT N'secret', n'secret'`, `SELECT ?, ?`},
		"bits and bytes":       {`SELECT x'1F', B'01', X'', b''`, `SELECT ?, ?, ?, ?`},
		"typed string":         {`SELECT DATE '2020-01-01', date'2020-01-01'`, `SELECT DATE ?, date?`},
		"unterminated string":  {`SELECT 'secret and all the rest`, `SELECT ?`},
		"unterminated comment": {`SELECT 1 /* secret 'and' all`, `SELECT ?`},
		"integers":             {`SELECT 1, 20, 1_000 FROM t1`, `SELECT ?, ?, ? FROM t1`},
		"fractions":            {`SELECT 1.5, .5, 5., 1.5e10, 1e-5, 1E+5, .5e1`, `SELECT ?, ?, ?, ?, ?, ?, ?`},
		"other bases":          {`SELECT 0xFF, 0b01, 0o17, 0x1e-5`, `SELECT ?, ?, ?, ?-?`},
		"letters in a number":  {`SELECT 12secret, 5`, `SELECT ?, ?`},
		"negative":             {`SELECT -1, +2, - 3 WHERE a = -1 AND b BETWEEN -5 AND -3 LIMIT -1`, `SELECT ?, ?, ? WHERE a = ? AND b BETWEEN ? AND ? LIMIT ?`},
		"negative in brackets": {`SELECT (-1), f(-.5)`, `SELECT (?), f(?)`},
		"subtraction":          {`SELECT a -1, a-1, f(x)-1, 2 - 1, ? - 1`, `SELECT a -?, a-?, f(x)-?, ? - ?, ? - ?`},
		"sign after operator":  {`SELECT a * -1, a - -1, - -1`, `SELECT a * ?, a - ?, - ?`},
		"digits in a name":     {`SELECT a1, b_2 FROM users_0001`, `SELECT a1, b_2 FROM users_0001`},
		"constants stay":       {`SELECT TRUE, false, NULL WHERE a IS NOT NULL`, `SELECT TRUE, false, NULL WHERE a IS NOT NULL`},
		"question marks":       {`SELECT ? WHERE a = ? AND b=?`, `SELECT ? WHERE a = ? AND b=?`},
		"named placeholders":   {`SELECT :name, @name WHERE a = :a1 AND b=@p1`, `SELECT :name, @name WHERE a = :a1 AND b=@p1`},
		"white space":          {" \tSELECT\r\n  a ,b\v FROM\f t ", `SELECT a, b FROM t`},
		"brackets":             {`SELECT ( a ) , f( b,c ) FROM( t )`, `SELECT (a), f(b, c) FROM(t)`},
		"control bytes":        {"SELECT\x00a\x01", `SELECT a`},
		"comments":             {"/* secret */SELECT/* it's */a -- it's secret\nFROM/**/t--", `SELECT a FROM t`},
		"semicolon at the end": {`SELECT 1 ; `, `SELECT ?`},
		"several statements":   {`BEGIN;SELECT 1;; ;COMMIT;`, `BEGIN; SELECT ?; COMMIT`},
		"case is kept":         {`select A from T`, `select A from T`},
		"operators":            {`SELECT a||b, a<>1, a::int, a:=1, a->>'x' FROM t`, `SELECT a||b, a<>?, a::int, a:=?, a->>? FROM t`},
		"names in other words": {`SELECT größe FROM 表 WHERE é = 'secret'`, `SELECT größe FROM 表 WHERE é = ?`},
		"bytes of no text":     {"SELECT a\xff\xfe FROM t WHERE b = '\xff'", `SELECT ? FROM t WHERE b = ?`},
		"endless name":         {`SELECT ` + strings.Repeat("a", 300), `SELECT ?`},
		"endless placeholder":  {`SELECT :` + strings.Repeat("a", 300), `SELECT ?`},

		"IN":                          {`SELECT a FROM t WHERE b IN (1, 2,3)`, `SELECT a FROM t WHERE b IN (?)`},
		"IN without space":            {`WHERE b in(1,2)`, `WHERE b in(?)`},
		"IN of one":                   {`WHERE b IN (1)`, `WHERE b IN (?)`},
		"IN of none":                  {`WHERE b IN ()`, `WHERE b IN ()`},
		"IN of placeholders":          {`WHERE b IN (?, ?, ?)`, `WHERE b IN (?)`},
		"IN of names":                 {`WHERE b IN (:a, :b)`, `WHERE b IN (?)`},
		"IN of a mixture":             {`WHERE b IN (1, 'a', NULL, true, -5, ?)`, `WHERE b IN (?)`},
		"IN with columns":             {`WHERE b IN (1, 2, c, 3, 4)`, `WHERE b IN (?, c, ?)`},
		"IN of tuples":                {`WHERE (a, b) IN ((1, 2), (3, 4))`, `WHERE (a, b) IN ((?))`},
		"IN of casts":                 {`WHERE a IN (CAST(1 AS int), CAST(2 AS int))`, `WHERE a IN (CAST(? AS int))`},
		"IN of a query":               {`WHERE a IN (SELECT b, 1, 1 FROM t WHERE c = :c)`, `WHERE a IN (SELECT b, ?, ? FROM t WHERE c = :c)`},
		"IN of a query with a list":   {`WHERE a IN (SELECT b FROM t WHERE c IN (1,2)) AND d IN (3,4)`, `WHERE a IN (SELECT b FROM t WHERE c IN (?)) AND d IN (?)`},
		"IN with comments":            {"WHERE a IN (1, -- one\n 2 /* two */, 3)", `WHERE a IN (?)`},
		"IN never closed":             {`WHERE a IN (1, 2`, `WHERE a IN (?, ?`},
		"arguments are no list":       {`SELECT f(1, 1), (2, 2)`, `SELECT f(?, ?), (?, ?)`},
		"VALUES":                      {`INSERT INTO t (a, b) VALUES (1, 'x')`, `INSERT INTO t (a, b) VALUES (?)`},
		"VALUES of many rows":         {`INSERT INTO t VALUES (1, 'x'),(2,'y') , (3, NULL)`, `INSERT INTO t VALUES (?)`},
		"VALUES of placeholders":      {`INSERT INTO t VALUES (:a, :b), (:c, :d)`, `INSERT INTO t VALUES (?)`},
		"VALUES with a function":      {`INSERT INTO t VALUES (1, now(), 2), (3, now(), 4) RETURNING id`, `INSERT INTO t VALUES (?, now(), ?) RETURNING id`},
		"VALUES of different rows":    {`INSERT INTO t VALUES (1, now()), (3, DEFAULT), (f(1), 'x') RETURNING id`, `INSERT INTO t VALUES (?, now()) RETURNING id`},
		"VALUES with a query":         {`INSERT INTO t VALUES ((SELECT a FROM b WHERE c = 1), 2)`, `INSERT INTO t VALUES ((SELECT a FROM b WHERE c = ?), ?)`},
		"VALUES of constants":         {`INSERT INTO t VALUES (NULL, DEFAULT, TRUE)`, `INSERT INTO t VALUES (?)`},
		"VALUES of ROW":               {`VALUES ROW(1,2), ROW(3,4) ORDER BY 1`, `VALUES ROW(?) ORDER BY ?`},
		"VALUES without commas":       {`INSERT INTO t VALUES (1)(2)(3)`, `INSERT INTO t VALUES (?)`},
		"VALUES as a function":        {`ON DUPLICATE KEY UPDATE a = VALUES(a), b = VALUES(b), c = 1`, `ON DUPLICATE KEY UPDATE a = VALUES(a), b = VALUES(b), c = ?`},
		"VALUES as a table":           {`SELECT * FROM (VALUES (1, 2), (3, 4)) AS v (a, b)`, `SELECT * FROM (VALUES (?)) AS v (a, b)`},
		"VALUES ends with semicolon":  {`INSERT INTO t VALUES (1),(2); SELECT (1), (2)`, `INSERT INTO t VALUES (?); SELECT (?), (?)`},
		"brackets end with semicolon": {`WHERE a IN (:a, (:b; SELECT :c, 1, 1`, `WHERE a IN (?, (?; SELECT :c, ?, ?`},
		"too many brackets closed":    {`)))) VALUES ) (1), (2) ]] IN (1, 2)`, `)))) VALUES) (?), (?)]] IN (?)`},
	}
	for _, system := range []string{"postgresql", "mysql", "sqlite", "microsoft.sql_server", "other_sql"} {
		for name, test := range tests {
			t.Run(system+"/"+name, func(t *testing.T) {
				checkMask(t, system, test.query, test.want)
			})
		}
	}
}

func TestMaskInOneDialect(t *testing.T) {
	type cases map[string]struct{ query, want string }
	tests := map[string]cases{
		"postgresql": {
			"ordinals":              {`SELECT $1, $22 WHERE a=$3`, `SELECT $1, $22 WHERE a=$3`},
			"data as an ordinal":    {`SELECT $123456, $1.5, $1a`, `SELECT ?, ?, ?`},
			"ordinals in lists":     {`WHERE a IN ($1, $2::int, $3::int)`, `WHERE a IN (?, ?::int)`},
			"backslash is plain":    {`SELECT 'secret\', a`, `SELECT ?, a`},
			"escape string":         {`SELECT E'it\'s secret', e'\\', a`, `SELECT ?, ?, a`},
			"escape string goes on": {"SELECT E'a'\n'it\\'s secret', a", `SELECT ?, a`},
			"over a comment":        {"SELECT E'a' -- it's\n--\n 'it\\'s secret', a", `SELECT ?, a`},
			"not on the same line":  {"SELECT E'a' 'secret\\', a -- '\n", `SELECT ? ?, a`},
			"two strings":           {"SELECT 'a'\n'b', a", `SELECT ? ?, a`},
			"unicode string":        {`SELECT U&'d\0061t' UESCAPE '!', a`, `SELECT U&? UESCAPE ?, a`},
			"dollar quotes":         {`SELECT $$it's secret$$, $tag$ $$ 'secret' $tag$, a`, `SELECT ?, ?, a`},
			"dollar never closed":   {`SELECT $a$ secret $b$ secret`, `SELECT ?`},
			"dollar in a name":      {`SELECT a$b$c, 'secret' FROM x$$y`, `SELECT a$b$c, ? FROM x$$y`},
			"quoted names":          {`SELECT "a", "b c"."d""e" FROM "Users"`, `SELECT "a", "b c"."d""e" FROM "Users"`},
			"name never closed":     {`SELECT "secret`, `SELECT ?`},
			"endless quoted name":   {`SELECT "` + strings.Repeat("a", 300) + `"`, `SELECT ?`},
			"lines in a name":       {"SELECT \"a\nb\"", `SELECT ?`},
			"nested comment":        {`SELECT /* a /* b */ secret */ c`, `SELECT c`},
			"comment ends at CR":    {"SELECT a -- secret\rFROM t", `SELECT a FROM t`},
			"arrays":                {`SELECT ARRAY[1,2,3], a[1], a[1:2], a[:2], ARRAY['x']`, `SELECT ARRAY[?], a[?], a[?:?], a[:?], ARRAY[?]`},
			"operators":             {`SELECT a #> '{x}', a @> b, a @@ b, a ? 'x', a ?| ARRAY['x'], @-5, @5`, `SELECT a #> ?, a @> b, a @@ b, a ? ?, a ?| ARRAY[?], @?, @?`},
			"backtick":              {"SELECT ` 'secret' `", "SELECT ` ? `"},
			"any of an array":       {`WHERE a = ANY($1)`, `WHERE a = ANY($1)`},
			"long rows of casts":    {`VALUES ($1::uuid, $2), ($3::uuid, $4)`, `VALUES (?::uuid, ?)`},
		},
		"mysql": {
			"backslash escapes":      {`SELECT 'it\'s secret', '\\', a`, `SELECT ?, ?, a`},
			"double quotes":          {`SELECT "secret", "it\"s secret", "a""b" FROM t`, `SELECT ?, ?, ? FROM t`},
			"backticks":              {"SELECT `a`.`b c`, `d``e` FROM `t`", "SELECT `a`.`b c`, `d``e` FROM `t`"},
			"hash comment":           {"SELECT a # it's secret\nFROM t#secret", `SELECT a FROM t`},
			"hints":                  {`SELECT /*! STRAIGHT_JOIN */ /*+ x */ a /*!50001 secret */ FROM t`, `SELECT a FROM t`},
			"no nested comment":      {`SELECT /* a /* b */ c`, `SELECT c`},
			"dashes without space":   {`SELECT 5--1, a--b, a--'secret'`, `SELECT ?-?, a- -b, a- -?`},
			"dashes that would join": {`SELECT a -/**/- b`, `SELECT a - - b`},
			"charset":                {`SELECT _utf8mb4'secret', _binary 'secret'`, `SELECT _utf8mb4?, _binary ?`},
			"variables":              {`SELECT @a, @@version, @'secret', @"secret"`, `SELECT @a, @@version, @?, @?`},
			"no escape string":       {`SELECT e'it\'s', a`, `SELECT e?, a`},
			"prefix and backslash":   {`SELECT N'it\'s secret', a`, `SELECT ?, a`},
		},
		"sqlite": {
			"names":              {"SELECT \"a\", [b c], `d` FROM \"t\" JOIN [t] ON \"t\".\"a\" = \"u\".\"b\"", "SELECT \"a\", [b c], `d` FROM \"t\" JOIN [t] ON \"t\".\"a\" = \"u\".\"b\""},
			"strings like names": {`UPDATE "t" SET "a" = "secret" WHERE b LIKE "secret" AND c IN ("secret", "x")`, `UPDATE "t" SET "a" = ? WHERE b LIKE ? AND c IN (?)`},
			"rows of such":       {`INSERT INTO "t" ("a", "b") VALUES ("secret", "x")`, `INSERT INTO "t" ("a", "b") VALUES (?)`},
			"placeholders":       {`SELECT ?1, ?22, :a, :1, @b, $c`, `SELECT ?1, ?22, :a, :1, @b, $c`},
			"data as ordinals":   {`SELECT ?123456, :123456`, `SELECT ??, :?`},
			"backslash is plain": {`SELECT 'secret\', a`, `SELECT ?, a`},
			"bracket not closed": {`SELECT [secret`, `SELECT ?`},
			"no nested comment":  {`SELECT /* a /* b */ c`, `SELECT c`},
		},
		"microsoft.sql_server": {
			"names":              {`SELECT [a].[b c], [d]]'e] FROM #t JOIN ##u`, `SELECT [a].[b c], [d]]'e] FROM #t JOIN ##u`},
			"double quotes":      {`SELECT "secret" FROM t`, `SELECT ? FROM t`},
			"money":              {`SELECT $1, $12.50, -$5`, `SELECT ?, ?, -?`},
			"parameters":         {`SELECT @p1, @@ROWCOUNT`, `SELECT @p1, @@ROWCOUNT`},
			"nested comment":     {`SELECT /* a /* b */ secret */ c`, `SELECT c`},
			"backslash is plain": {`SELECT 'secret\', a`, `SELECT ?, a`},
		},
		"other_sql": {
			"double quotes":         {`SELECT "secret" FROM "t"`, `SELECT ? FROM ?`},
			"plain backslash":       {`SELECT 'a\n', '\\', a`, `SELECT ?, ?, a`},
			"doubtful backslash":    {`SELECT a, 'it\'s secret', 'a' FROM t`, `SELECT a, ?`},
			"doubtful quotes":       {`SELECT a, "it\"s secret", 'a' FROM t`, `SELECT a, ?`},
			"triple quotes":         {`SELECT '''it's secret''', a`, `SELECT ?`},
			"quoted quotes":         {`SELECT '''a''', b, "" FROM t`, `SELECT ?, b, ? FROM t`},
			"Oracle's quotes":       {`SELECT q'[it's secret]', nq'!it's secret!', a`, `SELECT ?, ?, a`},
			"Oracle's, not closed":  {`SELECT q'[it's secret', a`, `SELECT ?`},
			"Oracle's, cut off":     {`SELECT q'`, `SELECT ?`},
			"Oracle's placeholders": {`SELECT :1, :22 WHERE a = :3`, `SELECT :1, :22 WHERE a = :3`},
			"dollar quotes":         {`SELECT $$it's secret$$, $x$it's$x$, $1, $name, $12.50`, `SELECT ?, ?, $1, $name, ?`},
			"hash":                  {`SELECT a # it's secret`, `SELECT a ?`},
			"doubtful comment":      {`SELECT a /* b /* c */ secret */ FROM t`, `SELECT a`},
			"backticks":             {"SELECT `a b` FROM `p.d.t`", "SELECT `a b` FROM `p.d.t`"},
			"doubtful backticks":    {"SELECT `a\\` secret` FROM t", "SELECT ?"},
			"brackets":              {`SELECT [a b], c[i], c[1], ['secret', 5], c[1:2], c[:2]`, `SELECT [a b], c[i], c[?], [?, ?], c[?:?], c[:?]`},
		},
	}
	for system, cases := range tests {
		for name, test := range cases {
			t.Run(system+"/"+name, func(t *testing.T) { checkMask(t, system, test.query, test.want) })
		}
	}
}

func checkMask(t *testing.T, system, query, want string) {
	t.Helper()
	if got := sqltext.Mask(system, query); got != want {
		t.Errorf("masked by the rules of %s\n query %s\n got   %s\n want  %s", system, query, got, want)
	}
	if again := sqltext.Mask(system, want); again != want {
		t.Errorf("masked a second time by the rules of %s\n text %s\n got  %s", system, want, again)
	}
}

func TestMaskCutsAfterAToken(t *testing.T) {
	var query, want strings.Builder
	query.WriteString("SELECT")
	want.WriteString("SELECT")
	for query.Len() < 3*sqltext.MaxText {
		query.WriteString(" größe_und_mehr,")
		if want.Len()+len(" größe_und_mehr,") <= sqltext.MaxText {
			want.WriteString(" größe_und_mehr,")
		}
	}
	// The token that does not fit as well as its comma may still fit.
	if want.Len()+len(" größe_und_mehr") <= sqltext.MaxText {
		want.WriteString(" größe_und_mehr")
	}
	checkMask(t, "postgresql", query.String(), want.String())
}

func TestMaskDropsAnyNumberOfRows(t *testing.T) {
	row := "(" + strings.Repeat("'secret', now(), ", 100) + "1)"
	masked := "(" + strings.Repeat("?, now(), ", 100) + "?)"
	query := "INSERT INTO t VALUES " + row + strings.Repeat(", "+row, 500) + " RETURNING id"
	checkMask(t, "mysql", query, "INSERT INTO t VALUES "+masked+" RETURNING id")
}
