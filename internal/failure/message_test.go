package failure_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/daybook-apm/daybook/internal/failure"
)

func TestMask(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"empty", "", ""},
		{"plain", "connection refused", "connection refused"},
		{"lines and control characters", " a\n\tb\x00c\r\n", "a b c"},

		{"numbers", "index out of range [5] with length 3", "index out of range [?] with length ?"},
		{"a number with a unit", "timed out after 1.5s, limit 150ms", "timed out after ?, limit ?"},
		{"address and time", "dial tcp 10.0.0.1:5432: at 2026-11-22T10:00:00Z", "dial tcp ?: at ?"},
		{"IPv6", "dial tcp [fe80::1%eth0]:80", "dial tcp [?%eth?]:?"},
		{"names with numbers", "x509: http2: unknown sha256", "x?: http?: unknown sha?"},
		{"user number", "user12345 not found", "user? not found"},
		{"UUID", "order 6ba7b810-9dad-11d1-80b4-00c04fd430c8 is gone", "order ? is gone"},
		{"hex", "at 0x7ffe or c0ffee12", "at ? or ?"},
		{"opaque", "key AKIAIOSFODNN7EXAMPLE9 is bad", "key ? is bad"},
		{"long word", "x " + strings.Repeat("q", 41), "x ?"},

		{"double quotes", `near "bob": syntax error`, `near "?": syntax error`},
		{"single quotes", "Duplicate entry 'bob@x.com' for key 'users.email'", "Duplicate entry '?' for key '?'"},
		{"a quote that MySQL does not escape", "Duplicate entry 'O'Brien' for key 'name'", "Duplicate entry '?' for key '?'"},
		{"doubled quote", "bad 'it''s' here", "bad '?' here"},
		{"empty quotes", `invalid syntax for integer: ""`, `invalid syntax for integer: "?"`},
		{"backslash and quote", `at 'C:\' and 'secret'`, "at ?"},
		{"unterminated", "at 'secret and more", "at ?"},
		{"apostrophe", "can't open it, don't know", "can't open it, don't know"},
		{"apostrophe and quotes", "can't find 'bob'", "can't find '?'"},
		{"string prefix", "in N'bob' here", "in N'?' here"},
		{"string prefix with a digit", "in _utf8'bob' here", "in _utf?'?' here"},
		{"quote after a word where quotes were", "in N'bob' and N'eve'", "in N?"},
		{"doubtful quotes", "entry 'a' b' here", "entry ?"},
		{"typographic", "no user “bob”", "no user ?"},
		{"dollar quotes", "in $x$ bob $x$", "in ?"},

		{"URL", "Get https://u:p@api.example.com/users/7?token=abc: EOF", "Get https://? EOF"},
		{"URL, then text", "see https://example.com/x for more", "see https://? for more"},
		{"URL whose password has a space", "parse postgres://bob:my pass word@db/x failed", "parse postgres://? failed"},
		{"query of a path", "GET /users?name=bob&x=eve failed", "GET /users? failed"},
		{"DSN of MySQL", "invalid DSN: bob:pa ss@tcp(db:3306)/app x", "? x"},
		{"keywords of libpq", "host=db user=bob dbname=app", "host=? user=? dbname=?"},
		{"password of libpq", "host=db password=my secret", "host=? password=?"},
		{"mail address", "no mailbox <bob@example.com> here", "no mailbox ? here"},
		{"secret", "Authorization: Basic abc def", "Authorization: ?"},
		{"secret in a name", "DB_PASSWORD = hunter", "DB_PASSWORD=?"},
		{"bearer", "header Bearer abc", "header Bearer ?"},
		{"no value of a secret", "the password is too short", "the password is too short"},
		{"detail of PostgreSQL", "Key (email)=(bob x) already exists", "Key (email)=(?) already exists"},
		{"value of SQL Server", "The duplicate key value is (bob, eve).", "The duplicate key value is (?)."},
		{"comparison", "want a == b, c >= d", "want a == b, c >= d"},

		{"invalid UTF-8", "a\xffb", "ab"},
		{"long", strings.Repeat("many words ", 100), strings.TrimRight(strings.Repeat("many words ", 24)[:256], " ")},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := failure.Mask(test.text); got != test.want {
				t.Errorf("Mask(%q)\n got %q\nwant %q", test.text, got, test.want)
			}
		})
	}
}

type panicking struct{}

func (panicking) Error() string { panic(panicking{}) }

type stringer struct{ fmt.Stringer }

type fields struct{ Password string }

func TestMessage(t *testing.T) {
	var nilError *panicking
	for _, test := range []struct {
		name  string
		value any
		want  string
	}{
		{"nil", nil, ""},
		{"error", errors.New("row 5"), "row ?"},
		{"wrapped", fmt.Errorf("load: %w", errors.New("row 5")), "load: row ?"},
		{"string", "oh no", "oh no"},
		{"int", 42, "?"},
		{"struct", fields{"hunter"}, "failure_test.fields"},
		{"Error panics", panicking{}, "(its Error method panicked)"},
		{"nil behind an interface", error(nilError), "(its Error method panicked)"},
		{"nil Stringer", stringer{}, "(its Error method panicked)"},
		{"ten megabytes", errors.New("big " + strings.Repeat("x ", 5<<20)), "big " + strings.Repeat("x ", 126)[:251]},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := failure.Message(test.value); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func FuzzMask(f *testing.F) {
	f.Add("", "x", "")
	f.Add("dup '", "bob", "' for key")
	f.Add("a $x$", "b", "“c”\\'")
	f.Fuzz(func(t *testing.T, before, data, after string) {
		got := failure.Mask(before + data + after)
		if len(got) > 256 || !utf8.ValidString(got) || strings.ContainsAny(got, "\n\x00") {
			t.Errorf("Mask(%q) = %q: too long, not on one line, or no UTF-8", before+data+after, got)
		}
		// What stands alone in quotes is never seen, whatever stands in it: the marker has no digits and is no word of a text.
		const marker = "qzxj"
		if strings.ContainsAny(data, `'"\`+"`") || strings.Contains(before+after, marker) {
			return
		}
		for _, q := range []string{`"`, "'", "`"} {
			if got := failure.Mask("value " + q + data + marker + q + " is bad"); strings.Contains(got, marker) {
				t.Errorf("%q shows the quoted text: %q", data, got)
			}
		}
	})
}

func BenchmarkMessage(b *testing.B) {
	err := errors.New(`ERROR: duplicate key value violates unique constraint "users_email_key" (SQLSTATE 23505)`)
	b.ReportAllocs()
	for b.Loop() {
		failure.Message(err)
	}
}
