package httpclient

import "syscall"

// What the system says when there is no connection, or no more. The names that package syscall
// has in common with other systems are not what Windows returns.
const (
	errRefused = syscall.Errno(10061) // WSAECONNREFUSED
	errReset   = syscall.WSAECONNRESET
	errPipe    = syscall.WSAECONNABORTED
)
