package browser_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/daybook-apm/daybook/tests/servers"
)

// browser is one tab of a Chromium of its own, without anything of an earlier one.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	expected bool // Errors are what the test is about.
	faults   []string
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	path, err := servers.Chromium()
	if err != nil {
		if servers.Skip(err) {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.Headless, chromedp.NoSandbox, chromedp.NoFirstRun, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("hide-scrollbars", true))
	ctx, closeTab := chromedp.NewContext(allocator)
	b := &browser{t: t, ctx: ctx}
	t.Cleanup(func() {
		closeTab()
		stop()
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, fault := range b.faults {
			t.Errorf("in the browser: %s", fault)
		}
	})
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatal(err)
	}
	return b
}

// listen keeps what a person would find in the developer tools.
func (b *browser) listen(event any) {
	fault := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		fault = exception(e.ExceptionDetails)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			fault = fmt.Sprintf("console.%s", e.Type)
			for _, a := range e.Args {
				fault += " " + string(a.Value) + a.Description
			}
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Source == log.EntrySourceSecurity || e.Entry.Source == log.EntrySourceViolation && e.Entry.Level != log.EntryLevelVerbose {
			fault = fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if fault != "" && !b.expected {
		b.faults = append(b.faults, fault)
	}
}

// expectErrors is for tests that take the service away.
func (b *browser) expectErrors() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expected = true
}

func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// get returns what an action comes to.
func get[T any](b *browser, action chromedp.Action[T]) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, action)
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

// until waits for a condition of the page, in JavaScript. A new page in between is fine.
func (b *browser) until(condition string) {
	b.t.Helper()
	var met bool
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		met, _ = chromedp.Run(b.ctx, chromedp.Evaluate[bool]("Boolean("+condition+")"))
		if met {
			return
		}
	}
	b.t.Fatalf("%s does not come true on %s:\n%s", condition, b.text("location.href"), b.text("document.body.innerText.slice(0, 600)"))
}

// text evaluates an expression in the page.
func (b *browser) text(expression string) string {
	b.t.Helper()
	return get(b, chromedp.Evaluate[string]("String("+expression+")"))
}

// screen sets how large the window is, and whether the person likes it dark.
func (b *browser) screen(width, height int64, scheme string) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: width, Height: height, DeviceScaleFactor: 1, Mobile: width < 600,
		})
		if err != nil {
			return err
		}
		_, err = cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}})
		return err
	}))
}

// picture writes what is to be seen to the folder of screenshots, if there is one.
func (b *browser) picture(name string) {
	b.t.Helper()
	if os.Getenv("SCREENSHOTS") != "" { // It takes as long as all else that is done with a page.
		b.write(name+".png", get(b, chromedp.FullScreenshot(100)))
	}
}

// write puts a file into the folder of screenshots, if there is one.
func (b *browser) write(name string, content []byte) {
	b.t.Helper()
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func exception(d *runtime.ExceptionDetails) string {
	if d.Exception != nil {
		return d.Text + " " + d.Exception.Description
	}
	return d.Text
}
