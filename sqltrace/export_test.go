package sqltrace

import "database/sql/driver"

// The private doors of the tests.
var (
	ErrorType   = errorType
	NamespaceOf = namespaceOf
)

// SystemOf returns the db.system.name that is guessed for a driver.
func SystemOf(d driver.Driver, name string) string { return productOf(d, name).system }

// SystemOfPath returns the db.system.name of a driver's package.
func SystemOfPath(path string) string { return productOfPath(path).system }
