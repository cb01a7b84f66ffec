package servers

import (
	"path/filepath"
	"strconv"
)

// PostgreSQL starts a server with the superuser daybook (no password) and the database postgres. It does not wait for
// the disk. The error matches [ErrNotInstalled] if there is no PostgreSQL here. Source:
// https://www.postgresql.org/docs/current/non-durability.html
func PostgreSQL() (*Server, error) {
	initdb, err := find("PostgreSQL", "/usr/lib/postgresql/*/bin/initdb", "initdb")
	if err != nil {
		return nil, err
	}
	postgres := filepath.Join(filepath.Dir(initdb), "postgres")
	return plan{
		name:  "PostgreSQL",
		users: []string{"postgres", "nobody"},
		create: func(folder string) []string {
			return []string{initdb, "--pgdata", filepath.Join(folder, "data"), "--username", "daybook",
				"--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions"}
		},
		serve: func(folder string, port int) []string {
			return []string{postgres, "-D", filepath.Join(folder, "data"), "-p", strconv.Itoa(port), "-F",
				"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "timezone=UTC",
				"-c", "full_page_writes=off", "-c", "synchronous_commit=off"}
		},
		ready: "database system is ready to accept connections",
	}.start()
}
