// Package worker measures one contestant in the process it runs in. The program in cmd/bench starts
// workers, one at a time, and reads the result that each writes to its standard output as one line
// of JSON.
package worker
