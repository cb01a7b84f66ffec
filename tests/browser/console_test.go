package browser_test

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/console"
)

var pages = []string{"", "active", "endpoints", "sql", "external", "traces", "errors", "daily", "deploys", "runtime", "transactions"}

//go:embed testdata/axe.min.js
var axe string

// TestPages looks at every page of a service that something is wrong with.
func TestPages(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.load(t)
	time.Sleep(11 * time.Second) // Until something has hung for long enough to be told about.
	stuck := slices.MaxFunc(s.agent.Active(), func(a, b apm.ActiveTransaction) int { return cmp.Compare(a.Elapsed, b.Elapsed) })
	// The trace comes first: under this load it is not kept for ever.
	targets := []string{s.url("trace?id=" + longest(s.agent.Traces()).TraceID)}
	for _, page := range []string{"", "active", "endpoints", "traces", "errors", "transactions"} {
		targets = append(targets, s.url(page))
	}
	newBrowser(t).look(append(targets,
		s.url("endpoint?method=GET&route="+url.QueryEscape("/photos/{id}")),
		s.url(fmt.Sprintf("stack?id=%d", stuck.ID)),
	), "")
}

// view is how somebody sees a page.
type view struct {
	language, scheme string
	width            int64
}

// views are pairs: between its two, each shows both languages, both schemes and both widths.
var views = [][2]view{
	{{"en", "light", 1280}, {"ko", "dark", 390}},
	{{"en", "dark", 390}, {"ko", "light", 1280}},
	{{"en", "dark", 1280}, {"ko", "light", 390}},
	{{"en", "light", 390}, {"ko", "dark", 1280}},
}

// look opens pages in both languages, light and dark, wide and narrow, by turns.
func (b *browser) look(targets []string, prefix string) {
	b.t.Helper()
	for i, target := range targets {
		page, _, _ := strings.Cut(target[strings.LastIndex(target, "/")+1:], "?")
		if page == "" {
			page = "live"
		}
		for _, v := range views[i%len(views)] {
			name := fmt.Sprintf("%s%s-%s-%s-%d", prefix, page, v.language, v.scheme, v.width)
			b.screen(v.width, 800, v.scheme)
			b.do(chromedp.Navigate(with(target, "lang", v.language)))
			b.until(`document.documentElement.lang === "` + v.language + `" && document.documentElement.dataset.page === "` + page + `" && document.querySelector("[data-help]").hidden === false`)
			if page == "live" {
				// With some seconds of history; before that there is a sentence in their place.
				b.until(`document.querySelectorAll(".uplot canvas").length === document.querySelectorAll("[data-chart]").length && (document.querySelector(".can-drag") || !document.querySelector("[data-heatmap]"))`)
			}
			if wide := b.text(`document.documentElement.scrollWidth > innerWidth`); wide != "false" {
				b.t.Errorf("%s: the page is wider than the screen: %s", name, b.text(
					`[...document.querySelectorAll("main *, header *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll, .tabs, .windows")).slice(0, 3).map(e => e.outerHTML.slice(0, 90)).join(" ")`))
			}
			if hidden := b.text(`(() => { const tab = document.querySelector(".tabs [aria-current]").getBoundingClientRect(); return tab.left < 0 || tab.right > innerWidth; })()`); hidden != "false" {
				b.t.Errorf("%s: the tab of the page is out of sight", name)
			}
			b.picture(name)
			b.accessible(name)
		}
	}
}

// longest returns the trace with the most entries.
func longest(traces []apm.Trace) apm.Trace {
	return slices.MaxFunc(traces, func(a, b apm.Trace) int { return len(a.Entries) - len(b.Entries) })
}

// accessible fails the test on what axe-core takes for serious.
func (b *browser) accessible(name string) {
	b.t.Helper()
	get(b, chromedp.Evaluate[any](axe+"; true"))
	findings := get(b, chromedp.Evaluate[[]string](`axe.run().then(r => r.passes.length < 10 ? ["axe-core has hardly checked anything"] : r.violations
		.filter(v => v.impact === "serious" || v.impact === "critical")
		.map(v => v.id + ": " + v.help + " " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 120) + " " + (n.any[0]?.message ?? "")).join(" | ")))`,
		chromedp.EvalAwaitPromise))
	for _, f := range findings {
		b.t.Errorf("%s: %s", name, f)
	}
}

