// Command bench runs the same work bare and with each contestant, and writes one Markdown table.
//
// Each measurement is a process of its own that measures itself: its processor time (user and
// system, so that the garbage collector and background senders are seen), and its allocations.
// Rounds visit all contestants in random order. What counts is added cost, the difference to the
// bare program in the same round, and the ratio between contestants in the same round: a shared or
// throttled machine moves all of them together, and bare nanoseconds with them.
//
// The table shows medians and, with six rounds or more, the 95 % confidence interval, both by
// golang.org/x/perf/benchmath, which is benchstat's own. All single measurements are written in
// Go's benchmark format as well, for benchstat itself:
//
//	benchstat -col /agent -filter '.unit:cpu-ns/op' results.txt
package main
