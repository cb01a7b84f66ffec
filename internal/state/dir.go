package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// maxProcesses is how many processes may share a directory.
const maxProcesses = 64

// ErrShared says that as many processes use the directory as may do so.
var ErrShared = errors.New("state: too many processes share the directory")

// Dir is the part of a state directory that belongs to this process. Its methods may be called from any goroutine, but
// those that concern one file by one at a time.
type Dir struct {
	path   string
	number int
	lock   *os.File
}

// Open opens a state directory, and makes it if there is none. The directory is for its owner only. It
// takes the lowest number that no other process holds: who is alone finds after a restart what it has left. The number is
// held by a lock on a file, which the system gives back however the process ends; where there are no such locks
// (neither Unix nor Windows) every process has number 0.
func Open(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	for number := range maxProcesses {
		f, err := os.OpenFile(filepath.Join(path, fmt.Sprintf("lock.%d", number)), os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, fmt.Errorf("state: %w", err)
		}
		taken, err := lock(f)
		if taken {
			return &Dir{path, number, f}, nil
		}
		_ = f.Close()
		if err != nil {
			return nil, fmt.Errorf("state: lock %s: %w", f.Name(), err)
		}
	}
	return nil, fmt.Errorf("%w: %s", ErrShared, path)
}

// Close gives the number back. The files stay.
func (d *Dir) Close() error { return d.lock.Close() }

// Number is the number of this process among those that share the directory; 0 for one that is alone.
func (d *Dir) Number() int { return d.number }

// Path returns where the file of this name is.
func (d *Dir) Path(name string) string {
	return filepath.Join(d.path, fmt.Sprintf("%s.%d", name, d.number))
}
