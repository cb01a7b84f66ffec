package middleware_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/daybook-apm/daybook/internal/transaction"
	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
	"github.com/daybook-apm/daybook/middleware"
)

func muxOf(pattern string, h http.Handler) *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle(pattern, h)
	return mux
}

// clone is a middleware that hides what the mux does with its request.
func clone(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, r.Clone(r.Context())) })
}

// name is a handler that knows its route by itself.
func name(route string) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { middleware.SetRoute(r.Context(), route) })
}

func TestRoute(t *testing.T) {
	wrap, capture, captureAt := middleware.New(), middleware.CaptureRoute, middleware.CaptureRouteAt
	ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	for _, c := range []struct {
		name    string
		method  string // Default GET.
		path    string // Default /v1/users/7.
		handler http.Handler
		want    string // Default (unmatched).
	}{
		{name: "no mux", handler: wrap(ok)},
		{name: "path", handler: wrap(muxOf("/v1/users/{id}", ok)), want: "/v1/users/{id}"},
		{name: "method", handler: wrap(muxOf("GET /v1/users/{id}", ok)), want: "/v1/users/{id}"},
		{name: "host", handler: wrap(muxOf("GET example.com/v1/users/{id}", ok)), want: "/v1/users/{id}"},
		{name: "rest", handler: wrap(muxOf("/v1/{rest...}", ok)), want: "/v1/{rest...}"},
		{name: "end", path: "/", handler: wrap(muxOf("GET /{$}", ok)), want: "/{$}"},
		{name: "not found", handler: wrap(muxOf("/else", ok))},
		{name: "wrong method", handler: wrap(muxOf("POST /v1/users/{id}", ok))},
		{name: "odd method", method: "BREW", handler: wrap(muxOf("/v1/users/{id}", ok)), want: "/v1/users/{id}"},
		{name: "mux outside", handler: muxOf("/v1/users/{id}", wrap(ok)), want: "/v1/users/{id}"},
		{name: "mux on both sides", handler: muxOf("/v1/", wrap(muxOf("/v1/users/{id}", ok))), want: "/v1/users/{id}"},
		{name: "clean path", path: "//v1/users/7", handler: wrap(muxOf("/v1/users/{id}", ok)), want: "/v1/users/{id}"},
		{name: "tunnel", method: "CONNECT", handler: wrap(muxOf("/v1/users/{id}/", ok))},
		{name: "captured tunnel", method: "CONNECT", handler: wrap(capture(muxOf("/v1/users/{id}/", ok)))},

		{name: "set", handler: wrap(name("/mine")), want: "/mine"},
		{name: "set to nothing", handler: wrap(muxOf("/v1/", name(""))), want: "/v1/"},
		{name: "set beats pattern", handler: wrap(muxOf("/v1/", name("/mine"))), want: "/mine"},
		{name: "set beats capture", handler: wrap(clone(capture(clone(capture(muxOf("/v1/", name("/mine"))))))), want: "/mine"},

		{name: "clone hides", handler: wrap(clone(muxOf("/v1/", ok)))},
		{name: "captured", handler: wrap(clone(capture(muxOf("GET /v1/users/{id}", ok)))), want: "/v1/users/{id}"},
		{name: "captured around other handlers", want: "/v1/users/{id}",
			handler: wrap(clone(capture(http.MaxBytesHandler(clone(capture(muxOf("/v1/users/{id}", ok))), 1))))},
		{name: "captured handler", handler: wrap(muxOf("/v1/users/{id}", capture(ok))), want: "/v1/users/{id}"},
		{name: "captured, not found", handler: wrap(clone(capture(muxOf("/else", ok))))},
		{name: "innermost", want: "/v1/users/{id}",
			handler: wrap(clone(capture(muxOf("/v1/", clone(capture(muxOf("/v1/users/{id}", ok)))))))},
		{name: "innermost has none", handler: wrap(clone(capture(muxOf("/v1/", clone(capture(muxOf("/else", ok))))))), want: "/v1/"},
		{name: "innermost has none, outer not captured", want: "/v1/",
			handler: wrap(muxOf("/v1/", clone(capture(muxOf("/else", ok)))))},
		{name: "innermost has none, outer captured late", want: "/v1/",
			handler: wrap(clone(capture(http.HandlerFunc(muxOf("/v1/", clone(capture(muxOf("/else", ok)))).ServeHTTP))))},

		{name: "stripped", want: "/v1/users/{id}",
			handler: wrap(muxOf("/v1/", http.StripPrefix("/v1", captureAt("/v1", muxOf("GET /users/{id}", ok)))))},
		{name: "stripped twice", want: "/v1/users/{id}",
			handler: wrap(muxOf("/v1/", http.StripPrefix("/v1", captureAt("/v1", muxOf("/users/",
				http.StripPrefix("/users", captureAt("/v1/users", muxOf("/{id}", ok))))))))},
		{name: "stripped, not found", want: "/v1/",
			handler: wrap(muxOf("/v1/", http.StripPrefix("/v1", captureAt("/v1", muxOf("/else", ok)))))},
		{name: "stripped, no mux", want: "/v1/",
			handler: wrap(muxOf("/v1/", http.StripPrefix("/v1", captureAt("/v1", ok))))},
		{name: "stripped, mux hidden", want: "/v1/users/{id}",
			handler: wrap(muxOf("/v1/", http.StripPrefix("/v1", captureAt("/v1", http.HandlerFunc(muxOf("/users/{id}", ok).ServeHTTP)))))},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, ledger := transactiontest.New(t)
			method, path, want := c.method, c.path, c.want
			if method == "" {
				method = http.MethodGet
			}
			if path == "" {
				path = "/v1/users/7"
			}
			if want == "" {
				want = transaction.Unmatched
			}
			r := httptest.NewRequest(http.MethodGet, "http://example.com"+path, nil).WithContext(ctx)
			r.Method = method
			c.handler.ServeHTTP(httptest.NewRecorder(), r)
			if got := ledger.One().Endpoint.Route; got != want {
				t.Errorf("route %q, want %q", got, want)
			}
		})
	}
}

