//go:build !windows

package httpclient

import "syscall"

// What the system says when there is no connection, or no more.
const (
	errRefused = syscall.ECONNREFUSED
	errReset   = syscall.ECONNRESET
	errPipe    = syscall.EPIPE
)
