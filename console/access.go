package console

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// allowed reports whether a request may be answered at all.
func (c *console) allowed(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead || fromOtherSite(r) {
		return false
	}
	if c.auth != nil {
		return authorized(c.auth, r)
	}
	return fromHere(r) && !proxied(r.Header)
}

// authorized asks the program. A check that fails is no permission.
func authorized(auth func(*http.Request) bool, r *http.Request) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	return auth(r)
}

// fromHere reports whether the peer is on the same machine, and was not led here by a name that only pretends to be.
func fromHere(r *http.Request) bool {
	// A browser cannot reach a Unix socket, so that its Host may be anything.
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok && local.Network() == "unix" {
		return true
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && peer.Addr().Unmap().IsLoopback() && isLoopbackHost(r.Host)
}

// isLoopbackHost reports whether host, of a Host header or an address, names the loopback. A web page whose own
// name was made to point to 127.0.0.1 sends that name.
func isLoopbackHost(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	if strings.EqualFold(name, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(name)
	return err == nil && addr.Unmap().IsLoopback()
}

// proxied reports whether a proxy has handed the request on: its peer is then the proxy, which may be on this machine
// while the client is anywhere.
func proxied(h http.Header) bool {
	for name := range h {
		switch name {
		case "Forwarded", "Via", "X-Real-Ip":
			return true
		}
		if strings.HasPrefix(name, "X-Forwarded-") {
			return true
		}
	}
	return false
}

// fromOtherSite reports whether a page of another origin sent the request. A link that somebody clicks, in a
// chat say, is not meant: it shows the page to that person, not to the other site.
func fromOtherSite(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" {
		u, err := url.Parse(origin)
		if err != nil || !strings.EqualFold(u.Host, r.Host) {
			return true
		}
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return false
	}
	return r.Header.Get("Sec-Fetch-Mode") != "navigate" || r.Header.Get("Sec-Fetch-Dest") != "document"
}

// protect sets the headers that keep what is shown to the page that shows it.
func protect(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "+
		"base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
}
