// Package otel instruments the program with otelhttp and otelsql, as their documentation shows it:
// the real SDK with its batch span processor, a periodic metric reader and default settings, and
// exporters that drop what they are given.
package otel
