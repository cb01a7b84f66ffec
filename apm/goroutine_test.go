package apm_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/apm/apmtest"
	"github.com/daybook-apm/daybook/httpclient"
	"github.com/daybook-apm/daybook/internal/transaction"
	daybookhttp "github.com/daybook-apm/daybook/middleware"
	"github.com/daybook-apm/daybook/sqltrace"
)

// careless is a service that passes no context to anything. What each endpoint runs has the endpoint's name in it.
type careless struct {
	*httptest.Server
	db     *sql.DB
	client *http.Client
	late   sync.WaitGroup // What runs on after the response.
}

const carelessEndpoints = 8

func newCareless(t *testing.T) *careless {
	s := &careless{
		db:     sqltrace.OpenDB(sleepDriver{}),
		client: &http.Client{Transport: httpclient.NewTransport(sleepTransport{})},
	}
	mux := http.NewServeMux()
	for i := range carelessEndpoints {
		name := string(rune('a' + i))
		mux.HandleFunc("GET /"+name+"/{id}", func(http.ResponseWriter, *http.Request) { s.handle(name) })
	}
	s.Server = httptest.NewServer(daybookhttp.New()(mux))
	t.Cleanup(func() {
		s.Close()
		s.db.Close()
	})
	return s
}

func (s *careless) handle(name string) {
	var wg sync.WaitGroup
	wg.Go(func() { s.query("SELECT wait=1ms FROM " + name + "_background") })
	wg.Go(func() { s.get(name) })
	s.query("SELECT wait=1ms rows=1 FROM " + name)
	tx, err := s.db.Begin()
	if err == nil {
		tx.Exec("UPDATE " + name)
		tx.Commit()
	}
	wg.Wait()
	s.late.Go(func() {
		time.Sleep(5 * ms)
		s.query("SELECT FROM " + name + "_late")
	})
}

func (s *careless) query(query string) {
	rows, err := s.db.Query(query)
	if err != nil {
		return
	}
	defer rows.Close()
	for rows.Next() {
	}
}

func (s *careless) get(host string) {
	resp, err := s.client.Get("http://" + host + ".example/1ms")
	if err != nil {
		return
	}
	io.ReadAll(resp.Body)
	resp.Body.Close()
}

// load sends requests to all endpoints, 64 at a time, and waits for what they left running.
func (s *careless) load(t *testing.T, each int) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range 64 {
		name := string(rune('a' + i%carelessEndpoints))
		wg.Go(func() {
			for range each {
				resp, err := s.Client().Get(s.URL + "/" + name + "/7")
				if err != nil {
					t.Error(err)
					return
				}
				io.ReadAll(resp.Body)
				resp.Body.Close()
			}
		})
	}
	wg.Wait()
	s.late.Wait()
}

