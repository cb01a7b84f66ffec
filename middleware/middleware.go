package middleware

import (
	"context"
	"log/slog"
	"net/http"
	"sync"

	"github.com/daybook-apm/daybook/internal/semconv"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// New returns a middleware that makes each request a transaction of the agent in its context, else of the current
// agent. It may be used any number of times, before or after apm.Start, and one inside the other: a request whose context has a transaction
// that has not ended joins it and is not counted again.
//
// The outcome of a request is its status: 5xx is a failure, so is a panic, with error.type panic, and with status 500
// if nothing was written before. The panic goes on unchanged. A request counts as canceled, and as no failure, if the handler panics with
// [http.ErrAbortHandler], or if its context was canceled and the client did not get the response: nothing had been
// written, or the status is 5xx, or a write failed. Hijacked connections and event streams are never slow.
//
// Response bodies are counted as the handler writes them. The size of a request body is its Content-Length; without
// one, it is known if the handler read it to its end.
func New(options ...Option) func(http.Handler) http.Handler {
	m := &middleware{config: newConfig(options)}
	return func(next http.Handler) http.Handler { return &handler{middleware: m, next: next} }
}

// middleware is what all handlers of one [New] share.
type middleware struct {
	config
	complaint sync.Once
	tracings  tracings
}

type handler struct {
	*middleware
	next http.Handler
}

// ServeHTTP implements [http.Handler].
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	agent := transaction.AgentFrom(ctx)
	if agent == nil || joins(ctx) || !h.accepts(agent, r) {
		h.next.ServeHTTP(w, r)
		return
	}
	if !h.public {
		ctx = agent.Extract(ctx, r.Header)
	}
	serve(h, agent, ctx, w, r)
}

// joins reports whether a request is part of a transaction that goes on.
func joins(ctx context.Context) bool {
	// Goroutines of a server inherit labels from whoever started it: what they are bound to may be the start-up job.
	t := transaction.FromContext(ctx)
	return t != nil && !t.Ended()
}

func (m *middleware) accepts(agent *transaction.Agent, r *http.Request) bool {
	for _, accept := range m.filters {
		if !m.ask(agent, accept, r) {
			return false
		}
	}
	return true
}

func (m *middleware) ask(agent *transaction.Agent, accept func(*http.Request) bool, r *http.Request) (accepted bool) {
	defer func() {
		if p := recover(); p != nil {
			m.complain(agent, "WithFilter", p)
			accepted = true
		}
	}()
	return accept(r)
}

func (m *middleware) userOf(agent *transaction.Agent, r *http.Request) (id string) {
	defer func() {
		if p := recover(); p != nil {
			m.complain(agent, "WithUser", p)
			id = ""
		}
	}()
	return m.user(r)
}

// complain logs the first panic of a callback; the next million would say nothing new.
func (m *middleware) complain(agent *transaction.Agent, option string, p any) {
	m.complaint.Do(func() {
		if agent.Logger != nil {
			agent.Logger.LogAttrs(context.Background(), slog.LevelError,
				"daybook: the function given to middleware."+option+" panicked; the request was served all the same",
				slog.Any("panic", p))
		}
	})
}

// method returns http.request.method.
func method(r *http.Request) string { return semconv.Method(r.Method) }
