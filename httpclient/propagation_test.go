package httpclient_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/contrib/propagators/b3"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/httpclient"
	"github.com/daybook-apm/daybook/internal/transaction"
	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
)

const traceID = "0af7651916cd43dd8448eb211c80319c"

// spanOf stands for the ID of the span of the call, which is drawn anew for each.
const spanOf = "CALL"

func TestHeaders(t *testing.T) {
	member, err := baggage.NewMember("tenant", "blue")
	if err != nil {
		t.Fatal(err)
	}
	bag, err := baggage.New(member)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name       string
		incoming   http.Header // Of the request that is served.
		baggage    baggage.Baggage
		propagator propagation.TextMapPropagator
		own        http.Header // Of the outgoing request, before.
		want       http.Header
	}{
		{
			name:     "not sampled",
			incoming: http.Header{"Traceparent": {"00-" + traceID + "-b7ad6b7169203331-00"}},
			want:     http.Header{"Traceparent": {"00-" + traceID + "-CALL-00"}},
		},
		{
			name:     "sampled",
			incoming: http.Header{"Traceparent": {"00-" + traceID + "-b7ad6b7169203331-01"}},
			want:     http.Header{"Traceparent": {"00-" + traceID + "-CALL-01"}},
		},
		{
			name:     "tracestate",
			incoming: http.Header{"Traceparent": {"00-" + traceID + "-b7ad6b7169203331-00"}, "Tracestate": {"vendor=1"}},
			want:     http.Header{"Traceparent": {"00-" + traceID + "-CALL-00"}, "Tracestate": {"vendor=1"}},
		},
		{
			name:     "baggage",
			incoming: http.Header{"Traceparent": {"00-" + traceID + "-b7ad6b7169203331-00"}, "Baggage": {"user=7"}},
			want:     http.Header{"Traceparent": {"00-" + traceID + "-CALL-00"}, "Baggage": {"user=7"}},
		},
		{
			name:     "baggage of the handler",
			incoming: http.Header{"Traceparent": {"00-" + traceID + "-b7ad6b7169203331-00"}},
			baggage:  bag,
			want:     http.Header{"Traceparent": {"00-" + traceID + "-CALL-00"}, "Baggage": {"tenant=blue"}},
		},
		{
			name:     "headers of another trace",
			incoming: http.Header{"Traceparent": {"00-" + traceID + "-b7ad6b7169203331-00"}},
			own: http.Header{
				"Accept": {"a", "b"}, "Traceparent": {"00-11111111111111111111111111111111-2222222222222222-01"}, "Tracestate": {"stale=1"},
				"Baggage": {"by=hand"},
			},
			want: http.Header{"Accept": {"a", "b"}, "Traceparent": {"00-" + traceID + "-CALL-00"}, "Baggage": {"by=hand"}},
		},
		{
			name:     "headers of another trace, with baggage",
			incoming: http.Header{"Traceparent": {"00-" + traceID + "-b7ad6b7169203331-00"}},
			baggage:  bag,
			own:      http.Header{"Traceparent": {"00-11111111111111111111111111111111-2222222222222222-01"}, "Tracestate": {"stale=1"}},
			want:     http.Header{"Traceparent": {"00-" + traceID + "-CALL-00"}, "Baggage": {"tenant=blue"}},
		},
		{
			name:     "baggage by hand, with tracestate",
			incoming: http.Header{"Traceparent": {"00-" + traceID + "-b7ad6b7169203331-00"}, "Tracestate": {"vendor=1"}},
			own:      http.Header{"Baggage": {"by=hand"}},
			want:     http.Header{"Traceparent": {"00-" + traceID + "-CALL-00"}, "Tracestate": {"vendor=1"}, "Baggage": {"by=hand"}},
		},
		{
			name:       "B3",
			incoming:   http.Header{"B3": {traceID + "-b7ad6b7169203331-1"}},
			propagator: b3.New(),
			own:        http.Header{"Traceparent": {"the program's own"}},
			want:       http.Header{"B3": {traceID + "-CALL-1"}, "Traceparent": {"the program's own"}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, ledger := transactiontest.New(t)
			agent := transaction.AgentFrom(ctx)
			if c.propagator != nil {
				agent.SetPropagator(c.propagator, false)
			}
			ctx = agent.Extract(ctx, c.incoming)
			if c.baggage.Len() > 0 {
				ctx = baggage.ContextWithBaggage(ctx, c.baggage)
			}
			tx := begin(ctx)
			base := &capture{}
			req := request(t, tx)
			req.Header = c.own.Clone()
			if req.Header == nil {
				req.Header = http.Header{}
			}
			call(t, httpclient.NewTransport(base), req)
			tx.End()

			got := http.Header{}
			id := ledger.One().Entries[0].SpanID.String()
			for name, values := range base.request.Header {
				for _, v := range values {
					got[name] = append(got[name], strings.ReplaceAll(v, id, spanOf))
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("headers sent (-want +got):\n%s", diff)
			}
		})
	}
}

// A job without a transaction may have a span of its own: whoever it calls is told of that.
func TestHeadersWithoutTransaction(t *testing.T) {
	ctx, _ := transactiontest.New(t)
	base := &capture{}
	call(t, httpclient.NewTransport(base), request(t, ctx))
	if got := base.request.Header["Traceparent"]; got != nil {
		t.Errorf("traceparent = %q, want none", got)
	}
	id, err := trace.TraceIDFromHex(traceID)
	if err != nil {
		t.Fatal(err)
	}
	ctx = trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: trace.SpanID{1}}))
	call(t, httpclient.NewTransport(base), request(t, ctx))
	if got, want := base.request.Header.Get("Traceparent"), "00-"+traceID+"-0100000000000000-00"; got != want {
		t.Errorf("traceparent = %q, want %q", got, want)
	}
}

// The request that is sent is the caller's in everything but the headers.
func TestRequestIsPassedOn(t *testing.T) {
	ctx, _ := transactiontest.New(t)
	tx := begin(ctx)
	defer tx.End()
	within, cancel := context.WithTimeout(tx, time.Hour)
	defer cancel()
	base := &capture{}
	req, err := http.NewRequestWithContext(within, http.MethodPut, "http://a.test/path?secret=1", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	req.Trailer = http.Header{"X-Sum": nil}
	call(t, httpclient.NewTransport(base), req)
	sent := base.request
	if sent == req {
		t.Fatal("the caller's own request was sent, with a header more")
	}
	if sent.Context() != within || sent.URL != req.URL || sent.Body != req.Body || sent.ContentLength != 4 || sent.Method != req.Method || sent.Host != req.Host {
		t.Errorf("sent %+v, want all of %+v", sent, req)
	}
	if body, err := sent.GetBody(); err != nil || body == nil {
		t.Errorf("GetBody = %v, %v", body, err)
	}
	if _, ok := sent.Trailer["X-Sum"]; !ok {
		t.Error("the trailers were lost")
	}
}
