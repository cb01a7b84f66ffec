// Package size is a small server that each contestant instruments: programs that are weighed, not
// run. They link what a service links, and nothing of the benchmark's own heavier parts.
package size