// TestCareless is the service with the option: each call is found under its endpoint, and none under another.
func TestCareless(t *testing.T) {
	if !transaction.CanLabel {
		t.Skip("how this release of Go keeps labels is not known")
	}
	var text bytes.Buffer
	agent := startForAll(t, &text, apm.WithGoroutineLabels())
	s := newCareless(t)
	const each = 5
	s.load(t, each)

	const n = each * 64 / carelessEndpoints
	want := map[string]map[string]uint64{}
	for i := range carelessEndpoints {
		name := string(rune('a' + i))
		want["GET /"+name+"/{id}"] = map[string]uint64{
			"calls": n, "sql": 3 * n, "external": n,
			"SELECT wait=? rows=? FROM " + name: n, "SELECT wait=? FROM " + name + "_background": n,
			"UPDATE " + name: n, "SELECT FROM " + name + "_late": n,
			name + ".example": n,
		}
	}
	if diff := cmp.Diff(want, carelessFigures(agent)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if strings.Contains(text.String(), "no transaction") {
		t.Errorf("the log says: %s", text.String())
	}
}

// TestCarelessWithoutOption is the service without it: all of it has no transaction, and one line says what to do.
func TestCarelessWithoutOption(t *testing.T) {
	var text bytes.Buffer
	agent := startForAll(t, &text)
	s := newCareless(t)
	s.load(t, 1)
	got := carelessFigures(agent)
	for i := range carelessEndpoints {
		name := string(rune('a' + i))
		const n = 64 / carelessEndpoints
		if diff := cmp.Diff(map[string]uint64{"calls": n, "sql": 0, "external": 0}, got["GET /"+name+"/{id}"]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if n := agent.Snapshot(0).Unattributed; n != 5*64 {
		t.Errorf("%d calls without a transaction, want %d", n, 5*64)
	}
	var lines []string
	for line := range strings.Lines(text.String()) {
		if strings.Contains(line, "no transaction") {
			lines = append(lines, line)
		}
	}
	if len(lines) != 1 || !strings.Contains(lines[0], "apm.WithGoroutineLabels") || !strings.Contains(lines[0], "goroutine_test.go:") {
		t.Errorf("the log says %q, want one line with the place and the option", lines)
	}
}

// startForAll starts the current agent: a call without context finds no other.
func startForAll(t *testing.T, text *bytes.Buffer, opts ...apm.Option) *apm.Agent {
	t.Helper()
	agent, err := apm.Start(t.Context(), append(opts, apm.WithSampleRatio(0), apm.WithLogger(slog.New(slog.NewTextHandler(text, nil))))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := agent.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return agent
}

// carelessFigures are the counts of each endpoint, its statements and hosts.
func carelessFigures(agent *apm.Agent) map[string]map[string]uint64 {
	all := map[string]map[string]uint64{}
	for _, e := range agent.Snapshot(0).Endpoints {
		figures := map[string]uint64{"calls": e.Calls, "sql": e.SQLCalls, "external": e.ExternalCalls}
		for _, s := range e.Statements {
			figures[s.Text] = s.Calls
		}
		for _, r := range e.Remotes {
			figures[r.Host] = r.Calls
		}
		all[strings.TrimSpace(e.Method+" "+e.Route)] = figures
	}
	return all
}

// TestCarelessSampled begins live spans without context: they have the request's span as parent.
func TestCarelessSampled(t *testing.T) {
	if !transaction.CanLabel {
		t.Skip("how this release of Go keeps labels is not known")
	}
	ctx, recorder := apmtest.New(t, apm.WithGoroutineLabels(), apm.WithSampleRatio(1))
	s := newCareless(t)
	handler := daybookhttp.New()(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		daybookhttp.SetRoute(r.Context(), "/a")
		s.query("SELECT 1 FROM a")
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.get("a")
		}()
		<-done
		tx, _ := s.db.Begin()
		tx.Exec("UPDATE a")
		tx.Commit()
	}))
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/a", nil))
	_, job := apm.StartTransaction(ctx, "job")
	s.query("SELECT 2 FROM a")
	job.End()
	want := "server GET /a\n  client SELECT a\n  client GET\n  client BEGIN\n  client UPDATE a\n  client COMMIT\n" +
		"internal job\n  client SELECT a\n"
	if diff := cmp.Diff(want, tree(recorder.Spans())); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
}

// TestSQLTransactionElsewhere goes on with an SQL transaction in a goroutine that is older than the request.
func TestSQLTransactionElsewhere(t *testing.T) {
	if !transaction.CanLabel {
		t.Skip("how this release of Go keeps labels is not known")
	}
	ctx, recorder := apmtest.New(t, apm.WithGoroutineLabels(), apm.WithSampleRatio(1))
	db := sqltrace.OpenDB(sleepDriver{})
	defer db.Close()
	work, done := make(chan *sql.Tx), make(chan struct{})
	go func() {
		tx := <-work
		tx.Exec("UPDATE a")
		tx.Commit()
		close(done)
	}()
	_, job := apm.StartTransaction(ctx, "job")
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	work <- tx
	<-done
	job.End()
	if e := recorder.Endpoint("", "job"); e.SQLCalls != 1 {
		t.Errorf("%d statements, want 1", e.SQLCalls)
	}
	want := "internal job\n  client BEGIN\n  client UPDATE a\n  client COMMIT\n"
	if diff := cmp.Diff(want, tree(recorder.Spans())); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
}

// TestHidingContexts passes contexts that do not lead to the transaction, as programs do.
func TestHidingContexts(t *testing.T) {
	if !transaction.CanLabel {
		t.Skip("how this release of Go keeps labels is not known")
	}
	for name, hide := range map[string]func(context.Context) context.Context{
		"background":     func(context.Context) context.Context { return context.Background() },
		"without cancel": context.WithoutCancel,
		"gin":            func(ctx context.Context) context.Context { return ginContext{ctx} },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, recorder := apmtest.New(t, apm.WithGoroutineLabels())
			db := sqltrace.OpenDB(sleepDriver{})
			defer db.Close()
			handler := daybookhttp.New()(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				daybookhttp.SetRoute(r.Context(), "/a")
				hidden := hide(r.Context())
				db.ExecContext(hidden, "UPDATE a")
				_, segment := apm.StartSegment(hidden, "part")
				segment.End()
			}))
			handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/a", nil))
			if e := recorder.Endpoint("GET", "/a"); e.SQLCalls != 1 || e.SegmentCalls != 1 {
				t.Errorf("%d statements and %d segments, want 1 and 1", e.SQLCalls, e.SegmentCalls)
			}
		})
	}
}

