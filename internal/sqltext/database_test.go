package sqltext_test

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/daybook-apm/daybook/internal/sqltext"
)

// The only test that opens many: the table is the process's.
func TestOpenIsBounded(t *testing.T) {
	first := sqltext.Open("sqlite", "first")
	if again := sqltext.Open("sqlite", "first"); again != first {
		t.Error("the same pair gave two pointers")
	}
	if first.System != "sqlite" || first.Namespace != "first" {
		t.Errorf("opened %s %s, want sqlite first", first.System, first.Namespace)
	}
	if another := sqltext.Open("mysql", "first"); another == first {
		t.Error("two systems gave one pointer")
	}
	if invalid := sqltext.Open("mysql", "a\xff"); invalid.Namespace != "a\uFFFD" {
		t.Errorf("namespace %q is not valid UTF-8", invalid.Namespace)
	}

	distinct := map[*sqltext.Database]bool{}
	for i := range 500 {
		distinct[sqltext.Open("postgresql", fmt.Sprint("tenant ", i))] = true
	}
	if got, most := len(distinct), sqltext.MaxDatabases+1; got > most {
		t.Errorf("%d databases for one system, want at most %d", got, most)
	}
	overflow := sqltext.Open("cockroachdb", "one more")
	if overflow.System != "postgresql" || overflow.Namespace != "(other)" {
		t.Errorf("overflow is %s %s, want postgresql (other)", overflow.System, overflow.Namespace)
	}
	if got := overflow.Statement(`SELECT "a" = 'secret'`).Text; got != `SELECT "a" = ?` {
		t.Errorf("overflow masks %s: not by its dialect", got)
	}
	if mysql := sqltext.Open("mysql", "one more"); mysql == overflow || mysql.Namespace != "(other)" {
		t.Errorf("overflow of mysql is %s %s", mysql.System, mysql.Namespace)
	}
	if sqltext.Open("sqlite", "first") != first {
		t.Error("a full table has lost a database")
	}
}

func TestStatementIsInterned(t *testing.T) {
	db := sqltext.NewDatabase("postgresql")
	first := db.Statement("SELECT * FROM users WHERE id = 1")
	want := &sqltext.Statement{
		Database:  db,
		Text:      "SELECT * FROM users WHERE id = ?",
		Summary:   "SELECT users",
		Operation: "SELECT",
		ID:        "8aecd125cab18145",
	}
	ignored := cmpopts.IgnoreFields(sqltext.Statement{}, "Database", "caller")
	if diff := cmp.Diff(want, first, ignored); diff != "" || first.Database != db {
		t.Errorf("statement (-want +got):\n%s", diff)
	}
	for _, query := range []string{
		"SELECT * FROM users WHERE id = 1", "SELECT * FROM users WHERE id = 22;", "SELECT *\n\tFROM users WHERE id = 'x' -- y",
	} {
		if db.Statement(query) != first {
			t.Errorf("%q is another statement", query)
		}
	}
	if db.Statement("SELECT * FROM users WHERE name = 1") == first {
		t.Error("another text is the same statement")
	}
	if sqltext.NewDatabase("postgresql").Statement("SELECT * FROM users WHERE id = 1") == first {
		t.Error("another database has the same statement")
	}
}

func TestStatementsAreBounded(t *testing.T) {
	db := sqltext.NewDatabase("mysql")
	id := regexp.MustCompile(`^[0-9a-f]{16}$`)
	ids := map[string]bool{}
	first := db.Statement("SELECT a0 FROM t")
	for i := range sqltext.MaxStatements {
		s := db.Statement(fmt.Sprintf("SELECT a%d FROM t", i))
		if ids[s.ID] || !id.MatchString(s.ID) {
			t.Fatalf("%s has the ID %s", s.Text, s.ID)
		}
		ids[s.ID] = true
	}
	overflow := db.Statement("SELECT b FROM t")
	want := &sqltext.Statement{Text: "(other)", Summary: "(other)", ID: overflow.ID}
	if diff := cmp.Diff(want, overflow, cmpopts.IgnoreFields(sqltext.Statement{}, "Database", "caller")); diff != "" {
		t.Errorf("overflow (-want +got):\n%s", diff)
	}
	if overflow.Database != db || !id.MatchString(overflow.ID) || ids[overflow.ID] {
		t.Errorf("overflow has the ID %s and the database %v", overflow.ID, overflow.Database)
	}
	if db.Statement("SELECT c FROM t") != overflow || db.Statement("SELECT b FROM t") != overflow {
		t.Error("there is more than one overflow")
	}
	if db.Statement("SELECT a0 FROM t") != first {
		t.Error("a full database has lost a statement")
	}
}

func TestStatementKeepsNoPartOfTheQuery(t *testing.T) {
	db := sqltext.NewDatabase("sqlite")
	buffer := []byte("SELECT a FROM t WHERE b = 1")
	first := db.Statement(string(buffer))
	if got := db.Statement(string(buffer)); got != first {
		t.Error("equal bytes are another statement")
	}
	long := "SELECT a FROM t WHERE b IN (" + strings.Repeat("1, ", 10_000) + "1)"
	if got, want := db.Statement(long), db.Statement("SELECT a FROM t WHERE b IN (2)"); got != want {
		t.Errorf("a long list is another statement: %s", got.Text)
	}
}

func TestStatementConcurrently(t *testing.T) {
	db := sqltext.NewDatabase("postgresql")
	const texts = 300
	results := make([][texts]*sqltext.Statement, 8)
	var wg sync.WaitGroup
	for g := range results {
		wg.Go(func() {
			for i := range 3 * texts {
				n := (i + g*17) % texts
				results[g][n] = db.Statement(fmt.Sprintf("SELECT a%d FROM t WHERE b = %d", n, i))
			}
		})
	}
	wg.Wait()
	for g := range results {
		if results[g] != results[0] {
			t.Errorf("goroutine %d saw other pointers", g)
		}
	}
}

func TestCachedStatementDoesNotAllocate(t *testing.T) {
	db := sqltext.NewDatabase("postgresql")
	db.Statement(string([]byte(query100)))
	if n := testing.AllocsPerRun(100, func() { db.Statement(query100) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
