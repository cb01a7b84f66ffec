// Package ledger keeps the accounts: one per endpoint with its outcomes, statements, remotes, segments and errors, and
// across endpoints one per kind of statement call and outbound request, whose durations are histograms of the conventions.
//
// A transaction is posted once, at its end, with plain additions under the mutex of its account. An account that many
// processors want at once is split into stripes. Readers copy; every list has a bound, an overflow
// account named (other), and a counter that says so.
package ledger