// ginContext does what (*gin.Context) does without ContextWithFallback: it has values under strings only, and is never done.
type ginContext struct{ request context.Context }

func (ginContext) Deadline() (time.Time, bool) { return time.Time{}, false }
func (ginContext) Done() <-chan struct{}       { return nil }
func (ginContext) Err() error                  { return nil }
func (c ginContext) Value(key any) any {
	if _, ok := key.(string); ok {
		return c.request.Value(key)
	}
	return nil
}

// TestServerStartedInTransaction serves requests whose goroutines have inherited the labels of a job.
func TestServerStartedInTransaction(t *testing.T) {
	var text bytes.Buffer
	agent := startForAll(t, &text, apm.WithGoroutineLabels())
	_, job := apm.StartTransaction(context.Background(), "start-up")
	s := newCareless(t)
	s.get("startup")
	s.load(t, 1)
	job.End()
	got := carelessFigures(agent)
	delete(got["start-up"], "startup.example")
	if diff := cmp.Diff(map[string]uint64{"calls": 1, "sql": 0, "external": 1}, got["start-up"]); diff != "" && transaction.CanLabel {
		t.Errorf("start-up (-want +got):\n%s", diff)
	}
	if n := got["GET /a/{id}"]["calls"]; n != 8 {
		t.Errorf("GET /a/{id} was called %d times, want 8", n)
	}
}

// TestCarelessKeepsNothing has requests that leave goroutines behind for ever.
func TestCarelessKeepsNothing(t *testing.T) {
	ctx, _ := apmtest.New(t, apm.WithGoroutineLabels())
	forever := make(chan struct{})
	defer close(forever)
	var requests []weak.Pointer[http.Request]
	handler := daybookhttp.New()(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		requests = append(requests, weak.Make(r))
		go func() { <-forever }()
	}))
	const n = 64
	for range n {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/a", nil))
	}
	kept := n
	for i := 0; i < 10 && kept > 0; i++ {
		runtime.GC()
		kept = 0
		for _, r := range requests {
			if r.Value() != nil {
				kept++
			}
		}
	}
	// The last one may still be in a register or on the stack of this goroutine.
	if kept > 1 {
		t.Errorf("%d of %d requests are kept by goroutines that live on", kept, n)
	}
}

// TestProgramLabels is a program that labels by itself, around its requests and in them.
func TestProgramLabels(t *testing.T) {
	ctx, _ := apmtest.New(t, apm.WithGoroutineLabels())
	defer pprof.SetGoroutineLabels(context.Background())
	var during, after string
	inner := daybookhttp.New()(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		during = labelsOf("TestProgramLabels")
	}))
	outer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pprof.Do(r.Context(), pprof.Labels("tenant", "7"), func(ctx context.Context) {
			inner.ServeHTTP(w, r.WithContext(ctx))
			after = labelsOf("TestProgramLabels")
		})
	})
	outer.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/a", nil))
	if transaction.CanLabel && !regexp.MustCompile(`^{"tenant":"7", "transaction":"[0-9a-f]{16}"}$`).MatchString(during) {
		t.Errorf("labels in the request: %s", during)
	}
	if want := `{"tenant":"7"}`; after != want {
		t.Errorf("labels after the request %s, want %s", after, want)
	}

	inner = daybookhttp.New()(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		pprof.SetGoroutineLabels(pprof.WithLabels(r.Context(), pprof.Labels("own", "1")))
	}))
	inner.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/a", nil))
	if got, want := labelsOf("TestProgramLabels"), `{"own":"1"}`; got != want {
		t.Errorf("labels that the handler has set: %s, want %s", got, want)
	}
}

