package console_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/daybook-apm/daybook/internal/transaction"
)

func TestMain(m *testing.M) {
	// A process knows 200 remotes. That of the golden files is among them, whichever test comes first.
	transaction.InternRemote("http", "id.example.com", 443)
	time.Local = time.UTC // The golden files have times.
	goleak.VerifyTestMain(m)
}
