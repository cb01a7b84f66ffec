package transaction_test

import (
	"bytes"
	"context"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/internal/transaction"
	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
)

// labelled is [transactiontest.New] with an agent that labels goroutines.
func labelled(tb testing.TB) (context.Context, *transactiontest.Ledger) {
	tb.Helper()
	if !transaction.CanLabel {
		tb.Skip("how this release of Go keeps labels is not known")
	}
	ctx, ledger := transactiontest.New(tb)
	transaction.AgentFrom(ctx).GoroutineLabels = true
	return ctx, ledger
}

// inGoroutine calls f in another goroutine and waits for it.
func inGoroutine(f func()) {
	var wg sync.WaitGroup
	wg.Go(f)
	wg.Wait()
}

// found checks which transaction a call without context finds.
func found(t *testing.T, where string, want *transaction.Transaction) {
	t.Helper()
	if got := transaction.From(context.Background()); got != want {
		t.Errorf("%s: found %p, want %p", where, got, want)
	}
}

// profile returns the labels of this goroutine as the goroutine profile shows them, or an empty string.
func profile(t *testing.T) string {
	t.Helper()
	var text bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&text, 1); err != nil {
		t.Fatal(err)
	}
	for block := range strings.SplitSeq(text.String(), "\n\n") {
		if strings.Contains(block, "transaction_test.profile+") {
			_, after, _ := strings.Cut(block, "# labels: ")
			labels, _, _ := strings.Cut(after, "\n")
			return labels
		}
	}
	t.Fatal("this goroutine is not in its own profile")
	return ""
}

func TestGoroutine(t *testing.T) {
	ctx, _ := labelled(t)
	found(t, "before", nil)
	outer := begin(ctx, "/outer")
	found(t, "in the handler", outer)
	inGoroutine(func() {
		found(t, "in a goroutine", outer)
		inner := begin(ctx, "/inner")
		found(t, "in the inner one", inner)
		inGoroutine(func() { found(t, "in a goroutine of the inner one", inner) })
		inner.End()
		found(t, "after the inner one", outer)
	})
	if got := transaction.From(begin(ctx, "/ctx")); got == outer {
		t.Error("the goroutine wins over the context")
	} else {
		got.End()
	}
	other, _ := transactiontest.New(t)
	if got := transaction.From(other); got != nil {
		t.Error("the goroutine wins over the agent of the context")
	}
	type key string
	for name, hiding := range map[string]context.Context{
		"strings only":  stringKeys{ctx},
		"WithoutCancel": context.WithoutCancel(context.Background()),
		"a value":       context.WithValue(context.TODO(), key("a"), 1),
	} {
		if got := transaction.From(hiding); got != outer {
			t.Errorf("%s: found %p, want %p", name, got, outer)
		}
	}
	outer.End()
	found(t, "after the end", nil)
}

// stringKeys is a context that hides all values but those of its own kind, as that of a router does.
type stringKeys struct{ context.Context }

func (c stringKeys) Value(key any) any {
	if _, ok := key.(string); ok {
		return c.Context.Value(key)
	}
	return nil
}

func TestGoroutineWithoutOption(t *testing.T) {
	ctx, _ := transactiontest.New(t)
	tx := begin(ctx, "/x")
	defer tx.End()
	found(t, "in the handler", nil)
	if got := profile(t); got != "" {
		t.Errorf("labels %s", got)
	}
	if s := tx.Stack(); s != nil {
		t.Errorf("stack %s", s)
	}
}

// TestOwnLabels sets labels as programs do: nothing of ours may overwrite them.
func TestOwnLabels(t *testing.T) {
	ctx, _ := labelled(t)
	own := pprof.WithLabels(context.Background(), pprof.Labels("transaction", "mine", "worker", "7"))
	defer pprof.SetGoroutineLabels(context.Background())

	t.Run("before", func(t *testing.T) {
		pprof.SetGoroutineLabels(own)
		tx := begin(ctx, "/x")
		id := tx.SpanContext().SpanID().String()
		if got, want := profile(t), `{"route":"/x", "transaction":"`+id+`", "worker":"7"}`; got != want {
			t.Errorf("labels %s, want %s", got, want)
		}
		inner := begin(ctx, "/inner")
		if got := profile(t); !strings.Contains(got, `"/inner"`) || !strings.Contains(got, `"worker":"7"`) {
			t.Errorf("labels of an inner one: %s", got)
		}
		inner.End()
		found(t, "in the handler", tx)
		tx.End()
		if got, want := profile(t), `{"transaction":"mine", "worker":"7"}`; got != want {
			t.Errorf("labels after the end %s, want %s", got, want)
		}
		found(t, "with a label of the same key", nil)
	})
	t.Run("inside", func(t *testing.T) {
		pprof.SetGoroutineLabels(context.Background())
		tx := begin(ctx, "/x")
		pprof.SetGoroutineLabels(own)
		found(t, "after SetGoroutineLabels", nil)
		tx.SetRoute("/y")
		tx.End()
		if got, want := profile(t), `{"transaction":"mine", "worker":"7"}`; got != want {
			t.Errorf("labels after the end %s, want %s", got, want)
		}
	})
	t.Run("Do", func(t *testing.T) {
		pprof.SetGoroutineLabels(context.Background())
		tx := begin(ctx, "/x")
		inGoroutine(func() {
			pprof.Do(tx, pprof.Labels("part", "a"), func(ctx context.Context) {
				if got, want := profile(t), `{"part":"a"}`; got != want {
					t.Errorf("labels %s, want %s", got, want)
				}
				found(t, "in Do", nil)
				if got := transaction.From(ctx); got != tx {
					t.Errorf("with the context of Do: found %p, want %p", got, tx)
				}
			})
			found(t, "after Do", nil)
		})
		found(t, "beside Do", tx)
		tx.End()
	})
}

