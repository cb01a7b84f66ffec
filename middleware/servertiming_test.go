package middleware_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/internal/sqltext"
	"github.com/daybook-apm/daybook/internal/transaction"
	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
	"github.com/daybook-apm/daybook/middleware"
)

func TestServerTiming(t *testing.T) {
	const ours = "sql;dur=2.500, fetch;dur=4.000, ext;dur=8.000, app;dur=17.000"
	for _, c := range []struct {
		name   string
		finish func(http.ResponseWriter)
		want   []string
	}{
		{"nothing written", func(http.ResponseWriter) {}, []string{ours}},
		{"status", func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotFound) }, []string{ours}},
		{"body", func(w http.ResponseWriter) {
			w.Write([]byte("x"))
			time.Sleep(time.Second) // Too late to be known.
			w.Write([]byte("x"))
		}, []string{ours}},
		{"flush", func(w http.ResponseWriter) { w.(http.Flusher).Flush() }, []string{ours}},
		{"existing", func(w http.ResponseWriter) {
			w.Header().Add("Server-Timing", "cache;desc=hit")
			w.Header().Add("Server-Timing", "db")
			w.WriteHeader(http.StatusOK)
		}, []string{"cache;desc=hit, db, " + ours}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, _ := transactiontest.New(t)
				st := sqltext.Open("sqlite", "").Statement("SELECT 1")
				h := middleware.New(middleware.WithServerTiming())(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					time.Sleep(1 * time.Millisecond)
					call := transaction.StartStatement(r.Context(), st)
					time.Sleep(2500 * time.Microsecond)
					call.End(transaction.Result{})
					call.StartFetch()
					time.Sleep(4 * time.Millisecond)
					call.StopFetch(1, "")
					out := transaction.StartRemote(r.Context(), &transaction.Remote{Host: "api"}, "GET")
					time.Sleep(8 * time.Millisecond)
					out.End(transaction.Result{})
					part := transaction.StartSegment(r.Context(), "render")
					time.Sleep(16 * time.Millisecond)
					part.End()
					c.finish(w)
				}))
				w := httptest.NewRecorder()
				call(ctx, w, h)
				if diff := cmp.Diff(c.want, w.Result().Header["Server-Timing"]); diff != "" {
					t.Errorf("Server-Timing (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// What a client gets: once, although there were hints before, and a copy of nothing.
func TestServerTimingOnTheWire(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("http2=%v", http2), func(t *testing.T) {
			ctx, _ := transactiontest.New(t)
			s := newServer(t, ctx, http2, middleware.New(middleware.WithServerTiming()),
				http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.WriteHeader(http.StatusEarlyHints)
					io.Copy(w, struct{ io.Reader }{strings.NewReader("")})
					w.WriteHeader(http.StatusTeapot)
				}))
			got := s.get("/")
			timing := got.Header["Server-Timing"]
			if len(timing) != 1 || strings.Count(timing[0], "sql;dur=0.000, fetch;dur=0.000, ext;dur=0.000, app;dur=") != 1 {
				t.Errorf("Server-Timing %q", timing)
			}
			if got.Status != http.StatusTeapot {
				t.Errorf("status %d, want 418", got.Status)
			}
		})
	}
}

func TestNoServerTiming(t *testing.T) {
	ctx, _ := transactiontest.New(t)
	w := httptest.NewRecorder()
	call(ctx, w, middleware.New()(work))
	if got, ok := w.Result().Header["Server-Timing"]; ok {
		t.Errorf("Server-Timing %q, want none", got)
	}
}
