package sqltext_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/daybook-apm/daybook/internal/sqltext"
)

// query100 is a query of 100 bytes.
const query100 = `SELECT id, name, email FROM users WHERE tenant_id = $1 AND status = 'active' ORDER BY id LIMIT 100 ;`

func BenchmarkStatementCached(b *testing.B) {
	db := sqltext.NewDatabase("postgresql")
	db.Statement(query100)
	b.Run("alone", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			db.Statement(query100)
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				db.Statement(query100)
			}
		})
	})
}

// A query with a literal in it is another text each time, yet the same statement.
func BenchmarkStatementMissed(b *testing.B) {
	db := sqltext.NewDatabase("postgresql")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		db.Statement(query100[:len(query100)-2] + strconv.Itoa(i))
	}
}

func BenchmarkMask1MiB(b *testing.B) {
	const length = 1 << 20
	row := "(1, 'it''s a name', now(), NULL, 12.5), "
	for name, text := range map[string]string{
		"rows":   "INSERT INTO t VALUES " + strings.Repeat(row, length/len(row)),
		"list":   "SELECT a FROM t WHERE b IN (" + strings.Repeat("12345, ", length/7) + "1)",
		"string": "SELECT '" + strings.Repeat("x", length) + "'",
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				sqltext.Mask("postgresql", text)
			}
		})
	}
}
