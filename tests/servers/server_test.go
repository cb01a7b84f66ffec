package servers_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/daybook-apm/daybook/tests/servers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A server answers on its port once it has been started, and neither it nor its data is there after Stop.
func TestServers(t *testing.T) {
	for name, start := range map[string]func() (*servers.Server, error){
		"PostgreSQL": servers.PostgreSQL,
		"MariaDB":    servers.MariaDB,
	} {
		t.Run(name, func(t *testing.T) {
			// Not t.TempDir, whose parent keeps out the user that the server runs as.
			temporary, err := os.MkdirTemp("", "daybook-servers-")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.RemoveAll(temporary) })
			if err := os.Chmod(temporary, 0o711); err != nil {
				t.Fatal(err)
			}
			t.Setenv("TMPDIR", temporary)

			server, err := start()
			if err != nil {
				if servers.Skip(err) {
					t.SkipNow()
				}
				t.Fatal(err)
			}
			connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Address())
			if err != nil {
				t.Errorf("dial a server that is ready: %v", err)
			} else {
				connection.Close()
			}
			for range 2 {
				if err := server.Stop(); err != nil {
					t.Errorf("Stop: %v", err)
				}
			}
			if connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Address()); err == nil {
				connection.Close()
				t.Error("the server still listens after Stop")
			}
			left, err := os.ReadDir(temporary)
			if err != nil {
				t.Fatal(err)
			}
			for _, entry := range left {
				t.Errorf("left behind after Stop: %s", entry.Name())
			}
		})
	}
}

func TestSkip(t *testing.T) {
	missing := fmt.Errorf("some database is %w", servers.ErrNotInstalled)
	for _, test := range []struct {
		name string
		ci   string
		err  error
		want bool
	}{
		{name: "developer, missing program", err: missing, want: true},
		{name: "developer, broken server", err: errors.New("broken"), want: false},
		{name: "CI, missing program", ci: "true", err: missing, want: false},
		{name: "CI, broken server", ci: "true", err: errors.New("broken"), want: false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("CI", test.ci)
			if got := servers.Skip(test.err); got != test.want {
				t.Errorf("Skip(%v) with CI=%q = %v, want %v", test.err, test.ci, got, test.want)
			}
		})
	}
}

func TestChromium(t *testing.T) {
	path, err := servers.Chromium()
	if err != nil {
		if servers.Skip(err) {
			t.SkipNow()
		}
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}
