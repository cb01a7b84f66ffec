package middleware

import (
	"context"
	"net/http"

	"github.com/daybook-apm/daybook/internal/transaction"
)

// goexitError is the error.type of a handler that ended its goroutine: the client got no more than after a panic.
const goexitError = "goexit"

// request is all there is about one request, in one allocation.
type request struct {
	transaction.Transaction
	*middleware
	outer    *http.Request // As it came from outside.
	inner    http.Request  // As the handler gets it.
	body     requestBody
	writer   http1Writer
	returned bool // The handler returned, rather than to panic.
}

// serve serves r as a transaction whose parent is ctx.
func serve(h *handler, agent *transaction.Agent, ctx context.Context, w http.ResponseWriter, r *http.Request) {
	rec := &request{middleware: h.middleware, outer: r}
	rec.Begin(ctx, agent, transaction.Request{
		Kind:   transaction.Server,
		Method: method(r),
		Secure: r.TLS != nil,
		Route:  h.routeOf(agent, r),
	})
	if rec.Sampled() && !rec.Adopted() && agent.TracerProvider != nil {
		rec.serveSampled(h.next, w)
		return
	}
	rec.serve(&rec.Transaction, h.next, w)
}

// serve calls next with ctx, which belongs to the transaction, and ends the transaction.
func (rec *request) serve(ctx context.Context, next http.Handler, w http.ResponseWriter) {
	defer rec.finish()
	rec.inner = *rec.outer.WithContext(ctx) // Inlined, and so no allocation.
	rec.inner.Body = rec.body.watch(rec.outer)
	next.ServeHTTP(rec.writer.wrap(w, &rec.Transaction, rec.serverTiming), &rec.inner)
	rec.returned = true
}

// finish is deferred: it sees a panic, books it and lets it go on. The panic is
// raised again before any frame below is left, so stack traces still show where it came from.
func (rec *request) finish() {
	var panicked any
	if !rec.returned {
		panicked = recover() // nil: runtime.Goexit.
	}
	rec.handBack()
	rec.settle(panicked)
	if rec.user != nil {
		if id := rec.userOf(rec.Agent(), &rec.inner); id != "" {
			rec.DefaultUser(transaction.HashUser(id))
		}
	}
	rec.End()
	if panicked != nil {
		panic(panicked)
	}
}

// handBack gives to the original request what others look for there: net/http removes the
// temporary files of the form, outer middleware reads the pattern.
func (rec *request) handBack() {
	if form := rec.inner.MultipartForm; form != rec.outer.MultipartForm {
		rec.outer.MultipartForm = form
	}
	rec.SettleRoute(0, func() string {
		if rec.inner.Pattern != rec.outer.Pattern {
			rec.outer.Pattern = rec.inner.Pattern
		}
		return routeOf(&rec.inner)
	})
}

// settle books the outcome.
func (rec *request) settle(panicked any) {
	w := &rec.writer
	status, hijacked := int(w.status.Load()), w.hijacked.Load()
	unanswered := status == 0 && !hijacked
	switch {
	case panicked == http.ErrAbortHandler: //nolint:errorlint // As net/http compares it.
		rec.Cancel()
	case !rec.returned:
		if unanswered {
			status = http.StatusInternalServerError
		}
		if panicked != nil {
			rec.FailPanic(panicked)
		} else {
			rec.Fail(goexitError)
		}
	case rec.outer.Context().Err() == context.Canceled && (unanswered || status >= 500 || w.failed.Load()):
		rec.Cancel()
	case unanswered:
		// The server is going to write the header.
		w.beforeHeader()
		status = http.StatusOK
	}
	rec.SetStatus(status)
	rec.SetSizes(rec.body.size(rec.outer), w.size(rec.outer))
}
