package httpclient

import (
	"context"
	"io"
	"maps"
	"net/http"
	"unsafe"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/transaction"
)

// exchange is one call, from request to end of body. It is all in one allocation.
type exchange struct {
	request     http.Request // What is sent in place of the caller's, if trace context goes along.
	traceparent [55]byte     // The one header that most requests get, and
	values      [1]string    // its values in the map of headers.
	body        body
}

// propagate returns the request to send: a copy with the trace context in its headers. A copy as shallow as that of
// http.Request.WithContext is enough, since a RoundTripper has to leave requests alone.
func (x *exchange) propagate() *http.Request {
	req := x.body.request
	if req.Header == nil {
		return req // http.Transport refuses it, and goes on doing so.
	}
	x.request = *req
	x.request.Header = maps.Clone(req.Header)
	ctx, agent, sc := req.Context(), x.body.call.Agent(), x.body.call.SpanContext()
	if !sc.IsValid() {
		// No transaction: what the context has goes on to the other service, if it has anything.
		inject(ctx, agent.Propagator, x.request.Header)
		return &x.request
	}
	b, ok := agent.AppendTraceparent(ctx, x.traceparent[:0], sc)
	if !ok {
		inject(trace.ContextWithSpanContext(ctx, sc), agent.Propagator, x.request.Header)
		return &x.request
	}
	// A string of its own would be a fourth of the allocations of a call. The bytes are not written again.
	x.values[0] = unsafe.String(unsafe.SliceData(b), len(b))
	x.request.Header["Traceparent"] = x.values[:]
	delete(x.request.Header, "Tracestate") // It would belong to another trace.
	return &x.request
}

// answered takes what RoundTrip returned.
func (x *exchange) answered(resp *http.Response, err error) {
	if err != nil || resp == nil { // http.Client makes an error of the latter.
		x.body.call.Explain(err)
		x.body.call.End(transaction.Result{ErrorType: failure(x.body.request, err)})
		return
	}
	if resp.Request != nil && resp.Request.URL == x.body.request.URL {
		resp.Request = x.body.request // Not our copy, nor the transport's copy of it.
	}
	if whole(x.body.request, resp) {
		x.body.call.End(transaction.Result{ErrorType: statusFailure(resp.StatusCode), Status: resp.StatusCode})
		return
	}
	x.body.open(resp)
	resp.Body = &x.body
}

// whole reports whether there is no body to wait for.
func whole(req *http.Request, resp *http.Response) bool {
	if resp.Body == nil || resp.Body == http.NoBody || req.Method == http.MethodHead {
		return true
	}
	switch resp.StatusCode {
	case http.StatusSwitchingProtocols, http.StatusNoContent, http.StatusNotModified:
		return true
	}
	// What can be written to is a connection now. It is the program's, with all the methods that it has.
	_, ok := resp.Body.(io.Writer)
	return ok
}

// inject sets the headers that p wants for ctx. Those that the request has already are of another trace and go, except
// for baggage, which is the program's own.
func inject(ctx context.Context, p propagation.TextMapPropagator, header http.Header) {
	if trace.SpanContextFromContext(ctx).IsValid() {
		for _, field := range p.Fields() {
			if field != "baggage" {
				header.Del(field)
			}
		}
	}
	p.Inject(ctx, propagation.HeaderCarrier(header))
}
