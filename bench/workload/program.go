package workload

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"

	"github.com/daybook-apm/daybook/bench"
)

// Program is the instrumented program: a handler with its routes, its database and its client.
type Program struct {
	handler http.Handler
	db      *sql.DB
	routes  []*route
}

// route is one endpoint. Each has statements of its own, as the endpoints of a real service do.
type route struct {
	kind    Kind
	db      *sql.DB
	client  *http.Client
	list    string
	details string
	update  string
	request *http.Request
}

var responseBody = []byte(`{"id":7,"name":"seven","items":2,"balance":1200}`)

// New builds a program of so many routes, each doing work of one kind, that agent instruments.
func New(agent bench.Agent, kind Kind, routes int) (*Program, error) {
	db, err := agent.DB(Connector())
	if err != nil {
		return nil, fmt.Errorf("workload: open database: %w", err)
	}
	client := &http.Client{Transport: agent.Transport(Remote{})}
	mux := http.NewServeMux()
	p := &Program{db: db}
	for i := range routes {
		r := &route{
			kind:    kind,
			db:      db,
			client:  client,
			list:    fmt.Sprintf("SELECT id, name FROM customers_%03d WHERE region = $1 AND active = 'yes' ORDER BY name", i),
			details: fmt.Sprintf("SELECT i.id, i.name FROM items_%03d i JOIN orders_%03d o ON o.id = i.order_id WHERE o.customer_id = $1 LIMIT 20", i, i),
			update:  fmt.Sprintf("UPDATE visits_%03d SET seen = seen + 1 WHERE customer_id = $1", i),
		}
		r.request, err = http.NewRequestWithContext(context.Background(), http.MethodGet, fmt.Sprintf("http://shop.example/v1/area%03d/customers/7", i), nil)
		if err != nil {
			return nil, fmt.Errorf("workload: route %d: %w", i, err)
		}
		r.request.RequestURI = r.request.URL.Path
		r.request.URL.Scheme, r.request.URL.Host = "", "" // as a server sees it
		r.request.RemoteAddr = "192.0.2.7:40000"
		r.request.Header.Set("User-Agent", "shop/1.0")
		r.request.Header.Set("Accept", "application/json")
		p.routes = append(p.routes, r)
		pattern := fmt.Sprintf("GET /v1/area%03d/customers/{id}", i)
		mux.Handle(pattern, agent.Route(pattern, r))
	}
	p.handler = agent.Server(mux)
	return p, nil
}

// Close closes the program's database.
func (p *Program) Close() error { return p.db.Close() }

// ServeHTTP does the work of the route's kind.
func (r *route) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if err := r.work(req); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(responseBody) // the client counts what has arrived
}

func (r *route) work(req *http.Request) error {
	switch r.kind {
	case Full:
		if err := r.query(req, r.list); err != nil {
			return err
		}
		if err := r.query(req, r.details); err != nil {
			return err
		}
		if _, err := r.db.ExecContext(req.Context(), r.update, req.PathValue("id")); err != nil {
			return err
		}
		return r.call(req)
	case Query:
		return r.query(req, r.list)
	case Call:
		return r.call(req)
	default:
		return nil
	}
}

func (r *route) query(req *http.Request, text string) error {
	rows, err := r.db.QueryContext(req.Context(), text, req.PathValue("id"))
	if err != nil {
		return err
	}
	defer rows.Close()
	var (
		id   int64
		name string
	)
	for rows.Next() {
		if err := rows.Scan(&id, &name); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (r *route) call(req *http.Request) error {
	out, err := http.NewRequestWithContext(req.Context(), http.MethodGet, remoteURL, nil)
	if err != nil {
		return err
	}
	resp, err := r.client.Do(out)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}
