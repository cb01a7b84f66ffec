package collector_test

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/propagation"
	_ "modernc.org/sqlite"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/httpclient"
	"github.com/daybook-apm/daybook/middleware"
	"github.com/daybook-apm/daybook/sqltrace"
)

// service is a shop that does all that the library has telemetry for: SQL with and without transactions, calls to other
// services, failures of each, a panic, a job and a consumer.
type service struct {
	handler http.Handler
	db      *sql.DB
	client  *http.Client
}

func newService(t *testing.T) *service {
	t.Helper()
	db, err := sqltrace.Open("sqlite", "file:shop?mode=memory")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	db.SetMaxOpenConns(1) // Each connection has a memory of its own.
	if _, err := db.ExecContext(t.Context(), `CREATE TABLE orders (id INTEGER PRIMARY KEY, item TEXT NOT NULL)`); err != nil {
		t.Fatal(err)
	}
	s := &service{db: db, client: &http.Client{Transport: httpclient.NewTransport(world{})}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", s.order)
	mux.HandleFunc("POST /orders", s.buy)
	mux.HandleFunc("GET /broken", s.broken)
	mux.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic("out of tea") })
	s.handler = middleware.New()(mux)
	return s
}

// world is what is outside of the service: a bank that answers, and nobody else.
type world struct{}

func (world) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Hostname() != "bank.example" {
		return nil, errors.New("nobody at " + r.URL.Host)
	}
	return &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: io.NopCloser(strings.NewReader("paid")), Request: r,
	}, nil
}

func (s *service) call(ctx context.Context, method, url string) error {
	r, err := http.NewRequestWithContext(ctx, method, url, http.NoBody)
	if err != nil {
		return err
	}
	response, err := s.client.Do(r)
	if err != nil {
		return err
	}
	_, err = io.ReadAll(response.Body)
	return errors.Join(err, response.Body.Close())
}

func (s *service) order(w http.ResponseWriter, r *http.Request) {
	var item string
	row := s.db.QueryRowContext(r.Context(), `SELECT item FROM orders WHERE item = 'tea' AND id > 0`)
	if err := row.Scan(&item); err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	if err := s.call(r.Context(), http.MethodPost, "https://me:word@bank.example:8443/pay?token=secret"); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	_, _ = io.WriteString(w, item)
}

func (s *service) buy(w http.ResponseWriter, r *http.Request) {
	tx, err := s.db.BeginTx(r.Context(), nil)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer tx.Rollback()
	item, err := io.ReadAll(r.Body)
	if err == nil {
		_, err = tx.ExecContext(r.Context(), `INSERT INTO orders (item) VALUES (?)`, string(item))
	}
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusCreated)
}

// broken fails by its database and by another service.
func (s *service) broken(w http.ResponseWriter, r *http.Request) {
	_, err := s.db.ExecContext(r.Context(), `INSERT INTO orders (id, item) VALUES (1, 'tea')`)
	err = errors.Join(err, s.call(r.Context(), http.MethodGet, "http://nobody.example/stock"))
	apm.RecordError(r.Context(), err)
	http.Error(w, "sorry", http.StatusInternalServerError)
}

// remoteParent is the trace context of whoever sends the first request and the message.
const remoteParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

// serve has the service do each of its things once. Its caller's decision is part of the first; with sampled false there
// is none.
func (s *service) serve(t *testing.T, sampled bool) {
	t.Helper()
	parent := http.Header{}
	if sampled {
		parent.Set("traceparent", remoteParent)
	}
	for _, request := range []struct {
		method, path, body string
		header             http.Header
		status             int
	}{
		{http.MethodPost, "/orders", "tea", nil, http.StatusCreated},
		{http.MethodGet, "/orders/7?token=secret", "", parent, http.StatusOK},
		{http.MethodGet, "/broken", "", nil, http.StatusInternalServerError},
		{http.MethodGet, "/panic", "", nil, http.StatusOK},
		{http.MethodGet, "/no/such/page", "", nil, http.StatusNotFound},
	} {
		r := httptest.NewRequestWithContext(t.Context(), request.method, request.path, strings.NewReader(request.body))
		for name, values := range request.header {
			r.Header[name] = values
		}
		w := httptest.NewRecorder()
		func() {
			defer func() { _ = recover() }() // The panic is meant.
			s.handler.ServeHTTP(w, r)
		}()
		if w.Code != request.status {
			t.Errorf("%s %s: status %d, want %d: %s", request.method, request.path, w.Code, request.status, w.Body)
		}
	}
	ctx, job := apm.StartTransaction(t.Context(), "clean-up")
	_, segment := apm.StartSegment(ctx, "find old orders")
	segment.End()
	job.Fail(errors.New("there are 3"))
	job.End()
	_, consumer := apm.StartTransaction(t.Context(), "orders", apm.WithKind(apm.KindConsumer),
		apm.WithCarrier(propagation.HeaderCarrier(parent)))
	consumer.End()
}
