package middleware_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	daybookhttp "github.com/daybook-apm/daybook/middleware"
)

// Wrap the whole server once; nothing else is needed around an http.ServeMux.
func ExampleNew() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "user %s", r.PathValue("id"))
	})
	handler := daybookhttp.New(
		daybookhttp.WithFilter(func(r *http.Request) bool { return r.URL.Path != "/healthz" }),
		daybookhttp.WithUser(func(r *http.Request) string { return r.PathValue("id") }),
	)(mux)

	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest("GET", "/users/7", nil))
	fmt.Println(w.Body)
	// Output: user 7
}

// A router of your own says by itself which of its routes a request has taken.
func ExampleSetRoute() {
	router := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id, ok := strings.CutPrefix(r.URL.Path, "/users/"); ok {
			daybookhttp.SetRoute(r.Context(), "/users/:id")
			fmt.Fprintf(w, "user %s", id)
		}
	})

	w := httptest.NewRecorder()
	daybookhttp.New()(router).ServeHTTP(w, httptest.NewRequest("GET", "/users/7", nil))
	fmt.Println(w.Body)
	// Output: user 7
}

// A time-out handler passes on a clone of the request: capture the route around the mux.
func ExampleCaptureRoute() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "user %s", r.PathValue("id"))
	})
	handler := daybookhttp.New()(http.TimeoutHandler(daybookhttp.CaptureRoute(mux), time.Minute, "busy"))

	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest("GET", "/users/7", nil))
	fmt.Println(w.Body)
	// Output: user 7
}

// A mux behind http.StripPrefix does not see the beginning of the path.
func ExampleCaptureRouteAt() {
	users := http.NewServeMux()
	users.HandleFunc("GET /{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "user %s", r.PathValue("id"))
	})
	mux := http.NewServeMux()
	mux.Handle("/users/", http.StripPrefix("/users", daybookhttp.CaptureRouteAt("/users", users)))

	w := httptest.NewRecorder()
	daybookhttp.New()(mux).ServeHTTP(w, httptest.NewRequest("GET", "/users/7", nil))
	fmt.Println(w.Body)
	// Output: user 7
}