// TestDrag goes from a box in the heatmap to a transaction in it, and to its trace.
func TestDrag(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.load(t)
	time.Sleep(6 * time.Second)
	b := newBrowser(t)
	b.screen(1280, 1100, "light")
	b.do(chromedp.Navigate(s.url("")))
	b.until(`document.querySelector(".can-drag") && document.querySelector(".cells path")`)
	b.box(".cells")
	b.until(`location.pathname.endsWith("/transactions") && document.querySelectorAll("tbody tr").length > 5`)
	for _, name := range []string{"from", "to", "shortest"} {
		if v := b.text(`new URLSearchParams(location.search).get("` + name + `")`); v == "null" {
			t.Errorf("the box has no %s: %s", name, b.text("location.href"))
		}
	}
	b.do(chromedp.Click(`tbody td:last-child a`))
	b.until(`location.pathname.endsWith("/trace") && document.querySelector("[data-table=waterfall] .bar")`)

	// The same with single points.
	b.do(chromedp.Navigate(s.url("")))
	b.until(`document.querySelector("[data-toggle]")?.hidden === false`)
	b.do(chromedp.Click("[data-toggle]"))
	b.until(`document.querySelector(".scatter .u-over")`)
	b.picture("scatter")
	b.box(".scatter .u-over")
	b.until(`location.pathname.endsWith("/transactions")`)
}

// box drags over a whole element.
func (b *browser) box(selector string) {
	b.t.Helper()
	b.do(chromedp.ScrollIntoView(selector))
	r := get(b, chromedp.Evaluate[map[string]float64](`document.querySelector("`+selector+`").getBoundingClientRect().toJSON()`))
	at := func(kind input.DispatchMouseEventType, x, y float64) chromedp.Action[chromedp.Void] {
		return chromedp.MouseEvent(kind, r["x"]+x*r["width"], r["y"]+y*r["height"], func(p *input.DispatchMouseEventParams) {
			p.Button, p.Buttons, p.ClickCount = input.MouseButtonLeft, 1, 1
		})
	}
	b.do(at(input.DispatchMouseEventTypeMousePressed, 0.3, 0.05), at(input.DispatchMouseEventTypeMouseMoved, 0.6, 0.5), at(input.DispatchMouseEventTypeMouseMoved, 0.99, 0.97))
	// The page is renewed while the button is down, and the box stays.
	time.Sleep(1500 * time.Millisecond)
	b.do(at(input.DispatchMouseEventTypeMouseReleased, 0.99, 0.97))
}

// TestKeyboard does without a mouse: search, rows, pages, help, pause.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for range 3 {
		s.serve(s.ctx, "POST", "/likes")
		s.serve(s.ctx, "GET", "/photos/1")
	}
	b := newBrowser(t)
	b.screen(1280, 800, "light")
	b.do(chromedp.Navigate(s.url("endpoints")))
	b.until(`document.querySelector("[data-help]").hidden === false`)

	// Without the char event, which follows here whatever the page does with the key.
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeRawKeyDown, Key: "/"})
		return err
	}), chromedp.KeyEvent("likes"))
	b.until(`location.search.includes("q=likes") && document.querySelectorAll("tbody tr").length === 1`)
	if b.text(`document.activeElement.name + document.activeElement.value`) != "qlikes" {
		t.Error("the field loses its text or its focus when the page is renewed")
	}
	b.do(chromedp.KeyEvent(kb.Escape), chromedp.KeyEvent("j"), chromedp.KeyEvent(kb.Enter))
	b.until(`location.pathname.endsWith("/endpoint") && document.querySelector("h1").innerText.includes("/likes") && document.querySelector("[data-help]").hidden === false`)

	b.do(chromedp.KeyEvent("g"), chromedp.KeyEvent("s"))
	b.until(`location.pathname.endsWith("/sql") && document.querySelector("[data-help]").hidden === false`)
	b.do(chromedp.KeyEvent("?"))
	b.until(`document.querySelector("dialog").open`)
	b.picture("help")
	b.do(chromedp.KeyEvent(kb.Escape))
	b.until(`!document.querySelector("dialog").open`)

	b.do(chromedp.Click(`th a[href*="sort=-calls"]`))
	b.until(`location.search.includes("sort=-calls") && document.querySelector("th[aria-sort=descending]").innerText.includes("Calls")`)

	b.do(chromedp.Navigate(s.url("")))
	b.until(`document.querySelector("[data-help]").hidden === false && document.querySelector("details tbody tr")`)
	b.do(chromedp.KeyEvent("j"))
	if n := b.text(`document.querySelectorAll("tr.selected").length`); n != "0" {
		t.Error("a row is chosen that is out of sight")
	}

	b.do(chromedp.Navigate(s.url("endpoints")))
	b.until(`document.querySelector("[data-help]").hidden === false`)
	b.do(chromedp.KeyEvent("p"))
	b.until(`document.documentElement.classList.contains("is-paused")`)
	before := b.text(`document.querySelector("main").innerText`)
	s.serve(s.ctx, "POST", "/signin?n=1")
	time.Sleep(6 * time.Second) // Longer than the page takes to renew itself.
	if after := b.text(`document.querySelector("main").innerText`); after != before {
		t.Errorf("a page that pauses changes:\n%s", after)
	}
	b.do(chromedp.KeyEvent("p"))
	b.until(`document.querySelector("main").innerText.includes("/signin")`)
}

