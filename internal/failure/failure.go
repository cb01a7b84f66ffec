package failure

import (
	"time"

	"github.com/daybook-apm/daybook/internal/stack"
)

// NoEntry is the index of the entry of what no entry failed by.
const NoEntry = -1

// Failure is one error of a transaction, or some that look the same.
type Failure struct {
	Type    string // error.type.
	Message string // Masked; may be empty.
	Stack   stack.Stack
	At      time.Duration // Offset of the first one from the start of its transaction.
	Entry   int           // The entry that failed by it, by index, or [NoEntry].
	Count   int64
	// Outcome says that the transaction failed by it: it is the outcome's, and none beside it.
	Outcome bool
}

// New describes an error of the given error.type whose cause is an error, the value of a panic, or nil.
func New(errorType string, cause any) Failure {
	return Failure{Type: errorType, Message: Message(cause), Entry: NoEntry, Count: 1}
}
