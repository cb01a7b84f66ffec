// Package exporter sends telemetry out of the process: spans and metrics by OTLP/HTTP ([NewOTLP]), or as lines to read
// ([NewConsole]). apm.Start uses it as the OTEL_* environment says; a program that assembles its own OpenTelemetry SDK
// may use it by itself.
//
// OTLP is spoken by OpenTelemetry's own exporters. What is added around them: a span processor that wakes no goroutine
// for a span, bounded memory, retries when a receiver cannot be reached at all, settings that are checked and whose
// errors name the variable, and one invalid string never costs a whole batch.
package exporter
