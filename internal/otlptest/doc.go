// Package otlptest is an OTLP/HTTP receiver for tests. It keeps what it received, decoded, and can fail in the ways
// that receivers fail: with a status, by refusing part of a request, or by not being there.
package otlptest
