package servers

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// ErrNotInstalled is matched by the error of everything here that needs a program which this machine lacks.
var ErrNotInstalled = errors.New("not installed")

// Skip reports whether the part of the tests that failed to start with err is to be left out: true after one printed
// line if a program is not installed, false for any other error. With CI=true it is always false, so that a missing
// program fails the run.
func Skip(err error) bool {
	if !errors.Is(err, ErrNotInstalled) || os.Getenv("CI") == "true" {
		return false
	}
	fmt.Fprintf(os.Stderr, "skipped: %v\n", err)
	return true
}

// Chromium returns the path of the browser. The error matches [ErrNotInstalled] if there is none.
func Chromium() (string, error) {
	return find("Chromium", "chromium", "chromium-browser", "google-chrome")
}

// find returns the first of the candidates that exists: names are looked up in PATH and in the folders of system
// programs, which are not in every user's PATH; patterns with a slash match files, of which the last one (the highest
// version) is taken.
func find(program string, candidates ...string) (string, error) {
	for _, candidate := range candidates {
		if filepath.Base(candidate) != candidate {
			if matches, _ := filepath.Glob(candidate); len(matches) > 0 {
				return slices.MaxFunc(matches, byVersion), nil
			}
			continue
		}
		if path, err := exec.LookPath(candidate); err == nil {
			return path, nil
		}
		for _, folder := range []string{"/usr/sbin", "/usr/local/sbin"} {
			if path, err := exec.LookPath(filepath.Join(folder, candidate)); err == nil {
				return path, nil
			}
		}
	}
	return "", fmt.Errorf("%s is %w", program, ErrNotInstalled)
}

// byVersion orders paths so that .../9/... comes before .../15/...: in what differs, the longer one is the newer.
func byVersion(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	if a < b {
		return -1
	}
	return 1
}
