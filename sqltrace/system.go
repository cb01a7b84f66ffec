package sqltrace

import (
	"database/sql/driver"
	"reflect"
	"strings"
)

const otherSystem = "other_sql"

// product is what is known of a driver.
type product struct {
	system string
	// plainResults says that the driver's results are plain values: asking them for the rows affected is a
	// reading of memory, which can neither fail nor be noticed.
	plainResults bool
}

// products are the drivers by the beginning of their package path.
var products = []struct {
	path string
	product
}{
	{"github.com/jackc/pgx/", product{"postgresql", true}},
	{"github.com/lib/pq", product{"postgresql", true}},
	{"github.com/go-sql-driver/mysql", product{"mysql", true}},
	{"modernc.org/sqlite", product{"sqlite", true}},
	{"github.com/mattn/go-sqlite3", product{"sqlite", true}},
	{"github.com/ncruces/go-sqlite3", product{"sqlite", true}},
	{"github.com/glebarez/", product{"sqlite", true}},
	{"github.com/microsoft/go-mssqldb", product{"microsoft.sql_server", false}},
	{"github.com/denisenkom/go-mssqldb", product{"microsoft.sql_server", false}},
	{"github.com/sijms/go-ora", product{"oracle.db", false}},
	{"github.com/godror/godror", product{"oracle.db", false}},
	{"github.com/ClickHouse/clickhouse-go", product{"clickhouse", false}},
	{"github.com/googleapis/go-sql-spanner", product{"gcp.spanner", false}},
	{"github.com/SAP/go-hdb", product{"sap.hana", false}},
	{"github.com/trinodb/trino-go-client", product{"trino", false}},
	{"github.com/nakagami/firebirdsql", product{"firebirdsql", false}},
	{"github.com/ibmdb/go_ibm_db", product{"ibm.db2", false}},
}

// names are the usual names of drivers, for those that are wrapped by somebody else already.
var names = []struct{ part, system string }{
	{"pgx", "postgresql"},
	{"postgres", "postgresql"},
	{"pq", "postgresql"},
	{"cockroach", "cockroachdb"},
	{"mariadb", "mariadb"},
	{"mysql", "mysql"},
	{"sqlite", "sqlite"},
	{"sqlserver", "microsoft.sql_server"},
	{"mssql", "microsoft.sql_server"},
	{"oracle", "oracle.db"},
	{"clickhouse", "clickhouse"},
}

// productOf says what is known of a driver by its Go type, else by the name it is registered under, which may be empty.
func productOf(d driver.Driver, name string) product {
	if p := productOfPath(packagePath(reflect.TypeOf(d))); p.system != otherSystem {
		return p
	}
	name = strings.ToLower(name)
	for _, n := range names {
		if strings.Contains(name, n.part) {
			return product{system: n.system}
		}
	}
	return product{system: otherSystem}
}

func productOfPath(path string) product {
	for _, p := range products {
		if strings.HasPrefix(path, p.path) {
			return p.product
		}
	}
	return product{system: otherSystem}
}

func packagePath(t reflect.Type) string {
	if t == nil {
		return ""
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.PkgPath()
}
