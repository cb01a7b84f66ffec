package middleware_test

import (
	"net/http"
	"testing"

	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
	"github.com/daybook-apm/daybook/middleware"
)

// Options are values: one may be given to many, and no middleware changes another.
func TestOptionsAreShared(t *testing.T) {
	ctx, _ := transactiontest.New(t)
	yes := middleware.WithFilter(func(*http.Request) bool { return true })
	no := middleware.WithFilter(func(*http.Request) bool { return false })
	common := append(make([]middleware.Option, 0, 8), yes, yes, yes)
	open := middleware.New(append(common, yes)...)
	closed := middleware.New(append(common, no)...)
	if passes(ctx, open) {
		t.Error("a filter of another middleware was asked")
	}
	if !passes(ctx, closed) {
		t.Error("the filter was not asked")
	}
}
