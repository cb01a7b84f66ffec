package console_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"math"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/console"
	"github.com/daybook-apm/daybook/internal/golden"
	daybookhttp "github.com/daybook-apm/daybook/middleware"
)

// random is what differs from run to run, and from machine to machine.
var random = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9a-f]{32}\b|="?[0-9a-f]{16}\b|\b[0-9a-f]{8}\b|data-stamp="\d+"|[^" >]*_test\.go:\d+`)

// stack is what differs from one release of Go to the next.
var stack = regexp.MustCompile(`"stack":"[^"]+"`)

// TestGolden compares every page in every form with how it was meant. Time stands still but where the service sleeps.
func TestGolden(t *testing.T) {
	for _, page := range []string{
		"endpoints", "endpoints.txt", "endpoints.csv", "endpoints.txt?lang=ko", "endpoint?method=POST&route=/signin", "sql", "sql.txt",
		"external.txt", "active", "traces.txt", "errors.txt", "daily.txt", "api/v1/endpoints?window=5m", "api/v1/statements", "api/v1/remotes", "api/v1/active", "api/v1/errors",
	} {
		t.Run(page, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newService(t)
				s.work()
				comparePage(t, "", page, s.get(page, 200))
			})
		})
	}
}

// comparePage compares a page with how it was meant.
func comparePage(t *testing.T, folder, page, body string) {
	t.Helper()
	got := []byte(stack.ReplaceAllString(random.ReplaceAllString(body, "…"), `"stack":"…"`))
	if strings.HasPrefix(page, "api/") {
		var indented bytes.Buffer
		if err := json.Indent(&indented, got, "", "  "); err != nil {
			t.Fatal(err)
		}
		got = indented.Bytes()
	}
	name := strings.NewReplacer("/", "_", "?", "_", "&", "_", "=", "-").Replace(page) + ".golden"
	golden.Compare(t, filepath.Join(folder, name), string(got))
}

// TestContract checks the members that others rely on.
func TestContract(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		s.work()
		var got struct {
			Instance, Since, Version string
			Endpoints                []map[string]any
		}
		decoder := json.NewDecoder(strings.NewReader(s.get("api/v1/endpoints?window=5m", 200)))
		if err := decoder.Decode(&got); err != nil {
			t.Fatal(err)
		}
		if got.Version != "v1.4.2" || got.Instance == "" || got.Since == "" {
			t.Errorf("instance %q, since %q, version %q", got.Instance, got.Since, got.Version)
		}
		i := slices.IndexFunc(got.Endpoints, func(e map[string]any) bool { return e["route"] == "/signin" })
		if i < 0 {
			t.Fatalf("no /signin in %v", got.Endpoints)
		}
		e := got.Endpoints[i]
		for member, want := range map[string]any{"method": "POST", "calls": 6.0, "failures": 6.0, "client_errors": 0.0, "slow": 6.0} {
			if e[member] != want {
				t.Errorf("%s is %v, want %v", member, e[member], want)
			}
		}
		for member, names := range map[string][]string{
			"duration": {"total_seconds", "mean_seconds", "p50_seconds", "p95_seconds", "p99_seconds", "max_seconds", "stddev_seconds"},
			"per_call": {"sql_seconds", "sql_calls", "fetch_seconds", "external_seconds", "external_calls", "app_seconds"},
		} {
			members, _ := e[member].(map[string]any)
			for _, name := range names {
				if _, ok := members[name].(float64); !ok {
					t.Errorf("%s.%s is %v", member, name, members[name])
				}
			}
		}
		if got, _ := e["per_call"].(map[string]any)["external_seconds"].(float64); math.Abs(got-0.7) > 1e-9 {
			t.Errorf("external_seconds is %v, want 0.7", got)
		}
		for _, name := range []string{"statements", "remotes", "active", "errors", "traces", "daily", "live", "runtime", "transactions"} {
			var object map[string]any
			if err := json.Unmarshal([]byte(s.get("api/v1/"+name, 200)), &object); err != nil || object[name] == nil {
				t.Errorf("api/v1/%s: %v, %v", name, err, object)
			}
		}
		id := s.agent.Traces()[0].TraceID
		var trace struct{ Trace map[string]any }
		if err := json.Unmarshal([]byte(s.get("api/v1/traces/"+id, 200)), &trace); err != nil || trace.Trace["trace_id"] != id {
			t.Errorf("api/v1/traces/%s: %v, %v", id, err, trace)
		}
		s.get("api/v1/traces/0123", 404)
		s.get("api/v1/sql", 404)
		s.get("api/v1/endpoints?window=3y", 400)
	})
}

