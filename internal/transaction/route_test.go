package transaction_test

import (
	"testing"

	"github.com/daybook-apm/daybook/internal/transaction"
	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
)

func TestRoute(t *testing.T) {
	found := func(route string) func() string { return func() string { return route } }
	never := func() string { panic("asked, although the route is somebody else's") }
	for _, c := range []struct {
		name  string
		begin string
		do    func(*transaction.Transaction)
		want  string
	}{
		{"nothing", "", func(*transaction.Transaction) {}, transaction.Unmatched},
		{"begun", "/begun", func(tx *transaction.Transaction) { tx.SettleRoute(0, found("")) }, "/begun"},
		{"found", "/begun", func(tx *transaction.Transaction) { tx.SettleRoute(0, found("/found")) }, "/found"},
		{"set", "/begun", func(tx *transaction.Transaction) { tx.SetRoute("/set"); tx.SettleRoute(0, never) }, "/set"},
		{"set last", "", func(tx *transaction.Transaction) { tx.SetRoute("/1"); tx.SetRoute("/2"); tx.SetRoute("") }, "/2"},
		{"claimed", "/begun", func(tx *transaction.Transaction) { tx.ClaimRoute("/known"); tx.SettleRoute(0, never) }, "/known"},
		{"claimed, unknown", "/begun", func(tx *transaction.Transaction) { tx.ClaimRoute("") }, "/begun"},
		{"inner wins", "", func(tx *transaction.Transaction) {
			outer := tx.ClaimRoute("")
			inner := tx.ClaimRoute("/not this")
			tx.SettleRoute(inner, found("/inner"))
			tx.SettleRoute(outer, never)
			tx.SettleRoute(0, never)
		}, "/inner"},
		{"inner finds nothing", "", func(tx *transaction.Transaction) {
			outer := tx.ClaimRoute("")
			inner := tx.ClaimRoute("")
			tx.SettleRoute(inner, found(""))
			tx.SettleRoute(outer, found("/outer"))
			tx.SettleRoute(0, never)
		}, "/outer"},
		{"nobody finds anything", "", func(tx *transaction.Transaction) {
			tx.SettleRoute(tx.ClaimRoute(""), found(""))
			tx.SettleRoute(0, found("/after all"))
		}, "/after all"},
		{"late", "/begun", func(tx *transaction.Transaction) {
			tx.End()
			tx.SetRoute("/late")
			tx.SettleRoute(tx.ClaimRoute("/late"), never)
		}, "/begun"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, ledger := transactiontest.New(t)
			tx := &transaction.Transaction{}
			tx.Begin(ctx, transaction.AgentFrom(ctx), transaction.Request{Route: c.begin})
			c.do(tx)
			tx.End()
			if got := ledger.One().Endpoint.Route; got != c.want {
				t.Errorf("posted under %q, want %q", got, c.want)
			}
			if got := tx.Endpoint().Route; got != c.want {
				t.Errorf("route %q, want %q", got, c.want)
			}
		})
	}
}
