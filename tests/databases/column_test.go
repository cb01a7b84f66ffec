package databases_test

import (
	"database/sql"
	"fmt"
	"testing"
)

var columnChecks = []check{
	{name: "column types", run: func(t *testing.T, s *session) {
		rows, err := s.db.QueryContext(s.ctx, `SELECT * FROM kinds ORDER BY id`)
		s.columns(t, "plain", rows, err)
		rows, err = s.db.QueryContext(s.ctx, s.sql(`SELECT * FROM kinds WHERE id > ? ORDER BY id`), 0)
		s.columns(t, "with an argument", rows, err)
		rows, err = s.db.QueryContext(s.ctx, `SELECT count(*), max(name), 1 + 1, 1.5, NULL, 'text' AS alias FROM kinds`)
		s.columns(t, "computed", rows, err)
		rows, err = s.db.QueryContext(s.ctx, `SELECT name, name, id AS name FROM kinds WHERE 1 = 0`)
		s.columns(t, "of no rows, with one name", rows, err)

		statement, err := s.db.PrepareContext(s.ctx, `SELECT * FROM kinds ORDER BY id`)
		if err != nil {
			t.Fatal(err)
		}
		defer statement.Close()
		rows, err = statement.QueryContext(s.ctx)
		s.columns(t, "prepared", rows, err)
	}},
}

// columns notes all that the result tells of its columns: before the first row, and on it (SQLite goes by the row).
func (s *session) columns(t *testing.T, label string, rows *sql.Rows, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", label, err)
	}
	defer rows.Close()
	for _, when := range []string{"before", "on the first row", "on the second row"} {
		types, err := rows.ColumnTypes()
		s.note(label+" "+when, len(types), err)
		for _, column := range types {
			length, hasLength := column.Length()
			precision, scale, hasScale := column.DecimalSize()
			nullable, knowsNullable := column.Nullable()
			s.note(fmt.Sprintf("%s %s: column %s", label, when, column.Name()), column.DatabaseTypeName(), fmt.Sprint(column.ScanType()),
				length, hasLength, precision, scale, hasScale, nullable, knowsNullable)
		}
		rows.Next()
	}
	if err := rows.Err(); err != nil {
		t.Errorf("%s: %v", label, err)
	}
}
