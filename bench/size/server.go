package size

import (
	"log"
	"net/http"

	"github.com/daybook-apm/daybook/bench"
	"github.com/daybook-apm/daybook/bench/workload"
)

// Main serves one endpoint that uses the database and calls another service.
func Main(c bench.Contestant) {
	agent, err := c.Start(bench.Config{})
	if err != nil {
		log.Fatal(err)
	}
	db, err := agent.DB(workload.Connector())
	if err != nil {
		log.Fatal(err)
	}
	client := &http.Client{Transport: agent.Transport(http.DefaultTransport)}
	const pattern = "POST /visits/{id}"
	mux := http.NewServeMux()
	mux.Handle(pattern, agent.Route(pattern, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := db.ExecContext(r.Context(), "UPDATE visits SET seen = seen + 1"); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		out, err := http.NewRequestWithContext(r.Context(), http.MethodGet, "http://localhost:8081", nil)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		resp, err := client.Do(out)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		resp.Body.Close()
	})))
	log.Fatal(http.ListenAndServe("localhost:8080", agent.Server(mux)))
}
