//go:build gc && go1.26 && !go1.28

package transaction

import "unsafe"

// CanLabel says that goroutines can be labelled, and their labels be read. The runtime keeps both functions linkable for
// libraries, and how they see a set of labels has been compared for the releases that this file is built with.
const CanLabel = true

// setLabels sets the labels of this goroutine. Goroutines that it starts inherit them.
//
// Source: https://go.dev/issue/67401, runtime/proflabel.go
//
//go:linkname setLabels runtime/pprof.runtime_setProfLabel
func setLabels(unsafe.Pointer)

// getLabels returns the labels of this goroutine.
//
//go:linkname getLabels runtime/pprof.runtime_getProfLabel
func getLabels() unsafe.Pointer
