// Package transactiontest is what the tests of instrumentation stand on: an agent without a backend, whose ledger
// keeps a copy of all that is posted to it.
package transactiontest
