package sqltrace_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

// TestEveryInterfaceIsKnown fails with the first release of Go whose package driver has an interface that this package
// does not know. Until it does, database/sql goes without it on a wrapped driver, as it does on a driver without it.
func TestEveryInterfaceIsKnown(t *testing.T) {
	known := []string{
		"ColumnConverter", "Conn", "ConnBeginTx", "ConnPrepareContext", "Connector", "Driver", "DriverContext", "Execer",
		"ExecerContext", "NamedValueChecker", "Pinger", "Queryer", "QueryerContext", "Result", "Rows",
		"RowsColumnScanner", "RowsColumnTypeDatabaseTypeName", "RowsColumnTypeLength", "RowsColumnTypeNullable",
		"RowsColumnTypePrecisionScale", "RowsColumnTypeScanType", "RowsNextResultSet", "SessionResetter", "Stmt",
		"StmtExecContext", "StmtQueryContext", "Tx", "Validator",
		// Of values, not of drivers.
		"ValueConverter", "Valuer", "decimal", "decimalCompose", "decimalDecompose",
	}
	file := filepath.Join(runtime.GOROOT(), "src", "database", "sql", "driver") //nolint:staticcheck // The tests run where the toolchain is.
	if _, err := os.Stat(file); err != nil {
		t.Skipf("the source of package driver is not installed: %v", err)
	}
	files, err := filepath.Glob(filepath.Join(file, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if _, ok := spec.Type.(*ast.InterfaceType); ok && ast.IsExported(spec.Name.Name) {
				found++
				if !slices.Contains(known, spec.Name.Name) {
					t.Errorf("%s has driver.%s, which this package does not pass on", runtime.Version(), spec.Name.Name)
				}
			}
			return true
		})
	}
	if found < 25 {
		t.Errorf("only %d interfaces were found in %s", found, file)
	}
}
