// Package statusutil stands in for the Collector's internal package of the same name, which the module proxy does not
// serve in every network where these tests run (go.mod replaces it). The receiver calls it only to write the body and
// the Retry-After header of an answer that refuses a request; all else in the tests is the Collector's own code.
package statusutil
