//go:build !gc || !go1.26 || go1.28

package transaction

import "unsafe"

// CanLabel says that goroutines can be labelled, and their labels be read. How this release of Go keeps labels is not known.
const CanLabel = false

func setLabels(unsafe.Pointer) {}

func getLabels() unsafe.Pointer { return nil }
