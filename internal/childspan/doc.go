// Package childspan begins and ends the live spans of what a sampled transaction does: statements, calls to remotes, segments. It knows
// the OpenTelemetry API only; package live, behind the API, gives the spans their identity and joins those of the same thing.
package childspan
