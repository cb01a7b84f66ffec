package middleware

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/daybook-apm/daybook/internal/transaction"
)

// addServerTiming appends the time spent in each phase to the Server-Timing header.
func addServerTiming(header http.Header, spent [transaction.Phases]time.Duration) {
	const name = "Server-Timing"
	b := make([]byte, 0, 96)
	if before := header[name]; len(before) > 0 {
		b = append(b, strings.Join(before, ", ")...)
		b = append(b, ", "...)
	}
	b = appendMetric(b, "sql;dur=", spent[transaction.SQL])
	b = appendMetric(b, ", fetch;dur=", spent[transaction.Fetch])
	b = appendMetric(b, ", ext;dur=", spent[transaction.External])
	b = appendMetric(b, ", app;dur=", spent[transaction.App]+spent[transaction.Segment])
	header[name] = []string{string(b)}
}

func appendMetric(b []byte, name string, d time.Duration) []byte {
	b = append(b, name...)
	return strconv.AppendFloat(b, float64(d)/float64(time.Millisecond), 'f', 3, 64)
}
