package httpclient

import (
	"io"
	"net/http"
	"sync"

	"github.com/daybook-apm/daybook/internal/transaction"
)

// body is a response's body. The bodies of net/http have the two methods that this one has, and no others.
//
// A Close in one goroutine must be able to interrupt a Read in another, so the mutex is never held while the source works.
type body struct {
	request *http.Request // The caller's.
	source  io.ReadCloser
	status  int

	mu      sync.Mutex // Guards what follows.
	call    transaction.Call
	inside  int  // Reads and Closes in flight.
	closing bool // Errors of Read are the caller's doing from here on.
	ended   bool
}

// open begins the life of b after the response has come.
func (b *body) open(resp *http.Response) {
	b.source, b.status = resp.Body, resp.StatusCode
	b.call.Pause()
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (n int, err error) {
	b.enter()
	defer func() { b.read(err) }() // Also if the source panics.
	return b.source.Read(p)
}

// Close implements [io.Closer].
func (b *body) Close() error {
	b.close()
	defer b.closed()
	return b.source.Close()
}

func (b *body) enter() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.inside++
	if b.inside == 1 && !b.ended {
		b.call.Resume()
	}
}

// read takes what Read returned.
func (b *body) read(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.inside--
	switch {
	case b.ended:
	case err == nil || b.closing:
		if b.inside == 0 {
			b.call.Pause()
		}
	case err == io.EOF: //nolint:errorlint // A Reader has to return io.EOF itself; a wrapped one is an error.
		b.end(nil)
	default:
		b.end(err)
	}
}

func (b *body) close() {
	b.enter()
	b.mu.Lock()
	b.closing = true
	b.mu.Unlock()
}

// closed says that Close has returned. That ends the call, whatever a Read that it has interrupted does.
func (b *body) closed() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.inside--
	b.end(nil)
}

// end ends the call. A status that is a failure says more than what happened to its body.
func (b *body) end(err error) {
	if b.ended {
		return
	}
	b.ended = true
	r := transaction.Result{ErrorType: statusFailure(b.status), Status: b.status}
	if r.ErrorType == "" && err != nil {
		r.ErrorType = failure(b.request, err)
		b.call.Explain(err)
	}
	b.call.End(r)
}
