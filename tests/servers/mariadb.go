package servers

import (
	"path/filepath"
	"strconv"
)

// MariaDB starts a server with the superuser root (no password) and the empty database test. It does not wait for the disk
// and lets clients load files (LOAD DATA LOCAL). The error matches [ErrNotInstalled] if there is no MariaDB here.
func MariaDB() (*Server, error) {
	mariadbd, err := find("MariaDB", "mariadbd")
	if err != nil {
		return nil, err
	}
	install, err := find("MariaDB", "mariadb-install-db")
	if err != nil {
		return nil, err
	}
	return plan{
		name:  "MariaDB",
		users: []string{"mysql", "nobody"},
		create: func(folder string) []string {
			return []string{install, "--no-defaults", "--datadir=" + filepath.Join(folder, "data"),
				"--auth-root-authentication-method=normal", "--skip-name-resolve",
				"--innodb-log-file-size=8M", "--innodb-flush-log-at-trx-commit=0"}
		},
		serve: func(folder string, port int) []string {
			return []string{mariadbd, "--no-defaults", "--datadir=" + filepath.Join(folder, "data"),
				"--bind-address=127.0.0.1", "--port=" + strconv.Itoa(port), "--socket=" + filepath.Join(folder, "socket"),
				"--pid-file=" + filepath.Join(folder, "pid"), "--skip-name-resolve", "--local-infile=1",
				"--innodb-log-file-size=8M", "--innodb-buffer-pool-size=16M", "--innodb-flush-log-at-trx-commit=0",
				"--sync-binlog=0", "--character-set-server=utf8mb4", "--default-time-zone=+00:00"}
		},
		ready: "ready for connections",
	}.start()
}
