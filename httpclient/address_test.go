package httpclient_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/daybook-apm/daybook/httpclient"
)

func TestAddress(t *testing.T) {
	for _, c := range []struct {
		url  string
		host string
		port int
	}{
		{"http://example.com/path?q=1", "example.com", 80},
		{"https://example.com", "example.com", 443},
		{"https://user:secret@Example.COM:8443/", "example.com", 8443},
		{"http://[2001:DB8::1]/", "2001:db8::1", 80},
		{"http://[::1]:8080/", "::1", 8080},
		{"http://[fe80::1%25en0]:8080/", "fe80::1%en0", 8080},
		{"http://example.com:/", "example.com", 80},
		{"http://example.com:99999/", "example.com", 0},
		{"http://Bücher.example/", "bücher.example", 80},
		{"gopher://example.com/", "example.com", 0},
		{"http://%ff/", "\uFFFD", 80}, // No UTF-8.
	} {
		u, err := url.Parse(c.url)
		if err != nil {
			t.Fatal(err)
		}
		if host, port := httpclient.Address(u); host != c.host || port != c.port {
			t.Errorf("Address(%s) = %q, %d, want %q, %d", c.url, host, port, c.host, c.port)
		}
	}
}

// FuzzAddress sends hosts that nobody has checked, as a program that fills a url.URL by hand can.
func FuzzAddress(f *testing.F) {
	for _, host := range []string{"example.com", "[::1]:80", ":", "]:1", "[", "a:b:c", "\xff", "example.com:-1", "@"} {
		f.Add(host)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		host, port := httpclient.Address(&url.URL{Scheme: "http", Host: raw})
		if port < 0 || port > 65535 || host != strings.ToValidUTF8(host, "") || host != strings.ToLower(host) {
			t.Errorf("Address(%q) = %q, %d", raw, host, port)
		}
	})
}
