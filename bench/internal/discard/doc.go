// Package discard holds OpenTelemetry exporters that count what they are given and drop it.
package discard
