//go:build !linux && !darwin

package console

// freeDisk returns 0: this platform is not asked.
func freeDisk() uint64 { return 0 }
