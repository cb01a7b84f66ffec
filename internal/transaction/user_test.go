package transaction_test

import (
	"testing"

	"github.com/daybook-apm/daybook/internal/transaction"
	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
)

// Counts of users are merged across processes and releases, so the hash must never change.
func TestHashUser(t *testing.T) {
	for id, want := range map[string]uint64{"": 0xef46db3751d8e999, "alice": 0x73a3ea485f2e6049} {
		if got := transaction.HashUser(id); got != want {
			t.Errorf("HashUser(%q) = %#x, want %#x", id, got, want)
		}
	}
}

func TestUser(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(*transaction.Transaction)
		want uint64
	}{
		{"nobody", func(*transaction.Transaction) {}, 0},
		{"default", func(tx *transaction.Transaction) { tx.DefaultUser(1) }, 1},
		{"first default", func(tx *transaction.Transaction) { tx.DefaultUser(1); tx.DefaultUser(2) }, 1},
		{"set before the default", func(tx *transaction.Transaction) { tx.SetUser(1); tx.DefaultUser(2) }, 1},
		{"set after the default", func(tx *transaction.Transaction) { tx.DefaultUser(1); tx.SetUser(2) }, 2},
		{"set late", func(tx *transaction.Transaction) { tx.End(); tx.SetUser(1); tx.DefaultUser(2) }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, ledger := transactiontest.New(t)
			tx := &transaction.Transaction{}
			tx.Begin(ctx, transaction.AgentFrom(ctx), transaction.Request{})
			c.set(tx)
			tx.End()
			if got, ok := tx.User(); got != c.want || ok != (c.want != 0) {
				t.Errorf("user %d, %v, want %d", got, ok, c.want)
			}
			ledger.One()
		})
	}
}
