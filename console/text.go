package console

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// writeJSON writes the page's data as one object, in units of seconds.
func writeJSON(w io.Writer, d *document) error {
	return json.NewEncoder(w).Encode(map[string]any{
		"instance":     d.overview.Instance,
		"since":        d.overview.Start.UTC(),
		"version":      d.overview.ServiceVersion,
		d.content.name: d.content.data,
	})
}

// writeCSV writes the page's first table, its main one.
func writeCSV(w io.Writer, d *document) error {
	out := csv.NewWriter(w)
	for _, s := range d.content.sections {
		if s.Table == nil {
			continue
		}
		var names []string
		for _, h := range s.Table.Heads {
			if !h.kind.drawn() {
				names = append(names, h.name)
			}
		}
		_ = out.Write(names) // Flush keeps the error.
		for _, r := range s.Table.Rows {
			var values []string
			for _, c := range r.Cells {
				if !c.drawn {
					values = append(values, c.data)
				}
			}
			_ = out.Write(values)
		}
		break
	}
	out.Flush()
	return out.Error()
}

// writeText writes the page for a terminal.
func writeText(w io.Writer, d *document) error {
	t := d.lang.text
	out := &printer{w: w}
	title := t("page." + d.page.name)
	if d.content.subject != "" {
		title += ": " + oneLine(d.content.subject)
	}
	out.printf("%s – %s\n%s\n", title, d.overview.ServiceName,
		t("text.head", d.overview.Instance, d.overview.Start.Format(time.DateTime), d.overview.End.Format(time.DateTime)))
	for _, s := range d.content.sections {
		out.printf("\n")
		if d.lang.has("section." + s.Key) {
			out.printf("%s\n", t("section."+s.Key))
		}
		for _, note := range append(s.Alerts, s.Notes...) {
			out.printf("%s\n", oneLine(note))
		}
		for _, tile := range s.Tiles {
			out.printf("%s: %s %s\n", t("tile."+tile.Key), tile.Value, tile.Unit)
		}
		for _, a := range s.Ages {
			out.printf("%s: %d\n", a.Label, a.Count)
		}
		if s.Table != nil {
			out.table(s.Table)
		}
		if s.Pre != "" {
			out.printf("%s\n", s.Pre)
		}
	}
	return out.err
}

// printer keeps the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

func (p *printer) table(t *table) {
	if len(t.Rows) == 0 {
		p.printf("%s\n", t.Empty)
		return
	}
	var columns []int // Of the table, those that are words.
	for i, h := range t.Heads {
		if !h.kind.drawn() {
			columns = append(columns, i)
		}
	}
	widths := make([]int, len(columns))
	for j, i := range columns {
		widths[j] = textWidth(t.Heads[i].Label)
		for _, r := range t.Rows {
			widths[j] = max(widths[j], textWidth(oneLine(r.Cells[i].Text)))
		}
	}
	line := func(text func(i int) string) {
		var b strings.Builder
		for j, i := range columns {
			s := oneLine(text(i))
			space := strings.Repeat(" ", widths[j]-textWidth(s))
			if t.Heads[i].kind.numeric() {
				b.WriteString(space + s + "  ")
			} else {
				b.WriteString(s + space + "  ")
			}
		}
		p.printf("%s\n", strings.TrimRight(b.String(), " "))
	}
	line(func(i int) string { return t.Heads[i].Label })
	for _, r := range t.Rows {
		line(func(i int) string { return r.Cells[i].Text })
	}
}

// textWidth is how many columns of a terminal a text takes: letters of Korean take two.
func textWidth(text string) (n int) {
	for _, r := range text {
		n++
		if r >= 0x1100 && (r <= 0x11ff || r >= 0x2e80 && r <= 0xd7a3 || r >= 0xf900 && r <= 0xfaff || r >= 0xff00 && r <= 0xff60) {
			n++
		}
	}
	return n
}

// oneLine keeps a foreign text from moving what comes after it.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
}
