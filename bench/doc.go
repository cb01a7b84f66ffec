// Package bench names what a contestant of the benchmark is: an agent that instruments the same
// small program as all others, at the same four seams.
//
// The benchmark is run by the program in cmd/bench:
//
//	go run ./cmd/bench            # everything, at most 15 minutes on two cores
//	go run ./cmd/bench -quick     # fewer and shorter rounds, at most 2 minutes
//	go run ./cmd/bench -check     # for CI: fails on allocations and on twice the budget
//
// Each contestant is a program of its own (cmd/worker/...), since some agents start goroutines as
// soon as they are linked in. Rounds visit the contestants in random order, and what counts is the
// processor time of the whole process, which sees the garbage collector and background senders as
// well as the request.
package bench
