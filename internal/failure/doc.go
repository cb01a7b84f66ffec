// Package failure describes errors so that equal ones can be told from different ones, and nothing private is kept of
// them: error.type, a message without its data, and the place.
//
// It survives whatever foreign errors do: a method Error that panics, a nil behind an interface, a text of megabytes.
package failure
