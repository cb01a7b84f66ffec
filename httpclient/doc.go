// Package httpclient counts and times calls to other services: it wraps an [http.RoundTripper].
//
// What comes out: each call becomes a child of the transaction that the request's context belongs to. It charges the
// transaction's phase external, and it is counted in http.client.request.duration (s) and in apm.remote.time (s) and
// apm.remote.calls ({call}) with server.address, server.port and, if it failed, error.type (see docs/telemetry.md). The
// other service gets the trace context by the agent's propagators, W3C traceparent, tracestate and baggage by default. The
// path, the query and the user information of a URL leave the process only as part of the request itself.
//
// What a call is: one RoundTrip. A redirect that [http.Client] follows is a call of its own; what
// [http.Transport] retries on a fresh connection is not. A call ends with the Read of the response's body
// that returns an error ([io.EOF] included) or with its Close. A call is external time only inside RoundTrip, Read and Close: a
// body that is left open while the handler does other work charges nothing. A response that switches protocols (101) ends
// its call: the conversation that follows is not timed.
//
// A call whose body is neither read to its end nor closed, which leaks the connection as well, never ends. It is in the count
// and the time of its transaction, with an entry that stays open, but in no figure of the remote.
//
// What a failure is: an error of RoundTrip or Read, or a status of 400 or more. Its error.type is one of
//
//   - timeout: a deadline has passed, of the context, the client or the transport, at any stage
//   - canceled: the caller gave the call up
//   - dns: the name could not be resolved; also if a name server did not answer in time
//   - connection_refused, connection_reset
//   - tls: no handshake, or a certificate that was not accepted
//   - eof: the other side hung up in the middle
//   - the status as a number
//   - else the Go type of the error
//
// Without a running agent a request passes through untouched.
package httpclient
