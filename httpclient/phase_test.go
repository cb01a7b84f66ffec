package httpclient_test

import (
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/daybook-apm/daybook/httpclient"
	"github.com/daybook-apm/daybook/internal/transaction"
	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
)

// slow is a remote that takes its time at each stage.
type slow struct{ trip, read, shut time.Duration }

func (s slow) RoundTrip(*http.Request) (*http.Response, error) {
	time.Sleep(s.trip)
	return &http.Response{StatusCode: 200, Body: &slowBody{slow: s, left: 2}}, nil
}

type slowBody struct {
	slow
	left int
}

func (b *slowBody) Read(p []byte) (int, error) {
	time.Sleep(b.read)
	if b.left == 0 {
		return 0, io.EOF
	}
	b.left--
	return 1, nil
}

func (b *slowBody) Close() error {
	time.Sleep(b.shut)
	return nil
}

// waiting is a body without an end. Its Close returns after the Read that it interrupts has.
type waiting struct{ closed chan struct{} }

func (w waiting) Read([]byte) (int, error) {
	<-w.closed
	return 0, http.ErrBodyReadAfterClose
}

func (w waiting) Close() error {
	close(w.closed)
	time.Sleep(time.Millisecond)
	return nil
}

// panicking is a body that panics after a while.
type panicking struct{ io.ReadCloser }

func (panicking) Read([]byte) (int, error) {
	time.Sleep(10 * time.Millisecond)
	panic("source")
}

// spent is where the time of a transaction went.
type spent struct {
	App, External, Duration time.Duration
	Calls                   int64
}

func spentOf(tx transactiontest.Transaction) spent {
	return spent{tx.Spent[transaction.App], tx.Spent[transaction.External], tx.Duration, tx.Calls[transaction.External]}
}

