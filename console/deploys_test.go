package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/apm/apmtest"
	"github.com/daybook-apm/daybook/console"
	daybookhttp "github.com/daybook-apm/daybook/middleware"
)

// deployed is a service whose second version, ten minutes old, is slower than the first. Both ran with one state directory.
func deployed(t *testing.T) *service {
	t.Helper()
	dir := t.TempDir()
	var s *service
	for _, version := range []string{"v1.4.1", "v1.4.2"} {
		ctx, recorder := apmtest.New(t, apm.WithServiceName("fans"), apm.WithServiceVersion(version), apm.WithStateDir(dir), apm.WithSampleRatio(0))
		mux := http.NewServeMux()
		mux.HandleFunc("POST /likes", func(http.ResponseWriter, *http.Request) {
			time.Sleep(20 * ms)
			if version == "v1.4.2" {
				time.Sleep(15 * ms)
			}
		})
		mux.HandleFunc("GET /photos/{id}", func(http.ResponseWriter, *http.Request) { time.Sleep(10 * ms) })
		s = &service{t: t, ctx: ctx, agent: recorder.Agent, handler: daybookhttp.New()(mux), console: console.Handler(recorder.Agent)}
		for range 60 {
			s.serve("POST", "/likes")
			s.serve("GET", "/photos/17")
			time.Sleep(10*time.Second - 30*ms)
		}
		if version == "v1.4.1" {
			if err := recorder.Shutdown(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	return s
}

// TestDeploys compares what is said of a deploy with how it was meant.
func TestDeploys(t *testing.T) {
	for _, page := range []string{"deploys", "deploys.txt", "deploys.txt?lang=ko", "api/v1/deploys", "endpoint?method=POST&route=/likes"} {
		t.Run(page, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				comparePage(t, "deployed", page, deployed(t).get(page, 200))
			})
		})
	}
}

// TestManyDeploys marks the latest deploys and leads to the others.
func TestManyDeploys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		var s *service
		for i := range 7 {
			ctx, recorder := apmtest.New(t, apm.WithServiceVersion(fmt.Sprintf("v1.0.%d-0123456789abcdef", i)), apm.WithStateDir(dir))
			s = &service{t: t, ctx: ctx, agent: recorder.Agent, console: console.Handler(recorder.Agent)}
			for range 5 {
				_, tx := apm.StartTransaction(ctx, "job")
				tx.End()
				time.Sleep(time.Minute)
			}
			if i < 6 {
				if err := recorder.Shutdown(ctx); err != nil {
					t.Fatal(err)
				}
			}
		}
		page := s.get("endpoint?route=job&lang=ko", 200)
		for _, text := range []string{
			`<a href="deploys?at=2000-01-01T00%3A30%3A00Z&amp;lang=ko">00:30 v1.0.6-0123456789abcdef 배포</a>`, `00:15 v1.0.3-0123456789abcdef 배포</a><a href="deploys?lang=ko">&#43;2</a>`,
			`y="22">v1.0.6-012345…</text>`,
		} {
			if strings.Count(page, text) != 2 { // Of two charts.
				t.Errorf("no %s in\n%s", text, page)
			}
		}
		if page := s.get("deploys?at=2000-01-01T00%3A15%3A00Z", 200); !strings.Contains(page, "v1.0.2-0123456789abcdef → v1.0.3-0123456789abcdef") {
			t.Error("an earlier deploy cannot be looked at")
		}
	})
}

// TestDeployMarks looks for a deploy where it must be named, and for its link.
func TestDeployMarks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := deployed(t)
		for page, want := range map[string][]string{
			"?lang=en": {`00:10 deploy of v1.4.2</a>`, `<text x="0.0%" y="22">v1.4.2</text>`},
			"endpoint?method=POST&route=/likes&lang=ko": {`00:10 v1.4.2 배포</a>`, `y="22">v1.4.2</text>`, `>v1.4.2</a></td>`},
			"deploys": {`v1.4.1 → v1.4.2`, `>slower</td>`, `>unchanged</td>`},
		} {
			body := s.get(page, 200)
			for _, text := range want {
				if !strings.Contains(body, text) {
					t.Errorf("%q does not say %s", page, text)
				}
			}
		}
	})
}
