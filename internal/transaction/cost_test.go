package transaction_test

import (
	"context"
	"testing"

	"github.com/daybook-apm/daybook/internal/transaction"
	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
)

// full is what the budget of the design counts: two queries of two rows, one exec, one outbound call.
func full(ctx context.Context) {
	t := begin(ctx, "/x")
	for range 2 {
		call := transaction.StartStatement(t, query)
		call.End(transaction.Result{})
		for i := range 3 {
			call.StartFetch()
			call.StopFetch(int64(1-i/2), "")
		}
		call.Close()
	}
	exec := transaction.StartStatement(t, insert)
	exec.End(transaction.Result{Rows: 1})
	out := transaction.StartRemote(t, remote, "GET")
	out.Pause()
	out.Resume()
	out.End(transaction.Result{Status: 200})
	t.SetStatus(200)
	t.End()
}

var (
	query  = statement("SELECT a, b FROM t WHERE id = ?")
	insert = statement("INSERT INTO t VALUES (?)")
)

// TestAllocations pins that a whole transaction is one allocation: children cost none.
func TestAllocations(t *testing.T) {
	ctx := transactiontest.Discard(t)
	if n := testing.AllocsPerRun(1000, func() { full(ctx) }); n > 1 {
		t.Errorf("a full transaction allocates %v times, want 1", n)
	}
}

func BenchmarkFull(b *testing.B) {
	ctx := transactiontest.Discard(b)
	b.ReportAllocs()
	for b.Loop() {
		full(ctx)
	}
}

func BenchmarkEmpty(b *testing.B) {
	ctx := transactiontest.Discard(b)
	b.ReportAllocs()
	for b.Loop() {
		t := begin(ctx, "/x")
		t.SetStatus(200)
		t.End()
	}
}

func BenchmarkEmptyParallel(b *testing.B) {
	ctx := transactiontest.Discard(b)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			begin(ctx, "/x").End()
		}
	})
}
