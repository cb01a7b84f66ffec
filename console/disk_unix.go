//go:build linux || darwin || freebsd

package console

import "syscall"

// freeDisk returns how many bytes the program may still write to its working directory; 0: not known.
func freeDisk() uint64 {
	var s syscall.Statfs_t
	if err := syscall.Statfs(".", &s); err != nil || s.Bavail < 0 {
		return 0
	}
	return uint64(s.Bavail) * uint64(s.Bsize)
}