// TestRestart tells of a service that does not answer, and of one that has begun anew.
func TestRestart(t *testing.T) {
	t.Parallel()
	first, second := newService(t), newService(t)
	var current atomic.Pointer[service]
	current.Store(first)
	var gone atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if gone.Load() {
			panic(http.ErrAbortHandler)
		}
		current.Load().console.Config.Handler.ServeHTTP(w, r)
	}))
	defer server.Close()
	b := newBrowser(t)
	b.expectErrors()
	b.do(chromedp.Navigate(server.URL + console.Path + "active"))
	b.until(`document.documentElement.classList.contains("is-live")`)
	gone.Store(true)
	b.until(`!document.querySelector("[data-notice]").hidden && document.querySelector("[data-notice]").innerText.includes("No answer")`)
	b.picture("stale")
	current.Store(second)
	gone.Store(false)
	b.do(chromedp.Click("[data-retry]")) // Sooner than the page would ask again by itself.
	b.until(`document.querySelector("[data-notice]").innerText.includes("restarted") && document.documentElement.classList.contains("is-live")`)
}

// sheets are the pages of a PDF, and sizes theirs in points.
var (
	sheets = regexp.MustCompile(`/Type\s*/Page\b[^s]`)
	sizes  = regexp.MustCompile(`/MediaBox\s*\[0 0 (\d+)[.\d]* (\d+)[.\d]*\]`)
)

// TestPrint prints the daily page on one sheet of A4: that of a service with a few endpoints, and that of one with sixty, of long names.
func TestPrint(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	for _, endpoints := range []int{9, 60} {
		r := twoDays(t, endpoints)
		for lang, note := range map[string]string{"en": "The 12 of 62 endpoints", "ko": "전체 62개 중 시간을 가장 많이 쓴 12개입니다."} {
			b.screen(1280, 800, "dark")
			b.do(chromedp.Navigate(r.url("daily?lang=" + lang)))
			b.until(`document.querySelectorAll("[data-table=hours] tbody tr").length === 24`)
			if rows, want := b.text(`document.querySelectorAll("[data-table=top] tbody tr").length`), strconv.Itoa(min(endpoints+2, 12)); rows != want {
				t.Errorf("%s of %d endpoints are shown, want %s", rows, endpoints+2, want)
			}
			if told := strings.Contains(b.text(`document.querySelector("main").innerText`), note); told != (endpoints == 60) {
				t.Errorf("%s, %d endpoints: that some are left out is told: %t", lang, endpoints, told)
			}
			pdf := get(b, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperLetter), chromedp.PDFPreferCSSPageSize(), chromedp.PDFPrintBackground()))
			if n := len(sheets.FindAll(pdf, -1)); n != 1 {
				t.Errorf("%s, %d endpoints: %d sheets, want 1", lang, endpoints, n)
			}
			if m := sizes.FindSubmatch(pdf); m == nil || string(m[1]) != "594" && string(m[1]) != "595" || string(m[2]) != "841" && string(m[2]) != "842" {
				t.Errorf("the sheet is %s points, want those of A4", m)
			}
			b.write(fmt.Sprintf("print-%s-%d.pdf", lang, endpoints), pdf)
		}
	}
}