// TestRouteLabel learns the route while the transaction runs.
func TestRouteLabel(t *testing.T) {
	ctx, _ := labelled(t)
	tx := begin(ctx, "")
	id := tx.SpanContext().SpanID().String()
	if got, want := profile(t), `{"transaction":"`+id+`"}`; got != want {
		t.Errorf("labels %s, want %s", got, want)
	}
	tx.SetRoute("/late")
	if got, want := profile(t), `{"route":"/late", "transaction":"`+id+`"}`; got != want {
		t.Errorf("labels %s, want %s", got, want)
	}
	found(t, "with the route", tx)
	tx.End()
	if got := profile(t); got != "" {
		t.Errorf("labels after the end: %s", got)
	}
}

// TestLateGoroutine outlives its transaction: it counts for the endpoint, but not for ever.
func TestLateGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, ledger := labelled(t)
		tx := begin(ctx, "/x")
		run := func() {
			call := transaction.StartStatement(context.Background(), query)
			time.Sleep(ms)
			call.End(transaction.Result{})
		}
		go func() {
			time.Sleep(time.Second)
			run()
			time.Sleep(time.Minute)
			run()
		}()
		ignored := begin(ctx, "/ignored")
		go func() {
			time.Sleep(time.Second)
			run()
		}()
		ignored.Ignore()
		ignored.End()
		tx.End()
		time.Sleep(time.Hour)
		if n := len(ledger.Transactions()); n != 1 {
			t.Errorf("%d transactions, want 1", n)
		}
		// The agent of this test is not the current one: without a transaction nobody records the second call.
		want := []transactiontest.Statement{{
			Endpoint: transaction.Endpoint{Method: "GET", Route: "/x"},
			Total:    transaction.StatementTotal{Statement: query, Calls: 1, Time: ms, Max: ms},
		}}
		if diff := cmp.Diff(want, ledger.Statements(), samePointer); diff != "" {
			t.Errorf("statements (-want +got):\n%s", diff)
		}
	})
}

// TestLateGoroutineKeepsNothing has goroutines that live on.
func TestLateGoroutineKeepsNothing(t *testing.T) {
	ctx, _ := labelled(t)
	release := make(chan struct{})
	defer close(release)
	var ended weak.Pointer[transaction.Transaction]
	inGoroutine(func() {
		tx := begin(ctx, "/x")
		go func() { <-release }()
		tx.End()
		ended = weak.Make(tx)
	})
	for range 10 {
		if ended.Value() == nil {
			return
		}
		runtime.GC()
	}
	t.Error("a goroutine that lives on keeps the transaction")
}

// TestEndElsewhere ends transactions in other goroutines than they began in, the next one having begun: what a goroutine had
// before must not become a chain.
func TestEndElsewhere(t *testing.T) {
	ctx, _ := labelled(t)
	defer pprof.SetGoroutineLabels(context.Background())
	own := pprof.WithLabels(context.Background(), pprof.Labels("worker", "7"))
	pprof.SetGoroutineLabels(own)

	tx := begin(ctx, "/x")
	inGoroutine(tx.End)
	tx = begin(ctx, "/y")
	found(t, "in the second one", tx)
	tx.End()
	if got, want := profile(t), `{"worker":"7"}`; got != want {
		t.Errorf("labels after the second one %s, want %s", got, want)
	}

	last := begin(ctx, "/first")
	first := weak.Make(last)
	for range 3 {
		next := begin(ctx, "/next")
		last.End()
		last = next
	}
	found(t, "in the last one", last)
	for range 10 {
		runtime.GC()
	}
	if first.Value() != nil {
		t.Error("the last transaction keeps the first one")
	}
	last.End()
	if transaction.From(context.Background()) != nil {
		t.Error("labels of a transaction that had ended before came back")
	}
}

// TestGoroutineAllocations pins what binding costs: one allocation a transaction, none for each look.
func TestGoroutineAllocations(t *testing.T) {
	if !transaction.CanLabel {
		t.Skip("how this release of Go keeps labels is not known")
	}
	ctx := transactiontest.Discard(t)
	transaction.AgentFrom(ctx).GoroutineLabels = true
	n := testing.AllocsPerRun(1000, func() {
		tx := begin(ctx, "/x")
		call := transaction.StartStatement(context.Background(), query)
		call.End(transaction.Result{})
		tx.End()
	})
	if n > 2 {
		t.Errorf("a transaction with labels allocates %v times, want 2", n)
	}
}

func BenchmarkEmptyLabelled(b *testing.B) {
	ctx := transactiontest.Discard(b)
	transaction.AgentFrom(ctx).GoroutineLabels = true
	b.ReportAllocs()
	for b.Loop() {
		t := begin(ctx, "/x")
		t.SetStatus(200)
		t.End()
	}
}

// BenchmarkFrom looks for the transaction in a context without one.
func BenchmarkFrom(b *testing.B) {
	ctx := context.Background()
	b.Run("no labels", func(b *testing.B) {
		for b.Loop() {
			transaction.From(ctx)
		}
	})
	b.Run("labels", func(b *testing.B) {
		in := transactiontest.Discard(b)
		transaction.AgentFrom(in).GoroutineLabels = true
		t := begin(in, "/x")
		defer t.End()
		for b.Loop() {
			transaction.From(ctx)
		}
	})
}
