// Package servers finds and starts the real programs that the tests in this module run against: PostgreSQL, MariaDB
// and Chromium. A server listens on a free port of the loopback interface, keeps its data in a temporary folder, and
// is gone when its Stop has returned. Should the test binary die first, the kernel ends it (on Linux); only the folder
// stays.
//
// A program that is not installed is an error that matches [ErrNotInstalled]. What that means is decided in one place,
// [Skip]: one printed line on a developer's machine, a failed run when CI=true. install.sh beside this package
// installs all three on Debian.
package servers
