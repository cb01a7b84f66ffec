package frameworks_test

import (
	"context"
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/apm"
)

// TestDetached works under context.WithoutCancel, in the request and after its end: the context keeps its values, so the
// option is not needed, and counts nothing twice. What comes after the end is in no figure of the transaction itself.
func TestDetached(t *testing.T) {
	for name, opts := range map[string][]apm.Option{"with option": {apm.WithGoroutineLabels()}, "without option": nil} {
		t.Run(name, func(t *testing.T) {
			b := newBackend(t)
			agent := start(t, opts...)
			var late sync.WaitGroup
			mux := http.NewServeMux()
			for _, name := range names {
				mux.HandleFunc("GET /"+name+"/{id}", func(_ http.ResponseWriter, r *http.Request) {
					ctx, end := context.WithoutCancel(r.Context()), r.Context().Done()
					b.query(ctx, t, name)
					late.Go(func() {
						<-end
						b.update(ctx, t, name)
						b.get(ctx, t)
					})
				})
			}
			load(t, mux)
			late.Wait()
			want := map[string]figures{}
			for _, name := range names {
				want["GET /"+name+"/{id}"] = figures{
					"calls": requests, "sql": requests, "external": 0,
					"SELECT amount FROM " + name: requests, "UPDATE " + name + " SET amount = ?": requests, "remote.example": requests,
				}
			}
			if diff := cmp.Diff(want, accounts(agent)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
