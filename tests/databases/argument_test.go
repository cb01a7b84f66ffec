package databases_test

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/lib/pq"
)

var argumentChecks = []check{
	{name: "arguments", run: arguments},
	{name: "named arguments", run: func(t *testing.T, s *session) {
		text := map[string]string{"sqlite": `SELECT :item, @amount`, "postgresql": `SELECT $1::text, $2::text`, "mariadb": `SELECT ?, ?`}[s.system]
		rows, err := s.db.QueryContext(s.ctx, text, sql.Named("amount", "2"), sql.Named("item", "tea"))
		s.rows("named", rows, err)
		statement, err := s.db.PrepareContext(s.ctx, text)
		if err != nil {
			t.Fatal(err)
		}
		defer statement.Close()
		rows, err = statement.QueryContext(s.ctx, sql.Named("amount", "2"), sql.Named("item", "tea"))
		s.rows("named, prepared", rows, err)
		rows, err = s.db.QueryContext(s.ctx, text, sql.Named("", "2"), sql.Named("item", "tea"))
		s.rows("without a name", rows, err)
		var out string
		_, err = s.db.ExecContext(s.ctx, text, sql.Out{Dest: &out}, "tea")
		s.note("out", err)
	}},
	{name: "number of arguments", run: func(t *testing.T, s *session) {
		for _, arguments := range [][]any{{}, {"a"}, {"a", "b"}, {"a", "b", "c"}} {
			rows, err := s.db.QueryContext(s.ctx, s.sql(`SELECT item FROM ledger WHERE item = ? OR item = ?`), arguments...)
			s.rows(fmt.Sprintf("query with %d", len(arguments)), rows, err)
			_, err = s.db.ExecContext(s.ctx, s.sql(`DELETE FROM ledger WHERE item = ? OR item = ?`), arguments...)
			s.note(fmt.Sprintf("exec with %d", len(arguments)), err)
		}
	}},
	{name: "arguments that pgx itself understands", on: []string{"pgx"}, run: func(t *testing.T, s *session) {
		rows, err := s.db.QueryContext(s.ctx, `SELECT @item::text`, pgx.NamedArgs{"item": "tea"})
		s.rows("named", rows, err)
		rows, err = s.db.QueryContext(s.ctx, `SELECT $1::int`, pgx.QueryExecModeExec, 7)
		s.rows("mode", rows, err)
		rows, err = s.db.QueryContext(s.ctx, `SELECT 7::int8`, pgx.QueryResultFormats{pgx.TextFormatCode})
		s.rows("format", rows, err)
		_, err = s.db.ExecContext(s.ctx, `INSERT INTO ledger (item, amount) VALUES (@item, @amount)`, pgx.NamedArgs{"item": "tea", "amount": 3})
		s.note("named exec", err)
		s.ledger(t, "ledger")
	}},
}

type (
	text     string
	price    struct{ cents int64 }
	refusing struct{}
	panicky  struct{}
)

func (p price) Value() (driver.Value, error) {
	return fmt.Sprintf("%d.%02d", p.cents/100, p.cents%100), nil
}

var errOfValuer = errors.New("this value cannot be said")

func (refusing) Value() (driver.Value, error) { return nil, errOfValuer }
func (panicky) Value() (driver.Value, error)  { panic("a valuer's own") }

// arguments sends values of all types that programs pass, and of some that no driver takes.
func arguments(t *testing.T, s *session) {
	number, word := 7, "word"
	statement, err := s.db.PrepareContext(s.ctx, s.sql(s.echo))
	if err != nil {
		t.Fatal(err)
	}
	defer statement.Close()
	for i, argument := range []any{
		nil, 1, int8(-8), uint8(8), int64(math.MaxInt64), uint64(math.MaxInt64), uint64(math.MaxUint64), 2.5, float32(0.1), math.Inf(1), true, false,
		"", "tea", "ünïcödé ☕ '\"\\", []byte("bytes"), []byte{}, []byte(nil), json.RawMessage(`{"a":1}`), text("named"),
		time.Date(2026, 11, 22, 9, 30, 0, 123456789, time.UTC), time.Date(2026, 11, 22, 9, 30, 0, 0, time.FixedZone("KST", 9*3600)), time.Time{}, time.Second,
		&number, (*int)(nil), &word, (*string)(nil),
		sql.NullString{}, sql.NullString{String: "valid", Valid: true}, sql.NullInt64{Int64: 5, Valid: true}, sql.Null[bool]{V: true, Valid: true}, sql.NullTime{},
		price{1234}, &price{5}, (*price)(nil), refusing{}, pq.Array([]int{1, 2}), pq.StringArray{"a", "b"},
		[]string{"a", "b"}, []int{1, 2}, [2]int{1, 2}, [16]byte{1}, map[string]int{"a": 1}, struct{ A int }{1}, big.NewInt(7),
		func() {}, make(chan int), complex(1, 2), errOfValuer,
	} {
		label := fmt.Sprintf("%d (%T)", i, argument)
		rows, err := s.db.QueryContext(s.ctx, s.sql(s.echo), argument)
		s.rows(label, rows, err)
		rows, err = statement.QueryContext(s.ctx, argument)
		s.rows(label+" prepared", rows, err)
	}
	_, err = s.db.ExecContext(s.ctx, s.sql(s.echo), refusing{})
	if !errors.Is(err, errOfValuer) {
		t.Errorf("the error of an argument's own Value method is lost: %v", err)
	}

	func() {
		defer func() { s.note("panic of a valuer", recover()) }()
		_, _ = s.db.ExecContext(s.ctx, s.sql(s.echo), panicky{})
	}()
	s.note("the pool after that", s.number(t, s.db, `SELECT count(*) FROM kinds`))
}
