package databases_test

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"testing"
	"time"
)

var valueChecks = []check{
	{name: "values", run: func(t *testing.T, s *session) {
		rows, err := s.db.QueryContext(s.ctx, `SELECT * FROM kinds ORDER BY id`)
		s.rows("plain", rows, err)
		rows, err = s.db.QueryContext(s.ctx, s.sql(`SELECT * FROM kinds WHERE id > ? ORDER BY id`), 0)
		s.rows("with an argument", rows, err)
	}},
	{name: "values into Go types", run: valuesIntoTypes},
	{name: "raw bytes", run: rawBytes},
	{name: "no rows and one row", run: func(t *testing.T, s *session) {
		var id int
		s.note("no rows", s.db.QueryRowContext(s.ctx, `SELECT id FROM kinds WHERE 1 = 0`).Scan(&id))
		s.note("one of three", s.db.QueryRowContext(s.ctx, `SELECT id FROM kinds ORDER BY id`).Scan(&id), id)
		s.note("too many targets", s.db.QueryRowContext(s.ctx, `SELECT id FROM kinds`).Scan(&id, &id))
		s.note("NULL into an int", s.db.QueryRowContext(s.ctx, `SELECT name FROM kinds WHERE id = 3`).Scan(&id))
		s.note("without a context", s.db.QueryRow(`SELECT id FROM kinds WHERE id = 2`).Scan(&id), id)
	}},
	{name: "a stream of rows", run: func(t *testing.T, s *session) {
		rows, err := s.db.QueryContext(s.ctx, s.stream)
		if err != nil {
			t.Fatal(err)
		}
		sum, count := 0, 0
		for rows.Next() {
			var number int
			if err := rows.Scan(&number); err != nil {
				t.Fatal(err)
			}
			sum, count = sum+number, count+1
		}
		s.note("to its end", sum, count, rows.Err(), rows.Close())
		if count != 100000 || sum != 5000050000 {
			t.Errorf("%d rows with the sum %d, want 100000 with 5000050000", count, sum)
		}
		s.db.SetMaxOpenConns(1)
		rows, err = s.db.QueryContext(s.ctx, s.stream)
		if err != nil {
			t.Fatal(err)
		}
		s.note("left after the first", rows.Next(), rows.Close(), rows.Err(), rows.Next(), rows.Close())
		s.note("the connection after that", s.number(t, s.db, `SELECT count(*) FROM kinds`))
	}},
}

// valuesIntoTypes scans every cell into every type that a program may choose.
func valuesIntoTypes(t *testing.T, s *session) {
	rows, err := s.db.QueryContext(s.ctx, `SELECT * FROM kinds ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for row := 1; rows.Next(); row++ {
		for i, column := range columns {
			for _, target := range []any{
				new(string), new([]byte), new(int64), new(uint8), new(float64), new(bool), new(time.Time), new(*string),
				new(sql.NullString), new(sql.NullTime), new(sql.Null[int32]),
			} {
				targets := make([]any, len(columns))
				for j := range targets {
					targets[j] = new(any)
				}
				targets[i] = target
				err := rows.Scan(targets...)
				s.note(fmt.Sprintf("row %d column %s into %T", row, column, target), pointee(target), err)
			}
		}
	}
	s.note("end", rows.Err())
}

// pointee returns what the pointer points to, through both if there are two.
func pointee(pointer any) any {
	value := reflect.ValueOf(pointer).Elem()
	if value.Kind() == reflect.Pointer && !value.IsNil() {
		value = value.Elem()
	}
	return value.Interface()
}

// rawBytes reads memory that belongs to the driver and is valid up to the next row.
func rawBytes(t *testing.T, s *session) {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	rows, err := s.db.QueryContext(ctx, `SELECT note, bytes FROM kinds ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var note, bytes sql.RawBytes
		err := rows.Scan(&note, &bytes)
		s.note("row", []byte(note), []byte(bytes), err)
	}
	s.note("end", rows.Err())
}
