// Package bridge turns the ledger into OpenTelemetry metrics. A [Producer] belongs to one reader of sdk/metric and speaks that
// reader's temporality and kind of histogram. Which instruments there are is written in instruments.go; what each
// account becomes, in collect.go; the difference that a reader of deltas wants, in delta.go.
package bridge
