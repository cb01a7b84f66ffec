package console

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// query is what a request asks for. All of it is in the URL, except for a language that the browser prefers.
type query struct {
	location
	window window
	lang   *language
	// sort is the key of the column that the main table is sorted by, with a minus in front if the largest comes first.
	sort   string
	filter string
	values url.Values
}

// window is a span of time until now.
type window struct {
	// Name is how a URL says it, and the key of the text that people read.
	Name     string
	duration time.Duration // 0: since the start.
}

// windows are those that one can ask for. A fixed list keeps the shared snapshots few.
var windows = []window{
	{"1m", time.Minute}, {"5m", 5 * time.Minute}, {"15m", 15 * time.Minute}, {"1h", time.Hour},
	{"6h", 6 * time.Hour}, {"24h", 24 * time.Hour}, {"48h", 48 * time.Hour}, {"all", 0},
}

// defaultWindow is long enough to be calm, and short enough to show what is wrong now.
const defaultWindow = "15m"

// maxFilter bounds a text that each row is searched for.
const maxFilter = 200

func newQuery(r *http.Request, at location) (query, error) {
	values := r.URL.Query()
	q := query{location: at, values: values, sort: values.Get("sort"), lang: chooseLanguage(r)}
	if f := strings.TrimSpace(values.Get("q")); len(f) <= maxFilter {
		q.filter = strings.ToLower(f)
	}
	name := values.Get("window")
	if name == "" {
		name = defaultWindow
	}
	i := slices.IndexFunc(windows, func(w window) bool { return w.Name == name })
	if i < 0 {
		return q, fmt.Errorf("there is no window %q; there are 1m, 5m, 15m, 1h, 6h, 24h, 48h and all", name)
	}
	q.window = windows[i]
	if at.id != "" {
		q.values.Set("id", at.id)
	}
	return q, nil
}

// key tells what is asked for from everything else that can be: all that a page is made of.
func (q query) key() string {
	return q.lang.Tag + " " + q.page.name + q.format.extension + "?" + q.values.Encode()
}

// link returns the relative URL of another page, with the window and the language of this one.
// pairs are further names and values.
func (q query) link(page string, pairs ...string) string {
	values := url.Values{}
	for _, name := range []string{"window", "lang"} {
		if v := q.values.Get(name); v != "" {
			values.Set(name, v)
		}
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return address(page, values)
}

// with returns the relative URL of this page with one setting changed.
func (q query) with(name, value string) string {
	values := url.Values{}
	for n, v := range q.values {
		values[n] = v
	}
	if value == "" {
		values.Del(name)
	} else {
		values.Set(name, value)
	}
	return address(q.page.address(), values)
}

// as returns the relative URL of this page in another form.
func (q query) as(f *format) string { return address(q.page.name+f.extension, q.values) }

func address(page string, values url.Values) string {
	if len(values) == 0 {
		return page
	}
	return page + "?" + values.Encode()
}

// matches reports whether the filter occurs in any of the texts.
func (q query) matches(texts ...string) bool {
	if q.filter == "" {
		return true
	}
	return slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(strings.ToLower(s), q.filter) })
}
