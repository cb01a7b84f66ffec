//go:build unix && !linux

package servers

import "syscall"

// processAttributes has the process run as account (nil: as ourselves).
func processAttributes(account *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: account, Setpgid: true}
}
