// Package histogram counts durations in two sets of buckets at once: the explicit boundaries of the semantic
// conventions and the base-2 exponential ones of OTLP. Which of them leaves the process is each reader's choice, so
// both are kept, and both are exact: a duration is compared as integer nanoseconds, never as a rounded float.
//
// The exponential buckets are those of scale 3 (eight a doubling) between 1 µs and 1000 s. They are kept by octave,
// and only octaves that were hit take memory: an account whose durations span five of them takes about 530 bytes.
package histogram