// TestMounted serves the same pages wherever the console is.
func TestMounted(t *testing.T) {
	t.Parallel()
	s := newService(t)
	mux := http.NewServeMux()
	mux.Handle("/debug/apm/", s.console)
	mux.Handle("/api/v1/deep/", s.console)
	mux.Handle("/stripped/", http.StripPrefix("/stripped", s.console))
	for _, c := range []struct {
		path string
		want int
	}{
		{"/debug/apm/", 200}, {"/debug/apm/endpoints", 200}, {"/debug/apm/api/v1/endpoints", 200}, {"/debug/apm/assets/console.css", 200},
		{"/api/v1/deep/endpoints", 200}, {"/api/v1/deep/api/v1/endpoints", 200},
		{"/stripped/", 200}, {"/stripped/sql.txt", 200},
		{"/debug/apm/nothing", 404}, {"/debug/apm/endpoints.xml", 404}, {"/debug/apm/api/v1/", 404}, {"/debug/apm/api/v1/nothing", 404},
		{"/debug/apm/assets/", 404}, {"/debug/apm/assets/uplot.LICENSE", 404}, {"/debug/apm/assets/%2e%2e/page.go", 404},
		{"/debug/apm/trace?id=nothing", 404}, {"/debug/apm/endpoint?route=nothing", 404},
	} {
		r := httptest.NewRequest(http.MethodGet, c.path, nil)
		r.RemoteAddr, r.Host = "127.0.0.1:50000", "localhost"
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s: %d, want %d", c.path, w.Code, c.want)
		}
	}
}

// links are the addresses of a page's links and forms.
var links = regexp.MustCompile(`(?:href|src|action)="([^"]*)"`)

// TestLinks follows every link from page to page, in both languages, and looks for what must not be there.
func TestLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		s.work()
		seen := map[string]bool{}
		queue := []string{"?lang=en", "?lang=ko"}
		for len(queue) > 0 {
			target := queue[0]
			queue = queue[1:]
			if seen[target] {
				continue
			}
			seen[target] = true
			body := s.get(target, 200)
			check(t, target, body)
			if name, _, _ := strings.Cut(target, "?"); filepath.Ext(name) != "" {
				continue
			}
			for _, m := range links.FindAllStringSubmatch(body, -1) {
				link := html.UnescapeString(m[1])
				if strings.HasPrefix(link, "#") {
					continue
				}
				link = strings.TrimPrefix(link, "./")
				if strings.HasPrefix(link, "/") || strings.Contains(link, "//") {
					t.Errorf("%s links to %s, which is not relative", target, link)
					continue
				}
				// Every column and window in every combination would take long and show nothing new.
				if strings.Contains(link, "sort=") && (strings.Contains(target, "sort=") || strings.Contains(target, "lang=ko")) || strings.Contains(link, "window=") && strings.Contains(target, "window=") {
					continue
				}
				queue = append(queue, link)
			}
		}
		if len(seen) < 100 {
			t.Errorf("only %d pages were found", len(seen))
		}
	})
}

// keyLike finds texts that the catalogue lacks: they are shown as their keys.
var keyLike = regexp.MustCompile(`>(?:column|tile|page|section|phase|empty|note|kept|line|chart|window|age|link|outcome)[.-][a-z_0-9.]+<|%!`)

func check(t *testing.T, target, body string) {
	t.Helper()
	if i := strings.Index(body, canary); i >= 0 {
		t.Errorf("%s tells a secret: …%s…", target, body[max(0, i-80):min(len(body), i+80)])
	}
	if strings.HasPrefix(body, "<") && strings.Contains(body, "<script>alert") {
		t.Errorf("%s runs the markup of a route", target)
	}
	if m := keyLike.FindString(body); m != "" {
		t.Errorf("%s: no text for %s", target, m)
	}
	if strings.Contains(body, "ZgotmplZ") {
		t.Errorf("%s: the template found something unsafe", target)
	}
	if m := regexp.MustCompile(`\s(style|on[a-z]+)="`).FindString(body); m != "" {
		t.Errorf("%s has%s, which the policy forbids", target, m)
	}
}

