package frameworks_test

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/httpclient"
	daybookhttp "github.com/daybook-apm/daybook/middleware"
	"github.com/daybook-apm/daybook/sqltrace"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// names are the endpoints of each service, /name/{id}, and the tables that they work on.
var names = []string{"bills", "orders"}

// requests is how many each endpoint gets from load.
const requests = 16

// backend is what the handlers call: a database and another service.
type backend struct {
	dsn    string
	db     *sql.DB
	client *http.Client
}

// remote is the other service, and answers at once. It takes the place of http.Transport, which looks at a request's context
// once more after the response has been read, when gin may have given its own to another request: a data race.
// Source: https://github.com/gin-gonic/gin/issues/4117
type remote struct{}

func (remote) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
}

// newBackend opens everything before the agent starts, so that opening is in no account. The driver "sqlite" is the one that
// gorm's dialect brings along; modernc.org/sqlite, which it is made of, claims the same name and cannot be here as well.
func newBackend(t *testing.T) backend {
	t.Helper()
	dsn := "file:" + filepath.Join(t.TempDir(), "daybook.db") + "?_pragma=synchronous(0)"
	db, err := sqltrace.Open("sqlite", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1) // It serves one request after the other, and must not remember any.
	for _, name := range names {
		if _, err := db.ExecContext(t.Context(), "CREATE TABLE "+name+" (id INTEGER PRIMARY KEY, amount INTEGER)"); err != nil {
			t.Fatal(err)
		}
	}
	return backend{dsn: dsn, db: db, client: &http.Client{Transport: httpclient.NewTransport(remote{})}}
}

// query, update and get are calls as handlers make them, with the context that they have at hand.
func (b backend) query(ctx context.Context, t *testing.T, name string) {
	rows, err := b.db.QueryContext(ctx, "SELECT amount FROM "+name)
	if err != nil {
		t.Error(err)
		return
	}
	defer rows.Close()
	for rows.Next() {
	}
	if err := rows.Err(); err != nil {
		t.Error(err)
	}
}

func (b backend) update(ctx context.Context, t *testing.T, name string) {
	if _, err := b.db.ExecContext(ctx, "UPDATE "+name+" SET amount = 7"); err != nil {
		t.Error(err)
	}
}

func (b backend) get(ctx context.Context, t *testing.T) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://remote.example/", nil)
	if err != nil {
		t.Error(err)
		return
	}
	response, err := b.client.Do(request)
	if err != nil {
		t.Error(err)
		return
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Error(err)
	}
}

// start starts the current agent: a call without context finds no other. It skips the test if the option can do nothing.
func start(t *testing.T, opts ...apm.Option) *apm.Agent {
	t.Helper()
	var text bytes.Buffer
	agent, err := apm.Start(t.Context(), append(opts, apm.WithSampleRatio(0), apm.WithLogger(slog.New(slog.NewTextHandler(&text, nil))))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := agent.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if strings.Contains(text.String(), "WithGoroutineLabels does nothing") {
		t.Skip("how this release of Go keeps labels is not known")
	}
	return agent
}

// load sends requests to all endpoints of handler at once and returns when it has served them.
func load(t *testing.T, handler http.Handler) {
	t.Helper()
	server := httptest.NewServer(daybookhttp.New()(handler))
	defer server.Close()
	var wg sync.WaitGroup
	for i := range requests * len(names) {
		wg.Go(func() {
			response, err := server.Client().Get(server.URL + "/" + names[i%len(names)] + "/7")
			if err != nil {
				t.Error(err)
				return
			}
			response.Body.Close()
			if response.StatusCode != http.StatusOK {
				t.Errorf("%s answers %s", response.Request.URL.Path, response.Status)
			}
		})
	}
	wg.Wait()
}

// figures are the counts of an endpoint, of its statements and of the hosts that it called.
type figures map[string]uint64

// accounts returns the figures of all endpoints.
func accounts(agent *apm.Agent) map[string]figures {
	all := map[string]figures{}
	for _, e := range agent.Snapshot(0).Endpoints {
		account := figures{"calls": e.Calls, "sql": e.SQLCalls, "external": e.ExternalCalls}
		for _, s := range e.Statements {
			account[s.Text] = s.Calls
		}
		for _, r := range e.Remotes {
			account[r.Host] = r.Calls
		}
		all[strings.TrimSpace(e.Method+" "+e.Route)] = account
	}
	return all
}

// work is what one request makes of calls. In routes and statements, {name} stands for the name of the endpoint.
type work struct {
	route      string
	statements []string
	external   uint64
}

// attributed is what [accounts] returns if each call is found under its endpoint.
func (w work) attributed() map[string]figures {
	all := map[string]figures{}
	for _, name := range names {
		account := figures{"calls": requests, "sql": requests * uint64(len(w.statements)), "external": requests * w.external}
		w.addCalls(account, name)
		all[strings.ReplaceAll(w.route, "{name}", name)] = account
	}
	return all
}

// stray is what [accounts] returns if no call is found under its endpoint.
func (w work) stray() map[string]figures {
	without := figures{"calls": 0, "sql": 0, "external": 0}
	all := map[string]figures{"(no transaction)": without}
	for _, name := range names {
		all[strings.ReplaceAll(w.route, "{name}", name)] = figures{"calls": requests, "sql": 0, "external": 0}
		w.addCalls(without, name)
	}
	return all
}

func (w work) addCalls(account figures, name string) {
	for _, statement := range w.statements {
		account[strings.ReplaceAll(statement, "{name}", name)] += requests
	}
	if w.external > 0 {
		account["remote.example"] += requests * w.external
	}
}
