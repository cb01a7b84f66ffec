//go:build linux || darwin

package console

import "syscall"

// freeDisk returns how many bytes the program may still write to its working directory; 0: not known.
func freeDisk() uint64 {
	var s syscall.Statfs_t
	if err := syscall.Statfs(".", &s); err != nil {
		return 0
	}
	return uint64(s.Bavail) * uint64(s.Bsize)
}
