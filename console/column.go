package console

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// kind says how the values of a column are written, aligned and sorted.
type kind int

const (
	kindText    kind = iota
	kindCode         // text in a fixed pitch
	kindCount        // an integer
	kindNumber       // a number with decimals
	kindMillis       // a duration, shown in ms
	kindElapsed      // a duration, shown in its largest unit
	kindShare        // a part of a whole, shown in per cent
	kindChange       // a difference as a part of what was before, shown in per cent with its sign
	kindTime         // a moment
	kindBar          // what a duration is made of
	kindSpark        // a course over time
)

// unit is what a column of the kind carries at the end of its name in CSV.
func (k kind) unit() string {
	switch k {
	case kindMillis:
		return "_ms"
	case kindElapsed:
		return "_seconds"
	case kindShare, kindChange:
		return "_percent"
	}
	return ""
}

// numeric reports whether values of the kind stand on the right, and the largest first.
func (k kind) numeric() bool {
	switch k {
	case kindCount, kindNumber, kindMillis, kindElapsed, kindShare, kindChange, kindTime, kindBar:
		return true
	}
	return false
}

// drawn reports whether values of the kind are pictures, which only HTML has.
func (k kind) drawn() bool { return k == kindBar || k == kindSpark }

// value is what one row has in one column. Which fields count depends on the column's kind.
type value struct {
	text     string
	number   float64
	duration time.Duration
	at       time.Time
	parts    []part
	whole    time.Duration // What the full width of a bar stands for; 0: the longest one of the column.
	series   []float64

	none  bool   // Unknown: it has no value, and comes last.
	href  string // Where a click leads.
	title string // What more there is to know.
	class string // Of the cell.
}

// part is one colour of a bar.
type part struct {
	name  string // A key of the catalogue's phases.
	width float64
}

// column describes one column of rows of type T.
type column[T any] struct {
	key   string
	kind  kind
	value func(T) value
}

func (v value) compare(w value, k kind) int {
	switch k {
	case kindCount, kindNumber, kindShare, kindChange:
		return cmp.Compare(v.number, w.number)
	case kindMillis, kindElapsed, kindBar:
		return cmp.Compare(v.duration, w.duration)
	case kindTime:
		return v.at.Compare(w.at)
	}
	return strings.Compare(v.text, w.text)
}

// arrange sorts rows by the column that the query names, else by the one that fallback names. Rows that are equal there keep their order.
// It returns what it has sorted by.
func arrange[T any](q query, rows []T, columns []column[T], fallback string) (sorted string) {
	for _, sorted := range []string{q.sort, fallback} {
		key, descending := strings.CutPrefix(sorted, "-")
		i := slices.IndexFunc(columns, func(c column[T]) bool { return c.key == key && c.kind != kindSpark })
		if i < 0 {
			continue
		}
		c := columns[i]
		slices.SortStableFunc(rows, func(a, b T) int {
			v, w := c.value(a), c.value(b)
			if v.none || w.none {
				return compareBool(v.none, w.none)
			}
			if descending {
				return w.compare(v, c.kind)
			}
			return v.compare(w, c.kind)
		})
		return sorted
	}
	return ""
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// show writes a value for people.
func (v value) show(l *language, k kind, now time.Time) string {
	if v.none {
		return "–"
	}
	switch k {
	case kindCount:
		return formatCount(v.number)
	case kindNumber:
		return formatNumber(v.number)
	case kindMillis:
		return formatMillis(v.duration)
	case kindElapsed:
		return l.elapsed(v.duration)
	case kindShare:
		return formatShare(v.number)
	case kindChange:
		return formatChange(v.number)
	case kindTime:
		return formatTime(v.at, now)
	case kindBar, kindSpark:
		return ""
	}
	return v.text
}

// data writes a value for programs.
func (v value) data(k kind) string {
	if v.none {
		return ""
	}
	switch k {
	case kindCount, kindNumber:
		return strconv.FormatFloat(v.number, 'f', -1, 64)
	case kindMillis:
		return strconv.FormatFloat(1000*v.duration.Seconds(), 'f', 3, 64)
	case kindElapsed:
		return strconv.FormatFloat(v.duration.Seconds(), 'f', 3, 64)
	case kindShare, kindChange:
		return strconv.FormatFloat(100*v.number, 'f', 2, 64)
	case kindTime:
		return v.at.UTC().Format(time.RFC3339)
	}
	return inert(v.text)
}

// inert keeps a spreadsheet from taking a text for a formula.
// Source: https://owasp.org/www-community/attacks/CSV_Injection
func inert(text string) string {
	if strings.ContainsAny(text[:min(1, len(text))], "=+-@\t\r\n") {
		return "'" + text
	}
	return text
}
