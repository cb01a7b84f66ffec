package state_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"slices"
	"testing"

	"github.com/daybook-apm/daybook/internal/state"
)

func TestWriteRead(t *testing.T) {
	d := open(t, t.TempDir())
	if _, _, err := d.Read("x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing there: %v", err)
	}
	for i, want := range [][]byte{{}, []byte("content"), bytes.Repeat([]byte("long"), 1<<20), []byte("short")} {
		if err := d.Write("x", uint16(i+500), want); err != nil {
			t.Fatal(err)
		}
		version, got, err := d.Read("x")
		if version != uint16(i+500) || !bytes.Equal(got, want) || err != nil {
			t.Errorf("file %d: version %d, %d bytes, %v", i, version, len(got), err)
		}
	}
	info, err := os.Stat(d.Path("x"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// TestCrash finds the old content when a write did not come to its end, and its left-overs do no harm.
func TestCrash(t *testing.T) {
	d := open(t, t.TempDir())
	if err := d.Write("x", 1, []byte("old")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(d.Path("x")+".new", []byte("a half that is longer than what comes"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, got, err := d.Read("x"); string(got) != "old" || err != nil {
		t.Errorf("after the crash: %q, %v", got, err)
	}
	if err := d.Write("x", 1, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if _, got, err := d.Read("x"); string(got) != "new" || err != nil {
		t.Errorf("after the next write: %q, %v", got, err)
	}
}

func TestWriteFails(t *testing.T) {
	d := open(t, t.TempDir())
	if err := os.Mkdir(d.Path("x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := d.Write("x", 1, nil); err == nil {
		t.Error("a directory was replaced")
	}
	if _, err := os.Stat(d.Path("x") + ".new"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what could not be renamed is still there: %v", err)
	}
}

// TestDamaged tells every single damaged byte and every shorter or longer file.
func TestDamaged(t *testing.T) {
	d := open(t, t.TempDir())
	if err := d.Write("x", 1, []byte("content")); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(d.Path("x"))
	if err != nil {
		t.Fatal(err)
	}
	damaged := [][]byte{nil, []byte("\n"), append(slices.Clone(good), 0)}
	for i := range good {
		b := slices.Clone(good)
		b[i] ^= 0x10
		damaged = append(damaged, b, good[:i])
	}
	for _, b := range damaged {
		if err := os.WriteFile(d.Path("x"), b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := d.Read("x"); !errors.Is(err, state.ErrDamaged) {
			t.Errorf("%q: %v", b, err)
		}
	}
}
