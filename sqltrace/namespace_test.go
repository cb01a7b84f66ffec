package sqltrace_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/daybook-apm/daybook/sqltrace"
)

func TestNamespaceOf(t *testing.T) {
	for _, test := range []struct{ system, dsn, want string }{
		{"postgresql", "postgres://u:s3cret@db:5432/shop?sslmode=disable", "shop"},
		{"postgresql", "postgres://u:s3cret@/shop", "shop"},
		{"postgresql", "postgres:///?host=/run&dbname=shop&password=s3cret", "shop"},
		{"postgresql", "postgresql://u:s3cret@a,b:5433/shop", "shop"},
		{"postgresql", "postgresql://u:s3cret@db", ""},
		{"postgresql", "postgres://u:s3%ZZcret@db/shop", ""}, // No URL.
		{"postgresql", "host=db user=u password=s3cret dbname=shop", "shop"},
		{"postgresql", "user = u  password = 's3cret dbname=evil'  dbname = 'my shop'", "my shop"},
		{"postgresql", `password='s3cret\' dbname=evil' dbname=shop`, "shop"},
		{"postgresql", `password=s3cret\ dbname=evil dbname=shop`, "shop"},
		{"postgresql", "password='s3cret dbname=evil", ""}, // Never closed.
		{"postgresql", "password=s3cret evil", ""},
		{"postgresql", "", ""},
		{"mysql", "u:s3cret@tcp(db:3306)/shop?parseTime=true", "shop"},
		{"mysql", "u:s3cret@tcp([::1]:3306)/shop", "shop"},
		{"mysql", "u:s3cret@unix(/run/mysqld.sock)/shop", "shop"},
		{"mysql", "u:s3cret@/shop", "shop"},
		{"mysql", "u:s3cret@tcp/shop", "shop"},
		{"mysql", "u:s3/cr@e?t/s3cret@tcp(db)/my%2Fshop?loc=Asia%2FTokyo", "my/shop"},
		{"mysql", "u:x/s3cret", ""}, // The database is missing.
		{"mysql", "u:x@y/s3cret", ""},
		{"mysql", "u:s3cret@tcp(db:3306)/", ""},
		{"mysql", "/shop", "shop"},
		{"mysql", "mysql://u:s3cret@db:3306/shop", "shop"},
		{"microsoft.sql_server", "sqlserver://sa:s3cret@db:1433/instance?database=shop", "shop"},
		{"microsoft.sql_server", "server=db;user id=sa;password=s3cret;Database=shop", "shop"},
		{"microsoft.sql_server", `server=db;password="s3cret;database=evil"`, ""},
		{"microsoft.sql_server", `odbc:server=db;pwd={s3cret;database=evil}`, ""},
		{"oracle.db", "oracle://u:s3cret@db:1521/shop", "shop"},
		{"clickhouse", "clickhouse://u:s3cret@db:9000/shop?dial_timeout=1s", "shop"},
		{"clickhouse", "tcp://db:9000?username=u&password=s3cret&database=shop", "shop"},
		{"other_sql", "u/s3cret@db", ""},
		{"sqlite", "app.db", "app.db"},
		{"sqlite", "/var/lib/app/app.db", "app.db"},
		{"sqlite", `C:\data\app.db`, "app.db"},
		{"sqlite", "file:app.db?cache=shared&_auth_pass=s3cret", "app.db"},
		{"sqlite", "file:///var/lib/my%20app.db?_pragma=key('s3cret')", "my app.db"},
		{"sqlite", "file:app?mode=memory&cache=shared", ":memory:"},
		{"sqlite", "file::memory:?cache=shared", ":memory:"},
		{"sqlite", ":memory:", ":memory:"},
		{"sqlite", "", ""},
		{"sqlite", "a\x00b", ""},
		{"sqlite", strings.Repeat("x", 129), ""},
	} {
		if got := sqltrace.NamespaceOf(test.system, test.dsn); got != test.want {
			t.Errorf("NamespaceOf(%q, %q) = %q, want %q", test.system, test.dsn, got, test.want)
		}
	}
}

func FuzzNamespaceOf(f *testing.F) {
	for _, dsn := range []string{
		"postgres://u:p@db/shop", "password='p' dbname=shop", "u:p@tcp(db)/shop?a=b", "server=a;database=b",
		"file:a?mode=memory", `a='\`, "a=", "://", "/%",
	} {
		f.Add(dsn)
	}
	f.Fuzz(func(t *testing.T, dsn string) {
		for _, system := range []string{"postgresql", "mysql", "sqlite", "microsoft.sql_server", "other_sql"} {
			got := sqltrace.NamespaceOf(system, dsn)
			if len(got) > 128 || !utf8.ValidString(got) {
				t.Errorf("NamespaceOf(%q, %q) = %q", system, dsn, got)
			}
		}
	})
}

// A password in its proper place never comes back, whatever it is made of.
func FuzzNamespaceHidesPassword(f *testing.F) {
	for _, p := range []string{"p", "a/b", "@", "a b", "'", `\`, "/x?", "tcp(db)/x", "' dbname=x", ";database=x;", `"`} {
		f.Add(p)
	}
	quote := strings.NewReplacer(`\`, `\\`, "'", `\'`)
	f.Fuzz(func(t *testing.T, password string) {
		for system, dsn := range map[string]string{
			"mysql":      "u:" + password + "@tcp(db)/shop",
			"postgresql": "user=u password='" + quote.Replace(password) + "' dbname=shop",
		} {
			if got := sqltrace.NamespaceOf(system, dsn); got != "shop" {
				t.Errorf("NamespaceOf(%q, %q) = %q, want shop", system, dsn, got)
			}
		}
	})
}
