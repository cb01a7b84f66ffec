// Package frameworks holds the proof on libraries that lose the request's context on their way: gin, whose context gives
// no access to it, and gorm without WithContext. It has tests only.
//
// Each service is called with and without apm.WithGoroutineLabels, and the accounts of all endpoints are compared: with the
// option a call is found under the endpoint that made it, without it under (no transaction).
package frameworks
