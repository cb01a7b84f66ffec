// Package proof checks that a contestant is one: that it records each request, statement and call
// of the program. A disabled agent is no contestant.
package proof
