package sqltrace_test

import (
	"testing"

	"github.com/daybook-apm/daybook/sqltrace"
)

func TestSystemOfPackage(t *testing.T) {
	for path, want := range map[string]string{
		"github.com/jackc/pgx/v5/stdlib":                  "postgresql",
		"github.com/lib/pq":                               "postgresql",
		"github.com/go-sql-driver/mysql":                  "mysql",
		"modernc.org/sqlite":                              "sqlite",
		"github.com/mattn/go-sqlite3":                     "sqlite",
		"github.com/microsoft/go-mssqldb":                 "microsoft.sql_server",
		"github.com/sijms/go-ora/v2":                      "oracle.db",
		"github.com/ClickHouse/clickhouse-go/v2/lib/some": "clickhouse",
		"example.com/driver":                              "other_sql",
		"":                                                "other_sql",
	} {
		if got := sqltrace.SystemOfPath(path); got != want {
			t.Errorf("SystemOfPath(%q) = %q, want %q", path, got, want)
		}
	}
}

func TestSystemOfName(t *testing.T) {
	for name, want := range map[string]string{
		"otelsql-pgx": "postgresql", "Postgres": "postgresql", "nrmysql": "mysql", "sqlite3": "sqlite",
		"sqlserver": "microsoft.sql_server", "mariadb": "mariadb", "fake": "other_sql", "": "other_sql",
	} {
		if got := sqltrace.SystemOf(newFake(nil), name); got != want {
			t.Errorf("SystemOf(%q) = %q, want %q", name, got, want)
		}
	}
	if got := sqltrace.SystemOf(nil, ""); got != "other_sql" {
		t.Errorf("SystemOf(nil) = %q, want other_sql", got)
	}
}
