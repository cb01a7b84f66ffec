package newrelic_test

import (
	"testing"

	"github.com/daybook-apm/daybook/bench/contestant/newrelic"
	"github.com/daybook-apm/daybook/bench/internal/proof"
)

func TestContestants_recordEverything(t *testing.T) {
	proof.All(t, newrelic.Contestants())
}
