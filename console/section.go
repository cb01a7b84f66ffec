package console

import (
	"strconv"
	"strings"
	"time"

	"github.com/daybook-apm/daybook/apm"
)

// maxRows is how many rows of a table a page shows. Data forms show all that fits.
const maxRows = 200

// content is what a page has to say, before it is written in some form.
type content struct {
	subject  string // What the page is about, beside its name: a route, say.
	sections []section
	// name and data are the page's own member of its JSON object.
	name string
	data any
}

// section is one part of a page. Of the fields that are not set nothing is shown.
type section struct {
	Key     string // Names the section, and its title in the catalogue.
	Notes   []string
	Alerts  []string // Sentences to copy into a chat.
	Tiles   []tile
	Ages    []age
	Charts  []*chart
	Hours   *hourChart
	Heatmap *heatmap
	Legend  bool
	Links   []link
	Copy    string // What a button copies.
	Table   *table
	Details *table // What the charts say.
	Pre     string
}

// tile is one figure that stands for itself.
type tile struct {
	Key, Value, Unit string
	Alert            bool
}

// link leads elsewhere.
type link struct {
	Label, Href string
	Current     bool
	External    bool
}

// table is a table that is ready to be written.
type table struct {
	Key    string
	Heads  []head
	Rows   []row
	Hidden int // How many rows a page does not show.
	// Empty says why there is no row.
	Empty string
}

type head struct {
	Key, Label, Title, Class string
	Sort                     string // URL of the page sorted by the column; empty if it cannot be.
	Order                    string // ascending, descending or empty.
	name                     string // In CSV.
	kind                     kind
}

type row struct {
	Key   string
	Alert string // What is wrong with it, as a sentence.
	Cells []cell
}

type cell struct {
	Text, Href, Title, Class string
	Label                    string // What a picture shows, in words.
	Bar                      []rect
	Spark                    string
	data                     string
	drawn                    bool
}

// rect is one colour of a bar whose whole width is 100.
type rect struct {
	Class    string
	X, Width string
}

// shape says what of its rows a table shows.
type shape[T any] struct {
	key      string
	columns  []column[T]
	rowKey   func(T) string // Tells a row from the others over time.
	alert    func(T) string // May be nil.
	sorted   string         // What the rows are sorted by; empty if they cannot be sorted.
	empty    string         // A key of the catalogue.
	now      time.Time
	sortable bool
}

// newTable writes rows as cells.
func newTable[T any](q query, rows []T, s shape[T]) *table {
	t := &table{Key: s.key}
	if len(rows) == 0 {
		t.Empty = q.lang.text(s.empty)
	}
	if q.format == formatHTML && len(rows) > maxRows {
		t.Hidden = len(rows) - maxRows
		rows = rows[:maxRows]
	}
	for _, c := range s.columns {
		t.Heads = append(t.Heads, newHead(q, c.key, c.kind, s.sorted, s.sortable))
	}
	widest := 0.0
	for _, c := range s.columns {
		if c.kind == kindBar {
			for _, r := range rows {
				widest = max(widest, c.value(r).duration.Seconds())
			}
		}
	}
	for _, item := range rows {
		r := row{Key: s.rowKey(item)}
		if s.alert != nil {
			r.Alert = s.alert(item)
		}
		for _, c := range s.columns {
			if c.kind.drawn() && q.format != formatHTML {
				r.Cells = append(r.Cells, cell{drawn: true})
				continue
			}
			r.Cells = append(r.Cells, newCell(q.lang, c.value(item), c.kind, widest, s.now))
		}
		t.Rows = append(t.Rows, r)
	}
	return t
}

func newHead(q query, key string, k kind, sorted string, sortable bool) head {
	h := head{Key: key, Label: q.lang.text("column." + key), name: key + k.unit(), kind: k, Class: k.class()}
	if title := "column." + key + ".title"; q.lang.has(title) {
		h.Title = q.lang.text(title)
	}
	if !sortable || k == kindSpark {
		return h
	}
	first, second := key, "-"+key
	if k.numeric() {
		first, second = second, first
	}
	switch sorted {
	case "-" + key:
		h.Order = "descending"
	case key:
		h.Order = "ascending"
	}
	h.Sort = q.with("sort", first)
	if sorted == first {
		h.Sort = q.with("sort", second)
	}
	return h
}

func (k kind) class() string {
	switch {
	case k.drawn():
		return "drawn"
	case k.numeric():
		return "number"
	case k == kindCode:
		return "code"
	}
	return ""
}

func newCell(l *language, v value, k kind, widest float64, now time.Time) cell {
	c := cell{
		Text: v.show(l, k, now), Href: v.href, Title: v.title, data: v.data(k), drawn: k.drawn(),
		Class: strings.TrimSpace(k.class() + " " + v.class),
	}
	switch {
	case v.none:
	case k == kindBar && widest > 0:
		whole := widest
		if v.whole > 0 {
			whole = v.whole.Seconds()
		}
		c.Bar, c.Label = bar(l, v.parts, whole)
	case k == kindSpark:
		c.Spark = sparkline(v.series, sparkWidth, sparkHeight)
		c.Label = v.title
	case c.Text == "0" && k != kindTime:
		c.Class += " zero"
	}
	return c
}

// bar lays parts side by side; one without a name is empty space. whole is what the full width stands for.
func bar(l *language, parts []part, whole float64) (rects []rect, label string) {
	x, sum := 0.0, 0.0
	for _, p := range parts {
		if p.name != "" {
			sum += p.width
		}
	}
	var words []string
	for _, p := range parts {
		if p.width <= 0 {
			continue
		}
		width := 100 * p.width / whole
		if p.name == "" {
			x += width
			continue
		}
		rects = append(rects, rect{Class: "p-" + p.name, X: decimal(x), Width: decimal(width)})
		x += width
		words = append(words, l.text("phase."+p.name)+" "+formatShare(p.width/sum)+" %")
	}
	return rects, strings.Join(words, ", ")
}

const (
	sparkWidth  = 60
	sparkHeight = 16
)

// sparkline returns the path of a course, in a box of the given size.
func sparkline(series []float64, width, height float64) string {
	highest := 0.0
	for _, v := range series {
		highest = max(highest, v)
	}
	if len(series) < 2 || highest == 0 {
		return ""
	}
	var b strings.Builder
	for i, v := range series {
		letter := "L"
		if i == 0 {
			letter = "M"
		}
		b.WriteString(letter + decimal(width*float64(i)/float64(len(series)-1)) + " " + decimal(height-1-(height-2)*v/highest))
	}
	return b.String()
}

func decimal(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

// document is a page with all that its frame shows.
type document struct {
	query
	content  *content
	console  *console
	overview apm.Snapshot
}

// Now is when the page was made.
func (d *document) Now() time.Time { return d.overview.End }
