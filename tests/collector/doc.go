// Package collector runs the OpenTelemetry Collector's own OTLP receiver inside a test, on a free port of the loopback
// interface, and keeps what it received as the Collector's own data (pdata). What passes here is what any Collector
// accepts: http/protobuf or http/json, compressed or not, over plain HTTP, TLS or mTLS.
//
// The tests compare all that a service with this library delivers, metrics and traces, with golden files, by each way
// that the standard variables name. Renew them with go test ./collector -update.
package collector
