package transaction

import "strconv"

// Outcome is how a transaction ended. Failed and Canceled exclude each other.
type Outcome struct {
	Status    int    // http.response.status_code; 0: none was sent.
	ErrorType string // error.type; empty: no failure.
	Failed    bool   // 5xx, a panic, or failed by hand.
	Canceled  bool   // The client went away or the handler aborted.
	// Streamed says that the connection was hijacked or an event stream: its duration tells nothing.
	Streamed                  bool
	RequestSize, ResponseSize int64 // Bytes of the bodies; -1: not known.
}

// PanicError is the error.type of a panic.
const PanicError = "panic"

// CanceledError is the error.type of what was given up because nobody waits for it.
const CanceledError = "canceled"

// TimeoutError is the error.type of a call whose time was over.
const TimeoutError = "timeout"

// SetStatus sets the response status: 5xx is a failure with the number as error.type.
func (t *Transaction) SetStatus(code int) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return
	}
	t.outcome.Status = code
	if code >= 500 && !t.outcome.Canceled && !t.outcome.Failed {
		t.outcome.Failed = true
		t.outcome.ErrorType = strconv.Itoa(code)
	}
}

// SetSizes sets the sizes of the bodies in bytes; -1 means not known.
func (t *Transaction) SetSizes(request, response int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ended {
		t.outcome.RequestSize, t.outcome.ResponseSize = request, response
	}
}

// Fail marks the transaction as failed with the given error.type. The first one is kept.
func (t *Transaction) Fail(errorType string) { t.fail(errorType, nil) }

// failed reports whether errorType is the one that t fails by. The caller holds t.mu.
func (t *Transaction) failed(errorType string) bool {
	if t.ended || t.outcome.Canceled {
		return false
	}
	first := !t.outcome.Failed || t.outcome.ErrorType == strconv.Itoa(t.outcome.Status)
	if first {
		t.outcome.ErrorType = errorType
	}
	t.outcome.Failed = true
	return first
}

// Cancel marks the transaction as given up: it counts apart and is no failure, whatever it was before.
func (t *Transaction) Cancel() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return
	}
	t.outcome.Canceled, t.outcome.Failed = true, false
	t.outcome.ErrorType = CanceledError
}

// Stream says that the duration of the transaction tells nothing about its speed.
func (t *Transaction) Stream() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ended {
		t.outcome.Streamed = true
	}
}
