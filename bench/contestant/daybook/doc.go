// Package daybook instruments the program with daybook, as its documentation shows it, in front of
// the same SDK batch processor, periodic reader and discarding exporters as the otel contestants.
package daybook
