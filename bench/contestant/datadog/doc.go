// Package datadog instruments the program with Datadog's tracer and its integrations for net/http
// and database/sql. A fake agent in the tracer's HTTP client says that it computes statistics and
// keeps all traces, which is what a real one says to a service below its limits.
package datadog