// labelsOf returns the labels of the goroutine that runs function, as the goroutine profile shows them.
func labelsOf(function string) string {
	var text bytes.Buffer
	pprof.Lookup("goroutine").WriteTo(&text, 1)
	for block := range strings.SplitSeq(text.String(), "\n\n") {
		if strings.Contains(block, "labelsOf+") && strings.Contains(block, function) {
			_, after, _ := strings.Cut(block, "# labels: ")
			labels, _, _ := strings.Cut(after, "\n")
			return labels
		}
	}
	return "not found"
}

// TestStack asks for one of two requests that hang in the same place, and for its helper.
func TestStack(t *testing.T) {
	if !transaction.CanLabel {
		t.Skip("how this release of Go keeps labels is not known")
	}
	ctx, recorder := apmtest.New(t, apm.WithGoroutineLabels())
	hang := make(chan struct{})
	var hanging, done sync.WaitGroup
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hang/{id}", func(_ http.ResponseWriter, r *http.Request) {
		done.Go(func() {
			hanging.Done()
			hangInGoroutine(hang)
		})
		hanging.Done()
		hangInHandler(hang)
	})
	handler := daybookhttp.New()(mux)
	hanging.Add(4)
	for i := range 2 {
		done.Go(func() {
			handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", fmt.Sprintf("/hang/%d", i), nil))
		})
	}
	hanging.Wait()
	active := recorder.Active()
	if len(active) != 2 || active[0].Route != "/hang/{id}" {
		t.Errorf("active %+v, want two whose route is known, since the labels need it", active)
	}
	var got string
	for range 1000 { // All of them may still be on their way to where they hang.
		stack, err := recorder.Stack(active[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		got = string(stack)
		if strings.Contains(got, "hangInHandler\n") && strings.Contains(got, "hangInGoroutine\n") {
			break
		}
	}
	if strings.Count(got, "goroutines: 1\n") != 2 || strings.Count(got, "apm_test.hangInHandler\n") != 1 ||
		strings.Count(got, "apm_test.hangInGoroutine\n") != 1 || strings.Count(got, "goroutine_test.go:") < 4 {
		t.Errorf("want the stacks of one handler and its goroutine, got\n%s", got)
	}
	close(hang)
	done.Wait()
	if _, err := recorder.Stack(active[0].ID); err == nil || !strings.Contains(err.Error(), "not active any more") {
		t.Errorf("after the end: %v", err)
	}
	_, tx := apm.StartTransaction(ctx, "own labels")
	defer tx.End()
	pprof.SetGoroutineLabels(context.Background())
	if _, err := recorder.Stack(recorder.Active()[0].ID); err == nil || !strings.Contains(err.Error(), "program has set others") {
		t.Errorf("without the labels: %v", err)
	}
}

// TestStuckStack has more transactions that hang than stacks are taken at once.
func TestStuckStack(t *testing.T) {
	if !transaction.CanLabel {
		t.Skip("how this release of Go keeps labels is not known")
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, recorder := apmtest.New(t, apm.WithGoroutineLabels())
		hang := make(chan struct{})
		const n = 5
		for i := range n {
			go func() {
				_, tx := apm.StartTransaction(ctx, fmt.Sprint("job ", i))
				defer tx.End()
				hangInHandler(hang)
			}()
		}
		time.Sleep(10 * time.Second)
		kept, stacks := 0, 0
		for _, trace := range recorder.Traces() {
			kept++
			if strings.Contains(trace.Stack, "apm_test.hangInHandler\n") {
				stacks++
			} else if trace.Stack != "" {
				t.Errorf("%s has the stack\n%s", trace.Route, trace.Stack)
			}
		}
		if kept != n || stacks != 3 {
			t.Errorf("%d kept, %d with a stack, want %d and 3", kept, stacks, n)
		}
		close(hang)
		synctest.Wait()
	})
}

func hangInHandler(hang <-chan struct{})   { <-hang }
func hangInGoroutine(hang <-chan struct{}) { <-hang }

// TestUnknownRelease is for releases of Go whose labels are not known.
func TestUnknownRelease(t *testing.T) {
	var text bytes.Buffer
	startForAll(t, &text, apm.WithGoroutineLabels())
	if said := strings.Contains(text.String(), "WithGoroutineLabels does nothing"); said == transaction.CanLabel {
		t.Errorf("labels can be set: %t; the log says %s", transaction.CanLabel, text.String())
	}
}
