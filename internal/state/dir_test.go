package state_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daybook-apm/daybook/internal/state"
)

func open(t *testing.T, path string) *state.Dir {
	t.Helper()
	d, err := state.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// TestShared gives each one who opens a directory files of its own, and the same ones to whoever comes after it.
func TestShared(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "state")
	first, second := open(t, path), open(t, path)
	if first.Number() != 0 || second.Number() != 1 || first.Path("x") == second.Path("x") {
		t.Errorf("numbers %d and %d, files %s and %s", first.Number(), second.Number(), first.Path("x"), second.Path("x"))
	}
	if err := first.Write("x", 1, []byte("first")); err != nil {
		t.Fatal(err)
	}
	if err := second.Write("x", 1, []byte("second")); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, path)
	if _, content, err := again.Read("x"); again.Number() != 0 || string(content) != "first" || err != nil {
		t.Errorf("number %d reads %q, %v", again.Number(), content, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory has mode %v, %v", info.Mode(), err)
	}
}

func TestTooManyProcesses(t *testing.T) {
	path := t.TempDir()
	for range 64 {
		open(t, path)
	}
	if _, err := state.Open(path); !errors.Is(err, state.ErrShared) {
		t.Errorf("the 65th: %v", err)
	}
}

func TestNoDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := state.Open(file); err == nil || !strings.HasPrefix(err.Error(), "state: ") {
		t.Errorf("a file as directory: %v", err)
	}
}
