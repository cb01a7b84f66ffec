package console_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	time.Local = time.UTC // The golden files have times.
	goleak.VerifyTestMain(m)
}
