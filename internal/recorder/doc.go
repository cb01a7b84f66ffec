// Package recorder keeps what hurt: the transactions that were slow, failed, hang, or are the first of their endpoint in a
// minute, and the errors, grouped.
//
// A kept transaction is copied: its children are used again for others as soon as it has ended. The copies are there to
// be read, and those that were not traced live are rebuilt as spans, with the IDs that they had all along, and go the way that all
// spans go. That is done by the one goroutine of the recorder, never by a request.
package recorder
