package sqltext_test

import (
	"strings"
	"testing"
	"time"

	"github.com/daybook-apm/daybook/internal/sqltext"
)

var systems = []string{"postgresql", "mysql", "sqlite", "microsoft.sql_server", "other_sql"}

// What makes a careless lexer look ahead again and again. Eight times the length may take eight times as long, with
// room for an unquiet machine; a square would take 64 times as long.
func TestTimeIsLinear(t *testing.T) {
	const short, growth, limit, attempts = 4 << 10, 8, 24, 10
	for _, part := range []string{
		"'", "''", `\'`, `'\`, "''''", `"`, "`", "[", "[a", "]", "(", ")", "$", "$a", "$a$", "$$", "/*", "*/", "--", "- ", "-",
		"+ 1", "#", "q'", "E'a'\n", "x'", "?", ":", "::", "@", "@@", "1", "1e", ".", "a", "a.", "é", "\xff", " ", "\x00",
		"IN (", "VALUES (", "VALUES (1),", ";", "{",
	} {
		for _, system := range systems {
			lex := func(length int) time.Duration {
				text := strings.Repeat(part, length/len(part))
				return timed(func() { sqltext.Tokens(system, text) })
			}
			// Only what is dropped again is masked to the end, whatever the length.
			mask := func(length int) time.Duration {
				row := "(" + part + "1),"
				text := "VALUES " + strings.Repeat(row, length/len(row))
				return timed(func() { sqltext.Mask(system, text) })
			}
			for name, work := range map[string]func(int) time.Duration{"lexed": lex, "masked": mask} {
				var once, more time.Duration
				for range attempts {
					once, more = work(short), work(short*growth)
					if more < limit*once {
						break
					}
				}
				if more >= limit*once {
					t.Errorf("%q again and again is %s in %v by the rules of %s, %d times as much in %v",
						part, name, once, system, growth, more)
				}
			}
		}
	}
}

func timed(work func()) time.Duration {
	start := time.Now()
	work()
	return time.Since(start)
}
