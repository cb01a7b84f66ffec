package browser_test

import (
	"context"
	_ "embed"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
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

// TestPages looks at every page, in both languages, light and dark, wide and narrow.
func TestPages(t *testing.T) {
	s := newService(t)
	s.load(t)
	time.Sleep(11 * time.Second) // Until something has hung for long enough to be told about.
	// The trace comes first: under this load it is not kept for ever.
	all := slices.Concat([]string{"trace?id=" + longest(s.agent.Traces()).TraceID}, pages, []string{
		"endpoint?method=GET&route=" + url.QueryEscape("/photos/{id}"),
		"remote?system=http&host=id.example.com&port=443",
	})
	b := newBrowser(t)
	for _, p := range all {
		name, _, _ := strings.Cut(p, "?")
		if name == "" {
			name = "live"
		}
		for _, lang := range []string{"en", "ko"} {
			for _, scheme := range []string{"light", "dark"} {
				for _, width := range []int64{1280, 390} {
					target := s.url(p) + "?lang=" + lang
					if strings.Contains(p, "?") {
						target = s.url(p) + "&lang=" + lang
					}
					b.screen(width, 800, scheme)
					b.do(chromedp.Navigate(target))
					b.until(`document.documentElement.lang === "` + lang + `" && document.querySelector("[data-help]").hidden === false`)
					if name == "live" {
						b.until(`document.querySelectorAll(".uplot canvas").length === 2 && document.querySelector(".can-drag")`)
					}
					if wide := b.text(`document.documentElement.scrollWidth > innerWidth`); wide != "false" {
						t.Errorf("%s %s %d: the page is wider than the screen: %s", name, lang, width, b.text(
							`[...document.querySelectorAll("main *, header *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll, .tabs, .windows")).slice(0, 3).map(e => e.outerHTML.slice(0, 90)).join(" ")`))
					}
					b.picture(fmt.Sprintf("%s-%s-%s-%d", name, lang, scheme, width))
					if lang == "en" && width == 1280 || lang == "ko" && width == 390 {
						b.accessible(name + " " + scheme)
					}
				}
			}
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
	b.until(`document.querySelector("[data-notice]").innerText.includes("restarted") && document.documentElement.classList.contains("is-live")`)
}

// sheets are the pages of a PDF.
var sheets = regexp.MustCompile(`/Type\s*/Page\b[^s]`)

// TestPrint prints the daily page on one sheet of A4.
func TestPrint(t *testing.T) {
	s := newService(t)
	for range 3 {
		s.serve(s.ctx, "POST", "/likes")
	}
	b := newBrowser(t)
	b.do(chromedp.Navigate(s.url("daily?lang=ko")))
	b.until(`document.querySelector(".day")`)
	pdf := get(b, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4), chromedp.PDFPreferCSSPageSize(), chromedp.PDFPrintBackground()))
	if n := len(sheets.FindAll(pdf, -1)); n != 1 {
		t.Errorf("%d sheets, want 1", n)
	}
}
