package sqltext_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/daybook-apm/daybook/internal/sqltext"
)

const (
	canary       = "c4nary"
	numberCanary = "31415926535"
)

// literals are, by dialect, all ways to write a literal: with a canary in it and with what could end it too early.
var literals = map[string][]string{
	"": {
		"'c4nary'", "'c4nary''c4nary'", "'''c4nary'''", "'c4nary -- c4nary'", "'c4nary /* c4nary'", "'c4nary \" c4nary'",
		"'c4nary $1 $$ c4nary'", "'c4nary ; (c4nary'", "'c4nary\nc4nary'", "'c4nary\x00c4nary'", "'\xffc4nary'", "N'c4nary'",
		"DATE 'c4nary'", "31415926535", "-31415926535", "- 31415926535", "31415926535.31415926535", "0x31415926535",
		"31415926535e31415926535", "1.31415926535e-5", "IN ('c4nary', 31415926535, NULL)",
		"VALUES ('c4nary', f(31415926535)), (f('c4nary'), 'c4nary')", "f('c4nary', -31415926535)",
		"/* c4nary ' c4nary */", "-- c4nary ' c4nary\n", "/* c4nary \" */",
	},
	"postgresql": {
		"'c4nary\\'", "E'c4nary\\'c4nary'", "e'c4nary\\\\'", "E'c4nary'\n'c4nary\\'c4nary'", "U&'c4nary'", "$$c4nary ' c4nary$$",
		"$a$c4nary $$ ' $b$ c4nary$a$", "/* c4nary /* c4nary */ c4nary */", "-- c4nary '\r", "ARRAY[31415926535, 'c4nary']",
		"a[31415926535:31415926535]", "$31415926535", "@31415926535", "X'c4nary'",
	},
	"mysql": {
		"'c4nary\\'c4nary'", "'c4nary\\\\'", "\"c4nary\"", "\"c4nary\\\"c4nary\"", "\"c4nary''\"\"c4nary\"", "# c4nary '\n",
		"/*! c4nary */", "_utf8'c4nary\\'c4nary'", "N'c4nary\\'c4nary'", "5--31415926535", "x'c4nary'",
	},
	"sqlite": {
		"'c4nary\\'", "= \"c4nary\"", "LIKE \"c4nary\"", "IN (\"c4nary\", \"c4nary\")", "VALUES (\"c4nary\")", "?31415926535",
		":31415926535",
	},
	"microsoft.sql_server": {
		"'c4nary\\'", "\"c4nary\"", "\"c4nary''\"\"c4nary\"", "$31415926535.31415926535", "/* c4nary /* c4nary */ c4nary */",
	},
	"other_sql": {
		"'c4nary\\'", "'c4nary\\'c4nary'", "\"c4nary\"", "\"c4nary\\\"c4nary\"", "'''c4nary'c4nary'''", "q'[c4nary'c4nary]'",
		"$$c4nary ' c4nary$$", "$a$c4nary ' c4nary$a$", "# c4nary '\n", "/* c4nary /* c4nary */ c4nary */", "$31415926535",
		":31415926535", "[31415926535, 'c4nary']", "r'c4nary\\'",
	},
}

// between is what may stand between two literals without being part of either. None is white space only: after
// PostgreSQL's E'…' that would make the next literal a part of it.
var between = []string{
	", ", " = ", " + ", " SELECT ", " FROM t WHERE a = ", " AND (", ") OR ", "; ", " IN (", " VALUES (", "), (",
	" $1, ", " ?, ", " :p, ", " /**/ ", " || ", " LIMIT ", " AS b, ", " CASE WHEN ", " THEN ", ")", "::int, ",
}

func TestMaskShowsNoLiteral(t *testing.T) {
	for _, system := range systems {
		t.Run(system, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			choices := append(literals[""][:len(literals[""]):len(literals[""])], literals[system]...)
			for range 5_000 {
				var query strings.Builder
				query.WriteString("SELECT ")
				for range 1 + random.IntN(8) {
					query.WriteString(choices[random.IntN(len(choices))])
					query.WriteString(between[random.IntN(len(between))])
				}
				checkNoLiteral(t, system, query.String())
				// A text that was cut anywhere may leave anything open.
				checkNoLiteral(t, system, query.String()[:random.IntN(query.Len())])
			}
		})
	}
}

func checkNoLiteral(t *testing.T, system, query string) {
	t.Helper()
	s := sqltext.Parse(system, query)
	for _, shown := range []string{s.Text, s.Summary, s.Operation} {
		if strings.Contains(shown, canary) || strings.Contains(shown, numberCanary) {
			t.Fatalf("a literal survived the rules of %s\n query %q\n shown %q", system, query, shown)
		}
	}
	if err := check(system, query); err != nil {
		t.Fatal(err)
	}
}

// quotedNames is how a masked text may contain quotes at all.
var quotedNames = map[string]*regexp.Regexp{
	"postgresql":           regexp.MustCompile(`"([^"]|"")*"`),
	"mysql":                regexp.MustCompile("`([^`]|``)*`"),
	"sqlite":               regexp.MustCompile("\"([^\"]|\"\")*\"|`([^`]|``)*`|\\[[^]]*\\]"),
	"microsoft.sql_server": regexp.MustCompile(`\[([^]]|\]\])*\]`),
	"other_sql":            regexp.MustCompile("`([^`'\"\\\\])*`"),
}

// check reports what is wrong with the masked form of any text.
func check(system, query string) error {
	text := sqltext.Mask(system, query)
	fail := func(what string) error {
		return fmt.Errorf("%s by the rules of %s\n query  %q\n masked %q", what, system, query, text)
	}
	if !utf8.ValidString(text) {
		return fail("no UTF-8")
	}
	if len(text) > sqltext.MaxText {
		return fail("too long")
	}
	if strings.ContainsAny(text, "\t\n\r\x00") {
		return fail("white space other than spaces")
	}
	if rest := quotedNames[system].ReplaceAllString(text, " "); strings.Contains(rest, "'") {
		return fail("a quote is left")
	}
	if again := sqltext.Mask(system, text); again != text {
		return fail(fmt.Sprintf("masked again it is %q", again))
	}
	return nil
}

func FuzzMask(f *testing.F) {
	for system := range systems {
		for _, forms := range literals {
			for _, l := range forms {
				f.Add(system, "SELECT "+l+" FROM t WHERE a IN (1, 'b', $1, :n) -- c")
			}
		}
	}
	f.Fuzz(func(t *testing.T, system int, query string) {
		name := systems[uint(system)%uint(len(systems))]
		if err := check(name, query); err != nil {
			t.Fatal(err)
		}
		s := sqltext.Parse(name, query)
		if !utf8.ValidString(s.Summary) || len(s.Summary) > sqltext.MaxSummary {
			t.Fatalf("summary %q of %q", s.Summary, query)
		}
		if (s.Summary == "") != (s.Operation == "") && len(query) < sqltext.MaxSummary {
			t.Fatalf("summary %q, operation %q of %q", s.Summary, s.Operation, query)
		}
	})
}
