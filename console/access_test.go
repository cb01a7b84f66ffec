package console_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/daybook-apm/daybook/console"
)

// TestAccess asks as many kinds of clients would.
func TestAccess(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*http.Request)
		want   int
	}{
		{"loopback", func(*http.Request) {}, 200},
		{"loopback IPv6", func(r *http.Request) { r.RemoteAddr, r.Host = "[::1]:50000", "[::1]:6161" }, 200},
		{"IPv4 in IPv6", func(r *http.Request) { r.RemoteAddr = "[::ffff:127.0.0.1]:50000" }, 200},
		{"localhost", func(r *http.Request) { r.Host = "localhost:6161" }, 200},
		{"localhost without port", func(r *http.Request) { r.Host = "LOCALHOST" }, 200},
		{"HEAD", func(r *http.Request) { r.Method = http.MethodHead }, 200},
		{"other machine", func(r *http.Request) { r.RemoteAddr = "192.0.2.7:50000" }, 404},
		{"other machine IPv6", func(r *http.Request) { r.RemoteAddr = "[2001:db8::1]:50000" }, 404},
		{"private network", func(r *http.Request) { r.RemoteAddr = "10.0.0.7:50000" }, 404},
		{"no address", func(r *http.Request) { r.RemoteAddr = "" }, 404},
		{"address of a rewriting middleware", func(r *http.Request) { r.RemoteAddr = "127.0.0.1" }, 404},
		{"Forwarded", func(r *http.Request) { r.Header.Set("Forwarded", "for=127.0.0.1") }, 404},
		{"X-Forwarded-For", func(r *http.Request) { r.Header.Set("X-Forwarded-For", "127.0.0.1") }, 404},
		{"X-Forwarded-Host", func(r *http.Request) { r.Header.Set("X-Forwarded-Host", "localhost") }, 404},
		{"X-Real-IP", func(r *http.Request) { r.Header.Set("X-Real-IP", "127.0.0.1") }, 404},
		{"Via", func(r *http.Request) { r.Header.Set("Via", "1.1 proxy") }, 404},
		{"empty Via", func(r *http.Request) { r.Header.Set("Via", "") }, 404},
		{"rebound name", func(r *http.Request) { r.Host = "evil.example:6161" }, 404},
		{"name that begins well", func(r *http.Request) { r.Host = "localhost.evil.example" }, 404},
		{"address that begins well", func(r *http.Request) { r.Host = "127.0.0.1.evil.example" }, 404},
		{"unspecified address", func(r *http.Request) { r.Host = "0.0.0.0:6161" }, 404},
		{"no Host", func(r *http.Request) { r.Host = "" }, 404},
		{"POST", func(r *http.Request) { r.Method = http.MethodPost }, 404},
		{"OPTIONS", func(r *http.Request) { r.Method = http.MethodOptions }, 404},
		{"script of another site", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 404},
		{"script of another port", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") }, 404},
		{"frame in another site", func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Sec-Fetch-Mode", "navigate")
			r.Header.Set("Sec-Fetch-Dest", "iframe")
		}, 404},
		{"foreign Origin", func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, 404},
		{"Origin null", func(r *http.Request) { r.Header.Set("Origin", "null") }, 404},
		{"own Origin", func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:6161") }, 200},
		{"link in a chat", func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Sec-Fetch-Mode", "navigate")
			r.Header.Set("Sec-Fetch-Dest", "document")
		}, 200},
		{"Unix socket", func(r *http.Request) {
			r.RemoteAddr, r.Host = "@", "anything"
			*r = *r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(&net.UnixAddr{Name: "/run/x", Net: "unix"})))
		}, 200},
		{"Unix socket of a proxy", func(r *http.Request) {
			r.Header.Set("X-Forwarded-For", "192.0.2.7")
			*r = *r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(&net.UnixAddr{Name: "/run/x", Net: "unix"})))
		}, 404},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newService(t)
			for _, target := range []string{"", "endpoints", "endpoints.csv", "api/v1/endpoints", "assets/console.js"} {
				r := local(target)
				c.change(r)
				body := s.do(r, c.want)
				if c.want == 404 && body != "404 page not found\n" {
					t.Errorf("%s: a refusal that tells something: %q", target, body)
				}
			}
		})
	}
}

func TestAuth(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		auth func(*http.Request) bool
		want int
	}{
		{"allowed", func(r *http.Request) bool { return r.Header.Get("X-Key") == "right" }, 200},
		{"denied", func(*http.Request) bool { return false }, 404},
		{"panic", func(*http.Request) bool { panic("no database") }, 404},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newService(t, console.WithAuth(c.auth))
			r := local("endpoints")
			r.RemoteAddr, r.Host = "192.0.2.7:50000", "apm.example.com"
			r.Header.Set("X-Key", "right")
			r.Header.Set("X-Forwarded-For", "203.0.113.9")
			s.do(r, c.want)

			r = local("endpoints")
			r.Header.Set("X-Key", "right")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			s.do(r, 404)
		})
	}
}

// TestHeaders reads what keeps the page to itself.
func TestHeaders(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, target := range []string{"", "endpoints.json", "assets/console.css", "nothing"} {
		w := httptest.NewRecorder()
		s.console.ServeHTTP(w, local(target))
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Resource-Policy": "same-origin", "X-Frame-Options": "DENY",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%q: %s is %q, want %q", target, name, got, want)
			}
		}
		policy := w.Header().Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%q: the policy lacks %s: %s", target, want, policy)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("%q: %s", target, policy)
		}
	}
}

// TestOwnRequests leaves no trace of the console in what it shows.
func TestOwnRequests(t *testing.T) {
	t.Parallel()
	s := newService(t)
	mux := http.NewServeMux()
	mux.Handle(console.Path, s.console)
	wrapped := s.wrap(mux)
	for range 3 {
		w := httptest.NewRecorder()
		wrapped.ServeHTTP(w, local("active").WithContext(s.ctx))
		if w.Code != 200 || strings.Contains(w.Body.String(), "/debug/apm/") {
			t.Errorf("%d: the console sees itself:\n%s", w.Code, w.Body)
		}
	}
	if e := s.agent.Snapshot(0).Endpoints; len(e) > 0 {
		t.Errorf("endpoints %+v", e)
	}
}