func TestPhases(t *testing.T) {
	const ms = time.Millisecond
	open := func(t *testing.T, tx *transaction.Transaction, s slow) io.ReadCloser {
		resp, err := httpclient.NewTransport(s).RoundTrip(request(t, tx))
		if err != nil {
			t.Fatal(err)
		}
		return resp.Body
	}
	for _, c := range []struct {
		name   string
		handle func(*testing.T, *transaction.Transaction)
		want   spent
		totals []transaction.RemoteTotal
	}{
		{
			"slow answer", func(t *testing.T, tx *transaction.Transaction) {
				open(t, tx, slow{trip: 200 * ms}).Close()
				time.Sleep(5 * ms)
			},
			spent{App: 5 * ms, External: 200 * ms, Duration: 205 * ms, Calls: 1},
			[]transaction.RemoteTotal{{Remote: billing, Calls: 1, Time: 200 * ms, Max: 200 * ms}},
		},
		{
			"slow body, open while the handler works", func(t *testing.T, tx *transaction.Transaction) {
				body := open(t, tx, slow{trip: 10 * ms, read: 30 * ms, shut: 4 * ms})
				for err := error(nil); err == nil; {
					time.Sleep(7 * ms)
					_, err = body.Read(make([]byte, 8))
				}
				time.Sleep(50 * ms) // The call has ended; closing it late is nothing.
				body.Close()
			},
			spent{App: 75 * ms, External: 100 * ms, Duration: 175 * ms, Calls: 1},
			[]transaction.RemoteTotal{{Remote: billing, Calls: 1, Time: 100 * ms, Max: 100 * ms}},
		},
		{
			"slow to close", func(t *testing.T, tx *transaction.Transaction) {
				body := open(t, tx, slow{shut: 40 * ms})
				time.Sleep(2 * ms)
				body.Close()
			},
			spent{App: 2 * ms, External: 40 * ms, Duration: 42 * ms, Calls: 1},
			[]transaction.RemoteTotal{{Remote: billing, Calls: 1, Time: 40 * ms, Max: 40 * ms}},
		},
		{
			"parallel calls", func(t *testing.T, tx *transaction.Transaction) {
				var wg sync.WaitGroup
				for _, d := range []time.Duration{50 * ms, 80 * ms} {
					wg.Go(func() { open(t, tx, slow{trip: d}).Close() })
				}
				wg.Wait()
			},
			spent{External: 80 * ms, Duration: 80 * ms, Calls: 2},
			[]transaction.RemoteTotal{{Remote: billing, Calls: 2, Time: 130 * ms, Max: 80 * ms}},
		},
		{
			"never closed", func(t *testing.T, tx *transaction.Transaction) {
				open(t, tx, slow{trip: 10 * ms})
				time.Sleep(10 * ms)
			},
			spent{App: 10 * ms, External: 10 * ms, Duration: 20 * ms, Calls: 1},
			nil,
		},
		{
			"Close interrupts Read", func(t *testing.T, tx *transaction.Transaction) {
				resp, err := httpclient.NewTransport(scripted(func(*http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: 200, Body: waiting{make(chan struct{})}}, nil
				})).RoundTrip(request(t, tx))
				if err != nil {
					t.Fatal(err)
				}
				var wg sync.WaitGroup
				wg.Go(func() {
					if _, err := resp.Body.Read(nil); err == nil {
						t.Error("Read was interrupted and gave no error")
					}
				})
				time.Sleep(30 * ms)
				resp.Body.Close()
				wg.Wait()
			},
			spent{External: 31 * ms, Duration: 31 * ms, Calls: 1},
			[]transaction.RemoteTotal{{Remote: billing, Calls: 1, Time: 31 * ms, Max: 31 * ms}},
		},
		{
			"the source panics", func(t *testing.T, tx *transaction.Transaction) {
				resp, err := httpclient.NewTransport(scripted(func(*http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: 200, Body: panicking{http.NoBody}}, nil
				})).RoundTrip(request(t, tx))
				if err != nil {
					t.Fatal(err)
				}
				func() {
					defer func() {
						if r := recover(); r != "source" {
							t.Errorf("recovered %v, want source", r)
						}
					}()
					n, err := resp.Body.Read(nil)
					t.Errorf("Read = %d, %v, want a panic", n, err)
				}()
				time.Sleep(10 * ms)
				resp.Body.Close()
			},
			spent{App: 10 * ms, External: 10 * ms, Duration: 20 * ms, Calls: 1},
			[]transaction.RemoteTotal{{Remote: billing, Calls: 1, Time: 10 * ms, Max: 10 * ms}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, ledger := transactiontest.New(t)
				tx := begin(ctx)
				c.handle(t, tx)
				tx.End()
				got := ledger.One()
				if diff := cmp.Diff(c.want, spentOf(got)); diff != "" {
					t.Errorf("phases (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(c.totals, got.Remotes, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("remotes (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// What comes after the end counts for the remote and for nothing that is finished.
func TestLateCalls(t *testing.T) {
	for _, c := range []struct {
		name   string
		before time.Duration // How long before the end of the transaction the call begins.
		calls  int64
	}{
		{"goroutine that outlives the request", 10 * time.Millisecond, 1},
		{"call after the end", -10 * time.Millisecond, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, ledger := transactiontest.New(t)
				tx := begin(ctx)
				const length = 20 * time.Millisecond
				var wg sync.WaitGroup
				wg.Go(func() {
					time.Sleep(length - c.before)
					call(t, httpclient.NewTransport(slow{trip: 100 * time.Millisecond}), request(t, tx))
				})
				time.Sleep(length)
				tx.End()
				wg.Wait()

				external := max(c.before, 0)
				want := spent{App: length - external, External: external, Duration: length, Calls: c.calls}
				if diff := cmp.Diff(want, spentOf(ledger.One())); diff != "" {
					t.Errorf("phases (-want +got):\n%s", diff)
				}
				late := []transactiontest.Remote{{
					Endpoint: transaction.Endpoint{Method: "GET", Route: "/"},
					Total: transaction.RemoteTotal{
						Remote: billing, Calls: 1,
						Time: 100 * time.Millisecond, Max: 100 * time.Millisecond,
					},
				}}
				if diff := cmp.Diff(late, ledger.Remotes()); diff != "" {
					t.Errorf("late remotes (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestCallWithoutTransaction(t *testing.T) {
	ctx, ledger := transactiontest.New(t)
	call(t, httpclient.NewTransport(&instant{status: 404}), request(t, ctx))
	got := ledger.Remotes()
	if len(got) != 1 || got[0].Endpoint.Route != transaction.Without || got[0].Total.Calls != 1 || got[0].Total.ErrorType != "404" {
		t.Errorf("remotes = %+v, want one call for %s", got, transaction.Without)
	}
}
