// Package bounded holds the concurrent tables that every request reads: [Map], which keeps what it was given for
// ever and says when it is full, and [Cache], which evicts. A look-up takes no lock and does not allocate, whatever
// the type of the key (the standard library's sync.Map allocates for a string); an insertion takes a mutex.
//
// Both exist because anything that grows by what comes from outside (a route, a query, a host) needs a bound.
package bounded
