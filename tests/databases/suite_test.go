package databases_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// check is one case of the differential suite. Its run does something with a database and notes what it sees; what
// must be so on any driver it also asserts itself.
type check struct {
	name string
	// on names the systems or drivers that have what the case needs; none means all.
	on  []string
	run func(*testing.T, *session)
}

// isOneOf reports whether the target's system or driver is among the names, or whether there are none.
func (t target) isOneOf(names []string) bool {
	return len(names) == 0 || slices.Contains(names, t.system) || slices.Contains(names, t.driver)
}

// session is one run of one case: a target, opened in one way, with an empty ledger.
type session struct {
	target
	way   way
	ctx   context.Context
	db    *sql.DB
	admin *sql.DB // Always bare: what another program does meanwhile.

	lines []string
}

// checks are all cases. Their functions stand in the file of their noun.
var checks = slices.Concat(
	columnChecks, valueChecks, errorChecks, cancellationChecks, transactionChecks, copyChecks, resultSetChecks,
	statementChecks, resultChecks, argumentChecks, connectionChecks, poolChecks, connectorChecks, interfaceChecks,
)

// On every database, through every driver, a program sees the same with and without this library.
func TestSameAsBare(t *testing.T) {
	for _, target := range targets {
		t.Run(target.name, func(t *testing.T) {
			for _, check := range checks {
				if !target.isOneOf(check.on) {
					continue
				}
				t.Run(check.name, func(t *testing.T) {
					want := transcript(t, target, bare, check)
					for _, way := range wrapped {
						t.Run(way.name, func(t *testing.T) {
							if diff := cmp.Diff(want, transcript(t, target, way, check)); diff != "" {
								t.Errorf("what the program sees (-bare +%s):\n%s", way.name, diff)
							}
						})
					}
				})
			}
		})
	}
}

// transcript runs the case once and returns what it noted.
func transcript(t *testing.T, target target, way way, check check) []string {
	t.Helper()
	s := &session{target: target, way: way, ctx: way.context(t)}
	s.admin = s.open(t, bare)
	for _, statement := range []string{`DELETE FROM ledger`, `DELETE FROM shops`} {
		s.write(t, statement)
	}
	s.restart(t)
	s.db = s.open(t, way)
	check.run(t, s)
	if len(s.lines) == 0 && !t.Failed() {
		t.Error("the case noted nothing, so it compares nothing")
	}
	return s.lines
}

// open opens the target; it is closed when the test ends.
func (s *session) open(t *testing.T, way way) *sql.DB {
	t.Helper()
	db, err := way.open(s.driver, s.dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}

// restart has the ids of the ledger begin at 1 again.
func (s *session) restart(t *testing.T) {
	t.Helper()
	statement := map[string]string{
		"sqlite":     `DELETE FROM sqlite_sequence`,
		"postgresql": `ALTER SEQUENCE ledger_id_seq RESTART`,
		"mariadb":    `TRUNCATE TABLE ledger`, // Rows that are only marked as deleted make inserts of the same items deadlocks.
	}[s.system]
	s.write(t, statement)
}

// note writes down one thing that the program saw, with its type.
func (s *session) note(label string, values ...any) {
	line := label + ":"
	for _, value := range values {
		switch value := value.(type) {
		case error:
			line += " " + describe(value)
		case time.Time:
			line += " " + value.Format(time.RFC3339Nano) + " in " + value.Location().String()
		case []byte:
			line += fmt.Sprintf(" bytes %q (nil: %t)", value, value == nil)
		default:
			line += fmt.Sprintf(" %T %+v", value, value)
		}
	}
	s.lines = append(s.lines, line)
}

// write is what another program does.
func (s *session) write(t *testing.T, statement string) {
	t.Helper()
	if _, err := s.admin.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// ledger notes what is in the ledger now, as another program sees it.
func (s *session) ledger(t *testing.T, label string) {
	t.Helper()
	rows, err := s.admin.QueryContext(t.Context(), `SELECT item, amount FROM ledger ORDER BY item`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var items []string
	for rows.Next() {
		var item string
		var amount sql.NullInt64
		if err := rows.Scan(&item, &amount); err != nil {
			t.Fatal(err)
		}
		items = append(items, fmt.Sprintf("%s=%d", item, amount.Int64))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	s.note(label, strings.Join(items, " "))
}

// rows notes every cell of a result as the driver gives it, the end of the result and the other results after it.
func (s *session) rows(label string, rows *sql.Rows, err error) {
	if err != nil {
		s.note(label, err)
		return
	}
	for set := 0; ; set++ {
		columns, err := rows.Columns()
		s.note(fmt.Sprintf("%s: columns of set %d", label, set), columns, err)
		for row := 0; rows.Next(); row++ {
			cells := make([]any, len(columns))
			targets := make([]any, len(columns))
			for i := range cells {
				targets[i] = &cells[i]
			}
			if err := rows.Scan(targets...); err != nil {
				s.note(fmt.Sprintf("%s: scan of row %d", label, row), err)
				continue
			}
			for i, cell := range cells {
				s.note(fmt.Sprintf("%s: set %d row %d column %s", label, set, row, columns[i]), cell)
			}
		}
		s.note(label+": end", rows.Err())
		if !rows.NextResultSet() {
			break
		}
	}
	s.note(label+": no more sets", rows.Err())
	s.note(label+": close", rows.Close())
}

// result notes what a statement that changes something tells. A driver may give nil for a result (SQLite does for an
// empty text), which panics when it is asked.
func (s *session) result(label string, result sql.Result, err error) {
	if err != nil {
		s.note(label, err)
		return
	}
	defer func() {
		if reason := recover(); reason != nil {
			s.note(label+": panic", reason)
		}
	}()
	affected, err := result.RowsAffected()
	s.note(label+": affected", affected, err)
	id, err := result.LastInsertId()
	s.note(label+": last id", id, err)
}

// number returns the one integer that a query gives.
func (s *session) number(t *testing.T, db interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}, query string, arguments ...any) int {
	t.Helper()
	var number int
	if err := db.QueryRowContext(s.ctx, s.sql(query), arguments...).Scan(&number); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return number
}

// patience is how long a test waits for what must come: far longer than it takes.
const patience = 20 * time.Second

// eventually waits until the query of the other program gives a number that is wanted. A server tells nobody when a statement has begun or a connection has ended, so there is no way but to ask again and again.
func (s *session) eventually(t *testing.T, wanted func(int) bool, query string, arguments ...any) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		number := s.number(t, s.admin, query, arguments...)
		if wanted(number) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s still gives %d after %s", query, number, patience)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func zero(number int) bool    { return number == 0 }
func nonzero(number int) bool { return number != 0 }

// unwrap returns the driver's own connection, as a program must that is handed a wrapped one by [sql.Conn.Raw].
func unwrap(connection any) any {
	if wrapped, ok := connection.(interface{ Raw() driver.Conn }); ok {
		return wrapped.Raw()
	}
	return connection
}
