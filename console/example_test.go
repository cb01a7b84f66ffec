package console_test

import (
	"context"
	"log"
	"net/http"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/console"
)

// A listener of its own, which only this machine reaches.
func ExampleServe() { //nolint:testableexamples // it listens until the program ends
	ctx := context.Background()
	agent, err := apm.Start(ctx)
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		if err := console.Serve(ctx, "127.0.0.1:6161", agent); err != nil {
			log.Print(err)
		}
	}()
}

// A part of the program's own server, for whoever has the key.
func ExampleHandler() { //nolint:testableexamples // it is for a server of the program
	agent, err := apm.Start(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(console.Path, console.Handler(agent,
		console.WithAuth(func(r *http.Request) bool { _, key, _ := r.BasicAuth(); return key == "the key of the team" }),
		console.WithTraceLink("https://jaeger.example.com/trace/{trace_id}")))
}
