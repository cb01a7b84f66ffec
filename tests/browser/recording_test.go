package browser_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/console"
	"github.com/daybook-apm/daybook/middleware"
)

// recording is what the console of a service answered at the end of two days that passed in a moment: a browser cannot be
// where time stands still, so it is shown what was said there.
type recording struct {
	*httptest.Server
	answers map[string]*httptest.ResponseRecorder
}

// url is the address of a recorded page.
func (r *recording) url(page string) string { return r.URL + console.Path + page }

// twoDays is a service that ran through yesterday and today, until twenty-five to midnight. At ten past eleven another version of it
// was deployed, whose photos take longer. Beside these it has as many more endpoints, of names as they are in large services.
func twoDays(t *testing.T, endpoints int) *recording {
	t.Helper()
	r := &recording{answers: map[string]*httptest.ResponseRecorder{}}
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		y, m, d := time.Now().Date()
		midnight := time.Date(y, m, d+1, 0, 0, 0, 0, time.Local)
		for hour := midnight; hour.Before(midnight.AddDate(0, 0, 2).Add(-time.Hour)); hour = hour.Add(time.Hour) {
			time.Sleep(time.Until(hour))
			s := begin(t, dir, "v1.4.1", endpoints)
			for i := range 3 + hour.Hour()%12 {
				s.round(i)
			}
			s.end(t)
		}
		lastHour := midnight.AddDate(0, 0, 2).Add(-time.Hour)
		time.Sleep(time.Until(lastHour))
		s := begin(t, dir, "v1.4.1", endpoints)
		s.busy(lastHour.Add(10 * time.Minute))
		s.end(t)
		s = begin(t, dir, "v1.4.2", endpoints)
		s.busy(lastHour.Add(15 * time.Minute))
		r.record(s.agent, "", "api/v1/live", "scatter.json")
		s.busy(lastHour.Add(35 * time.Minute))
		r.record(s.agent, "deploys", "daily", "endpoints", "endpoint?method=GET&route="+url.QueryEscape("/photos/{id}")+"&window=1h")
		s.end(t)
	})
	assets := newService(t).console.Config.Handler
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		answer, ok := r.answers[strings.TrimPrefix(req.RequestURI, console.Path)]
		if !ok {
			assets.ServeHTTP(w, req)
			return
		}
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		_, _ = w.Write(answer.Body.Bytes())
	}))
	t.Cleanup(r.Close)
	return r
}

// record keeps pages in both languages, and data.
func (r *recording) record(agent *apm.Agent, pages ...string) {
	handler := console.Handler(agent)
	for _, page := range pages {
		for _, target := range []string{page, with(page, "lang", "en"), with(page, "lang", "ko")} {
			req := httptest.NewRequest(http.MethodGet, console.Path+target, nil)
			req.RemoteAddr, req.Host = "127.0.0.1:50000", "127.0.0.1"
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, req)
			r.answers[target] = w
		}
	}
}

// with adds a setting to the address of a page.
func with(page, name, value string) string {
	separator := "?"
	if strings.Contains(page, "?") {
		separator = "&"
	}
	return page + separator + name + "=" + value
}

// process is one run of the service. Its handlers take known times.
type process struct {
	agent     *apm.Agent
	ctx       context.Context
	handler   http.Handler
	endpoints int
}

func begin(t *testing.T, dir, version string, endpoints int) *process {
	t.Helper()
	agent, err := apm.Start(t.Context(), apm.WithoutGlobals(), apm.WithServiceName("fan-community"), apm.WithServiceVersion(version),
		apm.WithStateDir(dir), apm.WithSampleRatio(0), apm.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	photo := 30 * time.Millisecond
	if version == "v1.4.2" {
		photo *= 2
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /photos/{id}", func(_ http.ResponseWriter, r *http.Request) {
		apm.SetUser(r.Context(), r.PathValue("id"))
		call(r.Context(), "SELECT title, artist, taken_at FROM photos WHERE id = 17", photo)
	})
	mux.HandleFunc("POST /likes", func(w http.ResponseWriter, r *http.Request) {
		call(r.Context(), "INSERT INTO likes (user_id, photo_id) VALUES (1, 2)", 9*time.Millisecond)
		if r.URL.Query().Get("n") == "2" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	for i := range endpoints {
		mux.HandleFunc("GET "+long(i), func(_ http.ResponseWriter, r *http.Request) {
			call(r.Context(), "SELECT body FROM comments WHERE album = 17", time.Duration(i+5)*time.Millisecond)
		})
	}
	return &process{agent, apm.NewContext(context.WithoutCancel(t.Context()), agent), middleware.New()(mux), endpoints}
}

// long is a route as they are where resources lie in each other.
func long(i int) string {
	return fmt.Sprintf("/api/v2/communities/{community}/members/{member}/photo-albums/{album}/comments/{comment}/reactions-%d", i)
}

func (p *process) end(t *testing.T) {
	t.Helper()
	if err := p.agent.Shutdown(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

// round calls each endpoint once, but those that only make lists long in every sixth round.
func (p *process) round(n int) {
	serve := func(method, target string) {
		p.handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(p.ctx, method, target, nil))
	}
	serve("GET", "/photos/"+strconv.Itoa(n))
	serve("POST", "/likes?n="+strconv.Itoa(n))
	if n%6 > 0 {
		return
	}
	for i := range p.endpoints {
		serve("GET", long(i))
	}
}

// busy makes a round every ten seconds until some time.
func (p *process) busy(until time.Time) {
	for n := 0; time.Now().Before(until); n++ {
		p.round(n)
		time.Sleep(10 * time.Second)
	}
}
