// Package childspan says what the span of a statement, of a call to a remote and of a segment is called and has, and begins and ends
// the live spans of those in a sampled transaction. It knows the OpenTelemetry API only; package live, behind the API,
// gives the spans their identity and joins those of the same thing.
package childspan
