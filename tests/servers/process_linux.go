package servers

import "syscall"

// processAttributes has the process run as account (nil: as ourselves) and end when we do, also if we are killed.
func processAttributes(account *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: account, Setpgid: true, Pdeathsig: syscall.SIGQUIT}
}
