package exporter

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// Pauses between attempts to reach a receiver that is not there: the first, and the one at which they stop growing.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 2 * time.Second
)

// transport is the http.RoundTripper of the official exporters, and the seam at which requests can be kept instead of
// sent. It sends at once, and tries again, as long as the request's context allows, when no connection could be made:
// nothing was sent then, and a receiver that restarts is back in a moment. It also replaces, once, a connection that was
// kept open and turns out to be closed: load balancers close theirs after a minute, just when the next metrics are due.
// The official exporters give up in both cases; what they do repeat (429, 502, 503, 504) is left to them.
type transport struct {
	base    *http.Transport
	retries *atomic.Uint64
}

// newBase returns the transport that connects. It is no clone of [http.DefaultTransport], which a program may have
// instrumented: exports would then be reported by exports.
func newBase(s otlpSettings) *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          2, // One signal, one receiver.
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
		TLSClientConfig:       s.tls,
	}
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	replaced := false
	for pause := firstPause; ; {
		response, kept, err := t.attempt(r)
		if err == nil {
			if response.StatusCode/100 == 2 {
				markAccepted(ctx)
			}
			return response, nil
		}
		if r.GetBody == nil || ctx.Err() != nil {
			return nil, err
		}
		switch {
		case kept && !replaced:
			replaced = true
			t.base.CloseIdleConnections() // The others are as old.
		case unreachable(err) && wait(ctx, pause/2+rand.N(pause)):
			pause = min(2*pause, lastPause)
		default:
			return nil, err
		}
		body, bodyErr := r.GetBody()
		if bodyErr != nil {
			return nil, err
		}
		r = r.WithContext(ctx) // A copy: a RoundTripper leaves the request as it is.
		r.Body = body
		t.retries.Add(1)
	}
}

// attempt sends r, and tells whether that was on a connection kept from before.
func (t *transport) attempt(r *http.Request) (response *http.Response, kept bool, err error) {
	var reused atomic.Bool
	ctx := httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		GotConn: func(c httptrace.GotConnInfo) { reused.Store(c.Reused) },
	})
	response, err = t.base.RoundTrip(r.WithContext(ctx))
	return response, reused.Load(), err
}

// CloseIdleConnections is called by [http.Client.CloseIdleConnections].
func (t *transport) CloseIdleConnections() { t.base.CloseIdleConnections() }

// unreachable tells whether err says that no connection could be made.
func unreachable(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// wait returns false if ctx ended before.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

type acceptedKey struct{}

// watchAccepted returns a context for one export and what becomes true if a request of it was answered with success.
// An exporter's error alone does not tell: it is not nil as well if the receiver took the request and refused a part.
func watchAccepted(ctx context.Context) (context.Context, *atomic.Bool) {
	accepted := new(atomic.Bool)
	return context.WithValue(ctx, acceptedKey{}, accepted), accepted
}

func markAccepted(ctx context.Context) {
	if accepted, ok := ctx.Value(acceptedKey{}).(*atomic.Bool); ok {
		accepted.Store(true)
	}
}