// The page of active requests knows the route as soon as anybody does.
func TestRouteOfActiveRequest(t *testing.T) {
	wrap := middleware.New()
	for _, c := range []struct {
		name string
		wrap func(http.Handler) http.Handler
	}{
		{"mux outside", func(h http.Handler) http.Handler { return muxOf("/users/{id}", wrap(h)) }},
		{"captured", func(h http.Handler) http.Handler {
			return wrap(clone(middleware.CaptureRoute(muxOf("/users/{id}", h))))
		}},
		{"captured handler", func(h http.Handler) http.Handler { return wrap(muxOf("/users/{id}", middleware.CaptureRoute(h))) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, _ := transactiontest.New(t)
			c.wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				active := transaction.AgentFrom(r.Context()).Active.All()
				if len(active) != 1 || active[0].Endpoint.Route != "/users/{id}" {
					t.Errorf("active: %+v", active)
				}
			})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/users/7", nil).WithContext(ctx))
		})
	}
}

// Without a transaction there is nothing to name, and a captured mux is a mux.
func TestRouteWithoutTransaction(t *testing.T) {
	middleware.SetRoute(t.Context(), "/x")
	w := httptest.NewRecorder()
	middleware.CaptureRoute(muxOf("/users/{id}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte(r.PathValue("id")))
	}))).ServeHTTP(w, httptest.NewRequest("GET", "/users/7", nil))
	if got := w.Body.String(); got != "7" {
		t.Errorf("body %q, want 7", got)
	}
}

// The route of a handler that panics is known as well.
func TestRouteOfPanic(t *testing.T) {
	for _, wrap := range []func(http.Handler) http.Handler{
		middleware.New(),
		func(h http.Handler) http.Handler { return middleware.New()(clone(middleware.CaptureRoute(h))) },
		func(h http.Handler) http.Handler {
			return middleware.New()(clone(middleware.CaptureRoute(http.HandlerFunc(h.ServeHTTP))))
		},
	} {
		ctx, ledger := transactiontest.New(t)
		call(ctx, httptest.NewRecorder(), wrap(muxOf("/{$}", culprit{})))
		if got := ledger.One().Endpoint.Route; got != "/{$}" {
			t.Errorf("route %q, want /{$}", got)
		}
	}
}
