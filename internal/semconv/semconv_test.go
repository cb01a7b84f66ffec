package semconv_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/daybook-apm/daybook/internal/semconv"
)

type named struct{}

func (*named) Error() string     { panic("never asked") }
func (*named) ErrorType() string { return "quota" }

type hostile struct{}

func (hostile) Error() string     { panic("never asked") }
func (hostile) ErrorType() string { panic("no") }

func TestErrorType(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"nil", nil, "_OTHER"},
		{"plain", errors.New("x"), "*errors.errorString"},
		{"wrapped", fmt.Errorf("a: %w", errors.New("x")), "*errors.errorString"},
		{"named", fmt.Errorf("a: %w", &named{}), "quota"},
		{"hostile", hostile{}, "semconv_test.hostile"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := semconv.ErrorType(c.err); got != c.want {
				t.Errorf("ErrorType(%T) = %q, want %q", c.err, got, c.want)
			}
		})
	}
}

func TestMethod(t *testing.T) {
	for in, want := range map[string]string{"": "GET", "GET": "GET", "get": "_OTHER", "PATCH": "PATCH", "BREW": "_OTHER"} {
		if got := semconv.Method(in); got != want {
			t.Errorf("Method(%q) = %q, want %q", in, got, want)
		}
	}
}
