// Command quickstart is a small fan-community API that daybook watches: a real SQLite database in a temporary folder,
// an identity provider of its own on a second port, and a built-in load with the mix of a service in production.
// Every five seconds it prints what the library knows of each endpoint; the live page shows it at http://127.0.0.1:6161.
//
//	go run ./quickstart                       # http://127.0.0.1:8080, 100 requests a second, until Ctrl-C
//	go run ./quickstart -duration 10s -json   # the last table only, as JSON on standard output
//
// All that instruments it is in main.go; the other files would look the same without daybook. With
// OTEL_EXPORTER_OTLP_ENDPOINT set it exports to there, without it no byte leaves the machine's loopback.
package main
