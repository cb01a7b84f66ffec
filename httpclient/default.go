package httpclient

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
)

// original is what a nil base means once http.DefaultTransport is itself the transport that asks.
var original = http.DefaultTransport

// replaced is what does the work of the http.DefaultTransport that WrapDefault has instrumented.
var replaced atomic.Pointer[standIn]

// WrapDefault instruments [http.DefaultTransport] in place, for code that cannot be given a transport: from now on the calls
// of http.Get, of [http.DefaultClient] and of every client without a transport of its own are counted
// as those of [NewTransport] are, also in packages that kept http.DefaultTransport in a variable. A transport of NewTransport over
// the default one does not count them twice. Nothing undoes it.
//
// It has to come before the first request and the first Clone of http.DefaultTransport: HTTP/2 is set up then, in the place that
// WrapDefault needs, and it returns an error. It also does so if it has been called before, or if
// http.DefaultTransport has been set to something that is no [*http.Transport]. After an error nothing has changed,
// except if only "http" was taken: calls by "https" are instrumented then.
//
// A copy with the same settings, HTTP/2 included, does the work: it is taken at the first request, so settings may still
// be changed up to then. CloseIdleConnections reaches it. A request to upgrade an
// "https" connection (a WebSocket) is not instrumented, since net/http passes those by.
func WrapDefault(opts ...Option) error {
	d, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return fmt.Errorf("httpclient: wrap default: http.DefaultTransport is a %T, not a *http.Transport", http.DefaultTransport)
	}
	s := &standIn{of: d, transport: sync.OnceValue(d.Clone)}
	p := protocol{&transport{s, newConfig(config{}, opts)}}
	if err := p.register(d, "https"); err != nil {
		return fmt.Errorf("httpclient: wrap default: http.DefaultTransport has been used or wrapped already: %w", err)
	}
	replaced.Store(s)
	if err := p.register(d, "http"); err != nil {
		return fmt.Errorf("httpclient: wrap default: only https is instrumented: %w", err)
	}
	return nil
}

// protocol is what WrapDefault registers. It is a struct with one exported field because http.Transport looks for one there
// whose CloseIdleConnections it calls along with its own (golang/go#22891), and leaves HTTP/2 to it.
type protocol struct{ Transport *transport }

// RoundTrip implements [http.RoundTripper].
func (p protocol) RoundTrip(req *http.Request) (*http.Response, error) {
	return p.Transport.RoundTrip(req)
}

// register registers p, with an error where net/http panics.
func (p protocol) register(t *http.Transport, scheme string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New(fmt.Sprint(r))
		}
	}()
	t.RegisterProtocol(scheme, p)
	return nil
}

// standIn works in place of a transport whose protocols are taken. A clone has the settings but not the protocols, so
// a request does not come back to us.
type standIn struct {
	of        *http.Transport
	transport func() *http.Transport
}

// RoundTrip implements [http.RoundTripper].
func (s *standIn) RoundTrip(req *http.Request) (*http.Response, error) {
	return s.transport().RoundTrip(req)
}

// CloseIdleConnections closes the idle connections of the clone.
func (s *standIn) CloseIdleConnections() { s.transport().CloseIdleConnections() }

// next returns the transport that t wraps.
func (t *transport) next() http.RoundTripper {
	if t.base != nil {
		return t.base
	}
	ours, ok := http.DefaultTransport.(*transport)
	switch {
	case !ok:
		return http.DefaultTransport
	case ours.base == nil:
		// The program has set http.DefaultTransport to NewTransport(nil), which may be t itself.
		return original
	default:
		return ours.base
	}
}

// once returns what to send an instrumented request through so that it is not counted again by what
// WrapDefault has registered. Other protocols than those are left to next.
func once(next http.RoundTripper, scheme string) http.RoundTripper {
	if d, ok := next.(*http.Transport); ok && (scheme == "http" || scheme == "https") {
		if s := replaced.Load(); s != nil && s.of == d {
			return s
		}
	}
	return next
}
