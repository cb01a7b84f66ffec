// Package live makes the live spans of sampled transactions standard spans that nothing is told twice by.
//
// [Sampler] and [IDs] give a span the decision and the identity that its transaction has had from the start.
// [Provider] merges spans: otelhttp or otelsql around or inside ours describe the same request or statement, and what
// begins second joins the span that is there.
package live
