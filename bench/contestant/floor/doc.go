// Package floor is the least that any instrumentation can do which tells where each endpoint's
// time goes: a context value, clock readings and atomic adds, written by hand for this one program.
// It knows no options, keeps no optional interfaces of what it wraps, draws no IDs and sends nothing.
package floor
