package stack_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/daybook-apm/daybook/internal/stack"
)

func fail() { panic("x") }

func TestPanic(t *testing.T) {
	var got string
	func() {
		defer func() {
			got = stack.Take().String()
			_ = recover()
		}()
		fail()
	}()
	lines := strings.Split(got, "\n")
	// The deferred function of the test takes the stack, the panic is below it; nothing of the runtime is in between.
	for i, want := range []string{"stack_test.TestPanic.func1.1", "stack_test.go:", "stack_test.fail", "stack_test.go:"} {
		if i >= len(lines) || !strings.Contains(lines[i], want) {
			t.Fatalf("line %d: want %q in\n%s", i, want, got)
		}
	}
	if strings.Contains(got, "runtime.") {
		t.Errorf("frames of the runtime are left:\n%s", got)
	}
}

func TestNoStack(t *testing.T) {
	if got := stack.Stack(nil).String(); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
}

func call[T any](f func() T) T { return f() }

func TestCaller(t *testing.T) {
	_, file, line, _ := runtime.Caller(0)
	got := stack.Caller()
	if want := file + ":"; !strings.HasPrefix(got, want) || line == 0 {
		t.Errorf("got %q, want a line of %q", got, want)
	}
	if got := call(stack.Caller); !strings.HasPrefix(got, file+":") {
		t.Errorf("through a generic function: got %q, want a line of %q", got, file)
	}
}

func TestPackages(t *testing.T) {
	for _, test := range []struct {
		function            string
		own, standard, main bool
	}{
		{"main.main", false, true, true},
		{"net/http.(*conn).serve", false, true, false},
		{"database/sql.(*DB).QueryContext", false, true, false},
		{"github.com/daybook-apm/daybook/sqltrace.(*conn).QueryContext", true, false, false},
		{"github.com/daybook-apm/daybook/sqltrace/pgx.(*tracer).Start", true, false, false},
		{"github.com/daybook-apm/daybook/internal/pool.Each[...]", true, false, false},
		{"github.com/daybook-apm/daybook/sqltrace_test.TestQuery", false, false, true},
		{"github.com/daybook-apm/daybook/examples/quickstart.main", false, false, true},
		{"github.com/jmoiron/sqlx.Get[go.shape.struct { example.com/x.Y }]", false, false, false},
	} {
		t.Run(test.function, func(t *testing.T) {
			if got := stack.IsOwn(test.function); got != test.own {
				t.Errorf("own: got %t", got)
			}
			if got := stack.IsStandard(test.function); got != test.standard {
				t.Errorf("standard: got %t", got)
			}
			if got := !stack.IsOwn(test.function) && stack.IsProgram(test.function); got != test.main {
				t.Errorf("of the program: got %t", got)
			}
		})
	}
}

func BenchmarkTake(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		stack.Take()
	}
}

func BenchmarkCaller(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		stack.Caller()
	}
}