// TestCSV keeps a spreadsheet from running what a route says.
func TestCSV(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"=cmd|calc": "'=cmd|calc", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\tx": "'\tx", "\rx": "'\rx", "/likes": "/likes", "": "",
	} {
		if got := console.Inert(text); got != want {
			t.Errorf("Inert(%q) = %q, want %q", text, got, want)
		}
	}
	s := newService(t)
	s.wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { daybookhttp.SetRoute(r.Context(), "=cmd|' /C calc'!A0") })).
		ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(s.ctx, http.MethodGet, "/x", nil))
	rows, err := csv.NewReader(strings.NewReader(s.get("endpoints.csv", 200))).ReadAll()
	if err != nil || len(rows) != 2 {
		t.Fatalf("%v, %q", err, rows)
	}
	if got, want := rows[1][1], "'=cmd|' /C calc'!A0"; got != want {
		t.Errorf("route %q, want %q", got, want)
	}
	if rows[0][7] != "mean_ms" {
		t.Errorf("columns %q", rows[0])
	}
}

// TestSort sorts by each column, both ways, and searches.
func TestSort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		s.work()
		routes := func(query string) (list []string) {
			rows, err := csv.NewReader(strings.NewReader(s.get("endpoints.csv"+query, 200))).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows[1:] {
				list = append(list, r[1])
			}
			return list
		}
		for query, want := range map[string][]string{
			"?q=LIKE":                     {"/likes"},
			"?q=post+/":                   {"/signin", "/likes"},
			"?q=post&sort=-calls":         {"/signin", "/likes"},
			"?q=post&sort=calls":          {"/likes", "/signin"},
			"?q=post&sort=route":          {"/likes", "/signin"},
			"?q=post&sort=-route":         {"/signin", "/likes"},
			"?q=post&sort=-mean":          {"/signin", "/likes"},
			"?q=post&sort=-sql_calls":     {"/likes", "/signin"},
			"?q=post&sort=no-such-column": {"/signin", "/likes"},
			"?q=nothing+like+it":          nil,
		} {
			if diff := cmp.Diff(want, routes(query)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", query, diff)
			}
		}
		if page := s.get("endpoints?sort=-calls", 200); !strings.Contains(page, `aria-sort="descending"><a href="endpoints?sort=calls">`) {
			t.Errorf("the sorted column is not marked, or does not turn around")
		}
	})
}

// sparks finds the small courses of a page.
var sparks = regexp.MustCompile(`<svg class="spark"[^>]*><path d="([^"]+)">`)

// TestSparks draws the course of each endpoint from its own calls.
func TestSparks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		for range 3 {
			for _, target := range []string{"/unknown", "/photos/1", "/photos/2"} {
				s.serve("GET", target)
			}
			time.Sleep(2 * time.Minute)
			s.serve("GET", "/photos/3")
		}
		var courses []string
		for _, m := range sparks.FindAllStringSubmatch(s.get("endpoints?sort=route", 200), -1) {
			courses = append(courses, m[1])
		}
		// (unmatched) was called once in each of three steps, and the photos twice, three times and once more at the end.
		want := []string{"M0.0 1.0L20.0 1.0L40.0 1.0L60.0 15.0", "M0.0 5.7L20.0 1.0L40.0 1.0L60.0 10.3"}
		if diff := cmp.Diff(want, courses); diff != "" {
			t.Errorf("courses (-want +got):\n%s", diff)
		}
	})
}

// TestErrorsWindow shows what happened in the window, in every form, and still knows what happened before.
func TestErrorsWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		fail := func(message string, times int) {
			for range times {
				_, tx := apm.StartTransaction(s.ctx, "job")
				tx.Fail(errors.New(message))
				tx.End()
			}
		}
		fail("old", 9)
		fail("again", 2)
		time.Sleep(2 * time.Hour)
		fail("again", 3)
		fail("new", 4)

		rows, err := csv.NewReader(strings.NewReader(s.get("errors.csv?window=15m&sort=count", 200))).ReadAll()
		if err != nil || len(rows) != 3 {
			t.Fatalf("%v, %q; want two kinds of errors", err, rows)
		}
		for i, want := range [][]string{{"message", "count", "since_start"}, {"again", "3", "5"}, {"new", "4", "4"}} {
			if diff := cmp.Diff(want, rows[i][1:4]); diff != "" {
				t.Errorf("row %d (-want +got):\n%s", i, diff)
			}
		}
		var got struct {
			Errors []struct {
				Message      string
				Count, Total int
			}
		}
		if err := json.Unmarshal([]byte(s.get("api/v1/errors?window=all", 200)), &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Errors) != 3 || got.Errors[0].Message != "old" || got.Errors[0].Count != 9 || got.Errors[1].Count != 5 || got.Errors[1].Total != 5 {
			t.Errorf("since the start: %+v", got.Errors)
		}
		page := s.get("errors", 200)
		if !strings.Contains(page, "Only errors of this window are listed") || !strings.Contains(page, `href="errors?window=1h"`) || strings.Contains(page, "<td class=\"name wide-text\" title=\"old\">") {
			t.Errorf("the page does not say which errors it shows, has no windows, or shows what was before")
		}
		var old struct{ Error struct{ Count, Total int } }
		if err := json.Unmarshal([]byte(s.get("error.json?type=*errors.errorString&message=old", 200)), &old); err != nil || old.Error.Count != 0 || old.Error.Total != 9 {
			t.Errorf("an error before the window: %v, %+v", err, old)
		}
	})
}

