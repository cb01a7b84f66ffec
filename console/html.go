package console

import (
	"embed"
	"html/template"
	"io"
	"strings"
	"time"
)

//go:embed templates
var templates embed.FS

var pageTemplate = template.Must(template.New("page.html").Funcs(template.FuncMap{"within": within, "segments": segments}).ParseFS(templates, "templates/*.html"))

// inside is a part of a page, for the templates that need both.
type inside struct {
	Document *document
	Section  any
}

func within(d *document, part any) inside { return inside{d, part} }

// segments cuts a text behind each slash, where a long route may go on in the next line.
func segments(text string) []string { return strings.SplitAfter(text, "/") }

// writeHTML writes the page for a browser.
func writeHTML(w io.Writer, d *document) error {
	return pageTemplate.ExecuteTemplate(w, "page.html", d)
}

// The methods of document below are what the templates read.

// Text returns a text in the language of the page.
func (d *document) Text(key string, args ...any) string { return d.lang.text(key, args...) }

// Label returns a text, or nothing if there is none for the key.
func (d *document) Label(key string) string {
	if !d.lang.has(key) {
		return ""
	}
	return d.lang.text(key)
}

// Lang is the tag of the page's language.
func (d *document) Lang() string { return d.lang.Tag }

// Name is the page's own.
func (d *document) Name() string { return d.page.name }

// Subject is what the page is about, beside its name.
func (d *document) Subject() string { return d.content.subject }

// Sections are the parts of the page.
func (d *document) Sections() []section { return d.content.sections }

// Refresh is after how many ms a script renews the page; 0 is never.
func (d *document) Refresh() int64 { return d.page.refresh.Milliseconds() }

// Filtered says that the page has rows to search.
func (d *document) Filtered() bool { return d.page.filtered }

// Filter is what the rows are searched for, as it was typed.
func (d *document) Filter() string { return strings.TrimSpace(d.values.Get("q")) }

// Service, Version and Instance name the process.
func (d *document) Service() string  { return d.overview.ServiceName }
func (d *document) Version() string  { return d.overview.ServiceVersion }
func (d *document) Instance() string { return d.overview.Instance }

// Since is when the process began to count, and Uptime how long that is ago.
func (d *document) Since() string { return d.console.source.since().Format(time.DateTime) }
func (d *document) Uptime() string {
	return d.lang.elapsed(d.Now().Sub(d.console.source.since()))
}

// Clock is when the page was made, for people and for scripts.
func (d *document) Clock() string { return d.Now().Format(time.TimeOnly) }
func (d *document) Stamp() int64  { return d.Now().UnixMilli() }

// Kept are the settings that a form of the page must send along.
func (d *document) Kept() (kept []link) {
	for name, values := range d.values {
		if name != "q" && len(values) > 0 {
			kept = append(kept, link{Label: name, Href: values[0]})
		}
	}
	return kept
}

// navigation is one tab.
type navigation struct {
	link
	Key string
}

// Navigation is the tabs.
func (d *document) Navigation() (tabs []navigation) {
	for _, p := range d.console.pages {
		if p.key == "" {
			continue
		}
		tabs = append(tabs, navigation{Key: p.key, link: link{
			Label: d.lang.text("page." + p.name), Href: d.link(p.address()),
			Current: p == d.page || p.name == d.page.parent,
		}})
	}
	return tabs
}

// Windows are the spans of time to choose from.
func (d *document) Windows() (list []link) {
	if !d.page.windowed {
		return nil
	}
	for _, w := range windows {
		list = append(list, link{Label: d.lang.text("window." + w.Name), Href: d.with("window", w.Name), Current: w == d.window})
	}
	return list
}

// Languages are those to choose from.
func (d *document) Languages() (list []link) {
	for _, l := range languages {
		list = append(list, link{Label: l.text("language"), Href: d.with("lang", l.Tag), Current: l == d.lang})
	}
	return list
}

// Formats are the forms in which the page's data are there.
func (d *document) Formats() []link {
	return []link{
		{Label: "JSON", Href: d.as(formatJSON)},
		{Label: "CSV", Href: d.as(formatCSV)},
		{Label: d.lang.text("format.text"), Href: d.as(formatText)},
	}
}

// Phases are the colours of the bars and what they mean.
func (d *document) Phases() (list []link) {
	for _, name := range []string{"sql", "fetch", "external", "own"} {
		list = append(list, link{Label: name, Href: d.lang.text("phase." + name)})
	}
	return list
}
