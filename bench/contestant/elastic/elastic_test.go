package elastic_test

import (
	"testing"

	"github.com/daybook-apm/daybook/bench/contestant/elastic"
	"github.com/daybook-apm/daybook/bench/internal/proof"
)

func TestContestants_recordEverything(t *testing.T) {
	proof.All(t, elastic.Contestants())
}
