package browser_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestDeploys follows a deploy from its mark in a chart, which a script draws anew, to what it has changed.
func TestDeploys(t *testing.T) {
	t.Parallel()
	r := twoDays(t, 3)
	b := newBrowser(t)
	photos := "endpoint?method=GET&route=%2Fphotos%2F%7Bid%7D&window=1h"
	b.look([]string{r.url(""), r.url("deploys"), r.url(photos), r.url("daily")}, "deploy-")

	b.screen(1280, 900, "light")
	b.do(chromedp.Navigate(r.url("?lang=en")))
	b.until(`document.querySelectorAll(".uplot .deploy").length === 2 && document.documentElement.classList.contains("is-live")`)
	stamp := b.text(`document.documentElement.dataset.stamp`)
	// The chart and the page are renewed, and the mark is still there, at its time.
	b.until(`performance.getEntriesByType("resource").filter(e => e.name.endsWith("api/v1/live")).length > 2`)
	if now := b.text(`document.documentElement.dataset.stamp`); now != stamp {
		t.Fatalf("the recording moves from %s to %s", stamp, now)
	}
	for _, chart := range []string{"throughput", "duration"} {
		for what, condition := range map[string]string{
			"drawn, with its version":   `line.innerText === "v1.4.2" && line.checkVisibility() && getComputedStyle(line).borderRightStyle + getComputedStyle(line).borderLeftStyle !== "nonenone"`,
			"in the middle of the plot": `Math.abs((line.getBoundingClientRect().left - plot.left) / plot.width - 0.5) < 0.02`,
			"named in the caption":      `/^23:10 deploy of v1\.4\.2$/.test(figure.querySelector("figcaption .deploys").innerText.trim())`,
		} {
			if b.text(`(() => { const figure = document.querySelector("[data-chart=`+chart+`]"), line = figure.querySelector(".uplot .deploy"),
				plot = figure.querySelector(".u-over").getBoundingClientRect(); return `+condition+`; })()`) != "true" {
				t.Errorf("%s: the deploy is not %s:\n%s", chart, what, b.text(`document.querySelector("[data-chart=`+chart+`]").outerHTML.slice(-1500)`))
			}
		}
	}

	b.do(chromedp.Navigate(r.url(photos + "&lang=ko")))
	b.until(`document.querySelectorAll(".marks .mark").length === 2`)
	for what, condition := range map[string]string{
		"in the chart": `[...document.querySelectorAll(".marks")].every(m => m.getBoundingClientRect().height > 50 && m.textContent === "v1.4.2" && m.querySelector("line").getBoundingClientRect().height > 50)`,
		"where the axis has its time": `[...document.querySelectorAll("[data-chart]")].every(figure => {
			const at = time => { const r = [...figure.querySelectorAll(".axis text")].find(e => e.textContent === time).getBoundingClientRect(); return r.left + r.width / 2; };
			return Math.abs(figure.querySelector(".marks line").getBoundingClientRect().left - at("23:00") - (at("23:15") - at("23:00")) * 2 / 3) < 4;
		})`,
		"named in the caption":   `[...document.querySelectorAll("figcaption .deploys")].every(e => e.innerText.trim() === "23:10 v1.4.2 배포")`,
		"in the table behind it": `document.querySelector("[data-table=over_time]").textContent.includes("v1.4.2")`,
	} {
		if b.text(condition) != "true" {
			t.Errorf("the deploy is not %s", what)
		}
	}
	link := b.text(`document.querySelector("figcaption .deploys a").getAttribute("href")`)
	if !strings.HasPrefix(link, "deploys?at=") {
		t.Errorf("the caption leads to %s", link)
	}

	b.do(chromedp.Navigate(r.url("deploys?lang=en")))
	b.until(`document.querySelector("[data-table=changes]")`)
	if got := b.text(`document.querySelector("[data-table=changes] tbody tr").innerText.replace(/\s+/g, " ")`); !strings.Contains(got, "/photos/{id} slower 30.0 60.0 unchanged") {
		t.Errorf("what is slower is not told first: %s", got)
	}
}
