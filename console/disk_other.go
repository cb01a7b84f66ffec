//go:build !linux && !darwin && !freebsd

package console

// freeDisk returns 0: this platform is not asked.
func freeDisk() uint64 { return 0 }
