//go:build go1.27

package sqltrace_test

import (
	"database/sql/driver"
	"io"
	"testing"

	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
	"github.com/daybook-apm/daybook/sqltrace"
)

// scannerRows are rows that scan by themselves.
type scannerRows struct {
	*fakeRows
	scanned []int
}

func (r *scannerRows) NextRow() error {
	var dest [1]driver.Value
	return r.Next(dest[:])
}

func (r *scannerRows) ScanColumn(_ driver.ScanContext, i int, _ any) error {
	r.scanned = append(r.scanned, i)
	return errFake
}

func TestRowsThatScan(t *testing.T) {
	ctx, ledger := transactiontest.New(t)
	request := begin(ctx)
	fake := newFake(map[string]script{"SELECT a": {rows: []int{2}}})
	var own *scannerRows
	fake.rows = func(r *fakeRows) driver.Rows {
		own = &scannerRows{fakeRows: r}
		return own
	}
	c, err := sqltrace.WrapConnector(fakeConnector{fake}).Connect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := c.(driver.QueryerContext).QueryContext(request, "SELECT a", nil)
	if err != nil {
		t.Fatal(err)
	}
	scanner := rows.(driver.RowsColumnScanner)
	for scanner.NextRow() == nil {
		err := scanner.ScanColumn(driver.ScanContext{}, 0, nil)
		checkError(t, err, errFake)
	}
	if err := scanner.NextRow(); err != io.EOF {
		t.Errorf("got %v, want io.EOF", err)
	}
	if err := rows.Close(); err != nil {
		t.Error(err)
	}
	request.End()
	if got := ledger.One().Statements[0].Rows; got != 2 || len(own.scanned) != 2 {
		t.Errorf("%d rows, %d columns scanned, want 2 and 2", got, len(own.scanned))
	}

	fake.rows = fullRows
	request = begin(ctx)
	defer request.End()
	rows, err = c.(driver.QueryerContext).QueryContext(request, "SELECT a", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := rows.(driver.RowsColumnScanner); ok {
		t.Error("rows scan that cannot")
	}
}
