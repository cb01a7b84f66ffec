// Package workload is the program that every contestant instruments: an [http.ServeMux], a fake
// database/sql driver with the context interfaces, a fake [http.RoundTripper], and the clients that
// call its handler directly. Nothing in it waits, so that all time is the processor's.
package workload
