// Package transaction holds the one record that all instrumentation writes to: a served request or a job, its
// one-handed clock, its entries and its outcome. It also knows which agent is current and which transactions
// are active. It knows nothing of what happens to a transaction afterwards: End hands it to the agent's [Ledger].
//
// Everything here may be called with no agent and no transaction: it then does nothing.
package transaction
