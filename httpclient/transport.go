package httpclient

import (
	"net/http"

	"github.com/daybook-apm/daybook/internal/semconv"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// NewTransport returns a transport that counts and times the calls that go through base, and passes trace context on. A
// nil base is [http.DefaultTransport], as it is at the time of each call.
//
// Construction is cheap and registers nothing, so one transport a call does no harm. Neither does wrapping twice: a
// base that NewTransport has returned is not wrapped again, opts add to its options. The transport finds the agent by
// the request's context, at each call, so it may be built before the agent starts.
//
// Requests are not modified. Trace context that a request's headers already hold (a proxy copies them) is replaced in what is sent;
// baggage is replaced only if the context has some. Responses and errors of base come back as they are,
// with a Response.Body that only reads and closes, as those of net/http do; a body that can be written to
// as well, of a response that switches protocols, is left alone. The transport is safe for concurrent use
// if base is, and its CloseIdleConnections closes those of base.
//
// An [http.Client] with a Timeout does not know that the transport honours contexts, and so sets [http.Request.Cancel]
// too, as it does for any transport but net/http's own; base should honour one of them.
func NewTransport(base http.RoundTripper, opts ...Option) http.RoundTripper {
	var c config
	if t, ok := base.(*transport); ok {
		if len(opts) == 0 {
			return t
		}
		base, c = t.base, t.config
	}
	return &transport{base, newConfig(c, opts)}
}

type transport struct {
	base http.RoundTripper // nil: http.DefaultTransport.
	config
}

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	if transaction.From(ctx) == nil && transaction.AgentFrom(ctx) == nil || req.URL == nil || req.URL.Host == "" {
		return t.next().RoundTrip(req)
	}
	to := resolve(req.URL)
	x := &exchange{body: body{request: req}}
	call := &x.body.call
	*call = transaction.StartRemote(ctx, to.remote, semconv.Method(req.Method))
	returned := false
	defer func() {
		if !returned {
			call.End(transaction.Result{ErrorType: transaction.PanicError})
		}
	}()

	resp, err := t.send(x, to.address)
	returned = true
	x.answered(resp, err)
	return resp, err
}

// send sends the exchange's request, with the trace context if it goes along.
func (t *transport) send(x *exchange, to address) (*http.Response, error) {
	req := x.body.request
	next := once(t.next(), req.URL.Scheme)
	if provider := x.body.call.Live(req.Context()); provider != nil {
		return x.sendSampled(next, provider, t.propagates(to))
	}
	if t.propagates(to) {
		req = x.propagate()
	}
	return next.RoundTrip(req)
}

// CloseIdleConnections is what [http.Client.CloseIdleConnections] calls.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.next().(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
