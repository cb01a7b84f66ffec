package browser_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestQuickstart looks at every page of the program that people try first: before any request, and under its load.
func TestQuickstart(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "quickstart")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./quickstart")
	build.Dir = filepath.Join("..", "..", "examples")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	state := t.TempDir()
	b := newBrowser(t)

	url, stop := quickstart(t, program, state, "v1.4.1", "0")
	var targets []string
	for _, page := range pages {
		targets = append(targets, url+page)
	}
	b.look(targets, "rest-")
	for _, page := range []string{"active", "endpoints", "sql", "external", "traces", "errors", "transactions", "deploys"} {
		b.do(chromedp.Navigate(url + page))
		if b.text(`document.querySelectorAll("main .empty").length`) != "1" {
			t.Errorf("%s does not say why it is empty: %s", page, b.text(`document.querySelector("main").innerText`))
		}
	}
	stop()

	url, stop = quickstart(t, program, state, "v1.4.2", "100")
	defer stop()
	b.screen(1280, 800, "light")
	// What is reached from a row: until there is one, the page renews itself. The trace is looked at first: it is not kept for ever.
	targets = nil
	for _, detail := range [][2]string{{"errors", "error"}, {"active", "stack"}, {"endpoints", "endpoint"}, {"sql", "statement"}, {"external", "remote"}, {"traces", "trace"}} {
		link := `document.querySelector('tbody a[href^="` + detail[1] + `?"]')`
		b.do(chromedp.Navigate(url + detail[0]))
		b.until(link)
		target := b.text(link + `?.href ?? ""`)
		for target == "" { // What was running has ended in between.
			b.until(link)
			target = b.text(link + `?.href ?? ""`)
		}
		targets = slices.Insert(targets, 0, target)
	}
	for _, page := range pages {
		targets = append(targets, url+page)
	}
	for b.do(chromedp.Navigate(url)); b.text(`document.querySelectorAll(".lines path").length`) == "0"; time.Sleep(100 * time.Millisecond) {
	}
	b.look(targets, "load-")
}

// quickstart starts the program with a console of its own and returns what it prints as the URL of that.
func quickstart(t *testing.T, program, state, version, load string) (url string, stop func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, "-addr", "127.0.0.1:0", "-console", "127.0.0.1:0", "-load", load)
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(setting string) bool {
		return strings.HasPrefix(setting, "OTEL_") || strings.HasPrefix(setting, "DAYBOOK_")
	}), "OTEL_SERVICE_NAME=quickstart", "OTEL_RESOURCE_ATTRIBUTES=service.version="+version, "DAYBOOK_STATE_DIR="+state)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stderr)
	said := ""
	for url == "" {
		line, err := lines.ReadString('\n')
		if said += line; err != nil {
			t.Fatalf("no URL is printed: %v\n%s", err, said)
		}
		url = regexp.MustCompile(`http://127\.0\.0\.1:\d+/debug/apm/`).FindString(line)
	}
	drained := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, lines)
		close(drained)
	}()
	return url, func() {
		_ = cmd.Process.Signal(os.Interrupt)
		<-drained
		if err := cmd.Wait(); err != nil {
			t.Errorf("quickstart: %v", err)
		}
	}
}
