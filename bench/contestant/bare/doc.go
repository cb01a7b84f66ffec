// Package bare is the program without any instrumentation: what the others are compared with.
package bare
