package transactiontest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/internal/transaction"
	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
)

// The ledger must keep what it is given beyond the call: the sheet of a transaction is used again.
func TestLedgerKeepsCopies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, ledger := transactiontest.New(t)
		for _, name := range []string{"first", "second"} {
			tx := &transaction.Transaction{}
			tx.Begin(ctx, transaction.AgentFrom(ctx), transaction.Request{Kind: transaction.Job, Route: name})
			part := transaction.StartSegment(tx, name)
			time.Sleep(time.Second)
			part.End()
			tx.End()
		}
		var got []transaction.SegmentTotal
		for _, tx := range ledger.Transactions() {
			got = append(got, tx.Segments...)
		}
		want := []transaction.SegmentTotal{
			{Name: "first", Calls: 1, Time: time.Second},
			{Name: "second", Calls: 1, Time: time.Second},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("segments (-want +got):\n%s", diff)
		}
	})
}
