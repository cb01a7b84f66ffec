package httpclient_test

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/daybook-apm/daybook/httpclient"
	"github.com/daybook-apm/daybook/internal/transaction"
	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
)

// instant is a remote that answers at once. Its response is made once: what the test pins is ours.
type instant struct {
	status   int // 0: 200.
	response http.Response
}

func (i *instant) RoundTrip(*http.Request) (*http.Response, error) {
	i.response.StatusCode = cmp.Or(i.status, http.StatusOK)
	i.response.Body = i
	return &i.response, nil
}

func (*instant) Read([]byte) (int, error) { return 0, io.EOF }
func (*instant) Close() error             { return nil }

// begin begins a transaction, which has to be ended.
func begin(ctx context.Context) *transaction.Transaction {
	tx := new(transaction.Transaction)
	tx.Begin(ctx, transaction.AgentFrom(ctx), transaction.Request{Method: "GET", Route: "/"})
	return tx
}

func call(tb testing.TB, rt http.RoundTripper, req *http.Request) {
	resp, err := rt.RoundTrip(req)
	if err != nil {
		tb.Fatal(err)
	}
	var buf [512]byte
	for err == nil {
		_, err = resp.Body.Read(buf[:])
	}
	if err := resp.Body.Close(); err != nil {
		tb.Fatal(err)
	}
}

// billing is the remote of request.
var billing = transaction.InternRemote("http", "billing.internal", 8080)

func request(tb testing.TB, ctx context.Context) *http.Request {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://billing.internal:8080/v1/balance?user=7", nil)
	if err != nil {
		tb.Fatal(err)
	}
	req.Header.Set("Accept", "application/json")
	return req
}

// runs is as many calls as a transaction keeps one by one.
const runs = transaction.MaxEntries - 1

// What a call costs: the record, the map of headers and its one group. A call without propagation has no headers of its own.
func TestAllocations(t *testing.T) {
	for _, c := range []struct {
		name string
		opts []httpclient.Option
		want float64
	}{
		{"call", nil, 3},
		{"without propagation", []httpclient.Option{httpclient.WithoutPropagation()}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			tx := begin(transactiontest.Discard(t))
			defer tx.End()
			bare, wrapped := &instant{}, httpclient.NewTransport(&instant{}, c.opts...)
			req := request(t, tx)
			base := testing.AllocsPerRun(runs, func() { call(t, bare, req) })
			if got := testing.AllocsPerRun(runs, func() { call(t, wrapped, req) }) - base; got > c.want {
				t.Errorf("%v allocations added, want %v", got, c.want)
			}
		})
	}
}

func TestNoAgentDoesNotAllocate(t *testing.T) {
	bare, wrapped := &instant{}, httpclient.NewTransport(&instant{})
	req := request(t, context.Background())
	base := testing.AllocsPerRun(runs, func() { call(t, bare, req) })
	if got := testing.AllocsPerRun(runs, func() { call(t, wrapped, req) }); got != base {
		t.Errorf("%v allocations, want %v", got, base)
	}
}

func TestConstructionIsCheap(t *testing.T) {
	base := &instant{}
	if n := testing.AllocsPerRun(runs, func() { httpclient.NewTransport(base) }); n > 1 {
		t.Errorf("NewTransport costs %v allocations, want 1", n)
	}
}

func BenchmarkRoundTrip(b *testing.B) {
	agent := transactiontest.Discard(b)
	for _, bm := range []struct {
		name string
		ctx  context.Context
		rt   http.RoundTripper
		in   bool
	}{
		{"bare", context.Background(), &instant{}, false},
		{"no agent", context.Background(), httpclient.NewTransport(&instant{}), false},
		{"wrapped", agent, httpclient.NewTransport(&instant{}), true},
		{"without propagation", agent, httpclient.NewTransport(&instant{}, httpclient.WithoutPropagation()), true},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			var tx *transaction.Transaction
			req := request(b, bm.ctx)
			for i := 0; b.Loop(); i++ {
				if bm.in && i%32 == 0 {
					// A call needs a transaction that is not full: a thirty-second of one is in the figures.
					tx.End()
					tx = begin(bm.ctx)
					req = request(b, tx)
				}
				call(b, bm.rt, req)
			}
			tx.End()
		})
	}
}