// TestLanguages compares the keys and the places of the catalogues.
func TestLanguages(t *testing.T) {
	t.Parallel()
	catalogues := console.Catalogues()
	verb := regexp.MustCompile(`%(\[\d\])?[a-z]`)
	for tag, texts := range catalogues {
		for key, text := range texts {
			other, ok := catalogues["en"][key]
			if !ok || len(catalogues["en"]) != len(texts) {
				t.Errorf("%s has %d texts and %q, en has %d", tag, len(texts), key, len(catalogues["en"]))
			}
			if a, b := len(verb.FindAllString(text, -1)), len(verb.FindAllString(other, -1)); a != b {
				t.Errorf("%s of %s has %d places, in en %d", key, tag, a, b)
			}
			if text == "" {
				t.Errorf("%s of %s is empty", key, tag)
			}
		}
	}
	s := newService(t)
	for header, want := range map[string]string{
		"": "en", "ko": "ko", "ko-KR,ko;q=0.9,en;q=0.8": "ko", "en-US,en;q=0.9,ko;q=0.8": "en", "fr": "en", "fr, ko;q=0.1": "ko",
		"ko;q=0": "en", "ko;q=x": "en", "*": "en",
	} {
		r := local("endpoints")
		r.Header.Set("Accept-Language", header)
		if body := s.do(r, 200); !strings.Contains(body, `<html lang="`+want+`"`) {
			t.Errorf("Accept-Language %q does not lead to %s", header, want)
		}
	}
}

// TestLarge fills every list to its bound: no page may grow without one.
func TestLarge(t *testing.T) {
	const limit = 1 << 20
	synctest.Test(t, func(t *testing.T) { // So that nobody waits for his turn.
		s := newService(t)
		for i := range 700 {
			ctx, tx := apm.StartTransaction(s.ctx, fmt.Sprintf("job that has a rather long name, number %d", i))
			statement(ctx, fmt.Sprintf("SELECT column_%d, title, artist, taken_at FROM photos JOIN artists ON artists.id = photos.artist_id", i), 0, errors.New("no"))
			_, call := apm.StartRemote(ctx, apm.Remote{System: "redis", Host: fmt.Sprintf("cache-%d.example.com", i), Port: 6379})
			call.End(fmt.Errorf("failure %c%c", 'a'+i%26, 'a'+i/26))
			tx.Fail(errors.New("it failed"))
			tx.End()
		}
		for _, page := range append(console.PageNames(), "transactions", "scatter") {
			for _, extension := range []string{"", ".json", ".csv", ".txt"} {
				if body := s.get(page+extension, 200); len(body) > limit {
					t.Errorf("%s%s has %d bytes", page, extension, len(body))
				}
			}
		}
		if page := s.get("endpoints", 200); !strings.Contains(page, "more rows are not shown") {
			t.Error("the page of endpoints does not say that it leaves some out")
		}
	})
}

// TestWeight adds up what a browser loads for the heaviest page.
func TestWeight(t *testing.T) {
	t.Parallel()
	const limit = 120 << 10
	total := 0
	weigh := func(content []byte) {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, _ = w.Write(content)
		_ = w.Close()
		total += packed.Len()
	}
	err := fs.WalkDir(console.Assets(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(console.Assets(), path)
		weigh(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s := newService(t)
	s.serve("POST", "/likes")
	heaviest := ""
	for _, page := range console.PageNames() {
		if body := s.get(strings.TrimPrefix(page, "live"), 200); len(body) > len(heaviest) {
			heaviest = body
		}
	}
	weigh([]byte(heaviest))
	if total > limit {
		t.Errorf("%d bytes, want at most %d", total, limit)
	}
	t.Logf("%d bytes in gzip", total)
}

// TestVendored keeps the foreign script what its authors published as uplot 1.6.32 on npm.
func TestVendored(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"uplot.js":      "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
		"uplot.css":     "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
		"uplot.LICENSE": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
	} {
		f, err := console.Assets().Open("assets/" + name)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, f); err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(sum.Sum(nil)); got != want {
			t.Errorf("%s has the hash %s, want %s", name, got, want)
		}
	}
}
