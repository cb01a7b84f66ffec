package browser_test

import (
	"bytes"
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

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/console"
)

var pages = []string{"", "active", "endpoints", "sql", "external", "traces", "errors", "daily", "runtime", "transactions"}

//go:embed testdata/axe.min.js
var axe string

// TestPages looks at every page, in both languages, light and dark, wide and narrow.
func TestPages(t *testing.T) {
	s := newService(t)
	s.load(t)
	time.Sleep(11 * time.Second) // Until something has hung for long enough to be told about.
	all := append(slices.Clone(pages),
		"endpoint?method=GET&route="+url.QueryEscape("/photos/{id}"),
		"trace?id="+slowest(s.agent.Traces()).TraceID,
		"remote?system=http&host=id.example.com&port=443")
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
					b.run(screen(width, 800, scheme), chromedp.Navigate(target))
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

func slowest(traces []apm.Trace) apm.Trace {
	return slices.MaxFunc(traces, func(a, b apm.Trace) int { return len(a.Entries) - len(b.Entries) })
}

// accessible fails the test on what axe-core takes for serious.
func (b *browser) accessible(name string) {
	b.t.Helper()
	var findings []string
	b.run(chromedp.Evaluate(axe, nil), chromedp.Evaluate(`axe.run({resultTypes: ["violations"]}).then(r => r.violations
		.filter(v => v.impact === "serious" || v.impact === "critical")
		.map(v => v.id + ": " + v.help + " " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 120) + " " + (n.any[0]?.message ?? "")).join(" | ")))`,
		&findings, awaited))
	for _, f := range findings {
		b.t.Errorf("%s: %s", name, f)
	}
}

func awaited(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

// TestDrag goes from a box in the heatmap to a transaction in it, and to its trace.
func TestDrag(t *testing.T) {
	s := newService(t)
	s.load(t)
	time.Sleep(6 * time.Second)
	b := newBrowser(t)
	b.run(screen(1280, 1100, "light"), chromedp.Navigate(s.url("")))
	b.until(`document.querySelector(".can-drag") && document.querySelector(".cells path")`)
	b.box(".cells")
	b.until(`location.pathname.endsWith("/transactions") && document.querySelectorAll("tbody tr").length > 5`)
	for _, name := range []string{"from", "to", "shortest"} {
		if v := b.text(`new URLSearchParams(location.search).get("` + name + `")`); v == "null" {
			t.Errorf("the box has no %s: %s", name, b.text("location.href"))
		}
	}
	b.run(chromedp.Click(`tbody td:last-child a`))
	b.until(`location.pathname.endsWith("/trace") && document.querySelector("[data-table=waterfall] .bar")`)

	// The same with single points.
	b.run(chromedp.Navigate(s.url("")))
	b.until(`document.querySelector("[data-toggle]")?.hidden === false`)
	b.run(chromedp.Click("[data-toggle]"))
	b.until(`document.querySelector(".scatter .u-over")`)
	b.picture("scatter")
	b.box(".scatter .u-over")
	b.until(`location.pathname.endsWith("/transactions")`)
}

// box drags over a whole element.
func (b *browser) box(selector string) {
	b.t.Helper()
	var r struct{ X, Y, Width, Height float64 }
	b.run(chromedp.ScrollIntoView(selector), chromedp.Evaluate(`document.querySelector("`+selector+`").getBoundingClientRect().toJSON()`, &r))
	at := func(kind input.MouseType, x, y float64) chromedp.Action {
		return input.DispatchMouseEvent(kind, r.X+x*r.Width, r.Y+y*r.Height).WithButton(input.Left).WithButtons(1).WithClickCount(1)
	}
	b.run(at(input.MousePressed, 0.3, 0.05), at(input.MouseMoved, 0.6, 0.5), at(input.MouseMoved, 0.99, 0.97))
	// The page is renewed while the button is down, and the box stays.
	time.Sleep(1500 * time.Millisecond)
	b.run(at(input.MouseReleased, 0.99, 0.97))
}

// TestKeyboard does without a mouse: search, rows, pages, help, pause.
func TestKeyboard(t *testing.T) {
	s := newService(t)
	for range 3 {
		s.serve(s.ctx, "POST", "/likes")
		s.serve(s.ctx, "GET", "/photos/1")
	}
	b := newBrowser(t)
	b.run(screen(1280, 800, "light"), chromedp.Navigate(s.url("endpoints")))
	b.until(`document.querySelector("[data-help]").hidden === false`)

	b.run(chromedp.KeyEvent("/"), chromedp.KeyEvent("likes"))
	b.until(`location.search.includes("q=likes") && document.querySelectorAll("tbody tr").length === 1`)
	if b.text(`document.activeElement.name + document.activeElement.value`) != "qlikes" {
		t.Error("the field loses its text or its focus when the page is renewed")
	}
	b.run(chromedp.KeyEvent(kb.Escape), chromedp.KeyEvent("j"), chromedp.KeyEvent(kb.Enter))
	b.until(`location.pathname.endsWith("/endpoint") && document.querySelector("h1").innerText.includes("/likes")`)

	b.run(chromedp.KeyEvent("g"), chromedp.KeyEvent("s"))
	b.until(`location.pathname.endsWith("/sql") && document.querySelector("[data-help]").hidden === false`)
	b.run(chromedp.KeyEvent("?"))
	b.until(`document.querySelector("dialog").open`)
	b.picture("help")
	b.run(chromedp.KeyEvent(kb.Escape))
	b.until(`!document.querySelector("dialog").open`)

	b.run(chromedp.Click(`th a[href*="sort=-calls"]`))
	b.until(`location.search.includes("sort=-calls") && document.querySelector("th[aria-sort=descending]").innerText.includes("Calls")`)

	b.run(chromedp.Navigate(s.url("endpoints")))
	b.until(`document.querySelector("[data-help]").hidden === false`)
	b.run(chromedp.KeyEvent("p"))
	b.until(`document.documentElement.classList.contains("is-paused")`)
	before := b.text(`document.querySelector("main").innerText`)
	s.serve(s.ctx, "POST", "/signin?n=1")
	time.Sleep(6 * time.Second) // Longer than the page takes to renew itself.
	if after := b.text(`document.querySelector("main").innerText`); after != before {
		t.Errorf("a page that pauses changes:\n%s", after)
	}
	b.run(chromedp.KeyEvent("p"))
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
	b.run(chromedp.Navigate(server.URL + console.Path + "active"))
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
	b.run(chromedp.Navigate(s.url("daily?lang=ko")))
	b.until(`document.querySelector(".day")`)
	var pdf []byte
	b.run(chromedp.ActionFunc(func(ctx context.Context) (err error) {
		pdf, _, err = page.PrintToPDF().WithPreferCSSPageSize(true).WithPrintBackground(true).Do(ctx)
		return err
	}))
	if n := len(sheets.FindAll(bytes.TrimSpace(pdf), -1)); n != 1 {
		t.Errorf("%d sheets, want 1", n)
	}
}
