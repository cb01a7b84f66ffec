package transaction

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/failure"
	"github.com/daybook-apm/daybook/internal/stack"
)

// What has no transaction, or comes after the end of it, is posted by itself.

func (a *Agent) endpoint(t *Transaction) Endpoint {
	if t == nil {
		return Endpoint{Route: Without}
	}
	return t.Endpoint()
}

// deaf reports whether nothing may be posted any more on behalf of t.
func (a *Agent) deaf(t *Transaction) bool {
	return a.stopped.Load() || t != nil && t.isIgnored()
}

func (a *Agent) postCall(t *Transaction, e *Entry) {
	if !a.deaf(t) {
		a.Ledger.PostCall(e)
	}
}

func (a *Agent) postStatement(t *Transaction, total *StatementTotal) {
	if !a.deaf(t) {
		a.Ledger.PostStatement(a.endpoint(t), total)
	}
}

func (a *Agent) postRemote(t *Transaction, total *RemoteTotal) {
	if !a.deaf(t) {
		a.Ledger.PostRemote(a.endpoint(t), total)
	}
}

// PostError counts an error that has no transaction. A cause, if there is one, describes it.
func (a *Agent) PostError(errorType string, cause error) {
	a.postError(nil, errorType, a.describe(errorType, cause))
}

// postError counts an error; f describes it, or is nil.
func (a *Agent) postError(t *Transaction, errorType string, f *failure.Failure) {
	if a.deaf(t) {
		return
	}
	a.Ledger.PostError(a.endpoint(t), errorType)
	if a.Recorder == nil {
		return
	}
	if f == nil {
		f = &failure.Failure{Type: errorType, Entry: failure.NoEntry, Count: 1}
	}
	var id trace.TraceID
	if t != nil {
		id = t.traceID
	}
	a.Recorder.PostFailure(a.endpoint(t), id, f)
}

// stray logs the first call without a transaction, once: nobody finds these by reading figures.
func (a *Agent) stray() {
	a.strays.Do(func() {
		if a.Logger != nil {
			advice := "; pass the request's context to it (QueryContext, http.NewRequestWithContext)"
			if !a.GoroutineLabels {
				advice += ", or start the agent with apm.WithGoroutineLabels"
			}
			a.Logger.LogAttrs(context.Background(), slog.LevelWarn,
				"daybook: a call has no transaction, it is counted under "+Without+advice,
				slog.String("at", stack.Caller()))
		}
	})
}
