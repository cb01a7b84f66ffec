//go:build go1.27

package sqltrace

import "database/sql/driver"

// shape returns r with [driver.RowsColumnScanner] if the driver's rows have it. Package sql then reads rows in another
// way, which rows without it cannot follow.
func (r *rows) shape() driver.Rows {
	if _, ok := r.Rows.(driver.RowsColumnScanner); ok {
		return scannerRows{r}
	}
	return r
}

// scannerRows are rows that scan into the caller's variables. Scanning is the caller's time, as it is without them.
type scannerRows struct{ *rows }

var _ driver.RowsColumnScanner = scannerRows{}

// NextRow implements [driver.RowsColumnScanner]: Next without values.
func (r scannerRows) NextRow() error {
	r.call.StartFetch()
	return r.fetched(1, r.Rows.(driver.RowsColumnScanner).NextRow())
}

// ScanColumn implements [driver.RowsColumnScanner].
func (r scannerRows) ScanColumn(ctx driver.ScanContext, i int, dest any) error {
	return r.Rows.(driver.RowsColumnScanner).ScanColumn(ctx, i, dest)
}
