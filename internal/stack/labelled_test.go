package stack_test

import (
	"context"
	"fmt"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"

	"github.com/daybook-apm/daybook/internal/stack"
)

func hang(release <-chan struct{}) { <-release }

// hanging starts goroutines that hang in [hang] with the label, and returns when all of them do.
func hanging(tb testing.TB, n int, value string) {
	release := make(chan struct{})
	var started, done sync.WaitGroup
	for range n {
		started.Add(1)
		done.Go(func() {
			pprof.Do(context.Background(), pprof.Labels("transaction", value, "route", "/x y\t+1"), func(context.Context) {
				started.Done()
				hang(release)
			})
		})
	}
	started.Wait()
	tb.Cleanup(func() {
		close(release)
		done.Wait()
	})
}

func TestLabelled(t *testing.T) {
	hanging(t, 1, "a")
	hanging(t, 2, "b")
	hanging(t, 1, `c", "transaction":"d`)
	for value, want := range map[string]int{"a": 1, "b": 2} {
		// The goroutines may still be on their way to where they hang.
		var got string
		for range 1000 {
			got = string(stack.Labelled("transaction", value))
			if strings.HasPrefix(got, fmt.Sprintf("goroutines: %d\n", want)) && strings.Contains(got, "stack_test.hang\n\t") {
				break
			}
		}
		lines := strings.Split(got, "\n")
		if len(lines) < 5 || lines[0] != fmt.Sprintf("goroutines: %d", want) {
			t.Fatalf("%s: got\n%s\nwant one stack of %d goroutines", value, got, want)
		}
		if !strings.HasSuffix(lines[1], "stack_test.hang") || !strings.HasPrefix(lines[2], "\t/") || !strings.Contains(lines[2], "labelled_test.go:") {
			t.Errorf("%s: the innermost frame is\n%s\n%s", value, lines[1], lines[2])
		}
	}
	for _, value := range []string{"d", "", "c"} {
		if got := stack.Labelled("transaction", value); got != nil {
			t.Errorf("%q: got\n%s", value, got)
		}
	}
}

func BenchmarkLabelled(b *testing.B) {
	for _, n := range []int{100, 1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for i := range n {
				hanging(b, 1, fmt.Sprint(i))
			}
			for b.Loop() {
				stack.Labelled("transaction", "7")
			}
		})
	}
}
