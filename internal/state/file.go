package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
)

// maxSize is the largest file that is read, in bytes.
const maxSize = 64 << 20

// magic begins each file.
const magic = "daybook state\n"

// checksum is that of iSCSI, which processors have an instruction for.
var checksum = crc32.MakeTable(crc32.Castagnoli)

// ErrDamaged says that a file is not what was written.
var ErrDamaged = errors.New("state: damaged file")

// Write replaces the file of this name: after it has returned nil the content is on the disk, and if it fails or the machine
// does, the old content is there still. The version is that of the content's format.
func (d *Dir) Write(name string, version uint16, content []byte) (err error) {
	path := d.Path(name)
	// One name for all attempts: what a crash leaves behind is overwritten by the next one.
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
			err = fmt.Errorf("state: write %s: %w", name, err)
		}
	}()
	head := binary.BigEndian.AppendUint16([]byte(magic), version)
	sum := crc32.Update(crc32.Checksum(head, checksum), checksum, content)
	for _, part := range [][]byte{head, content, binary.BigEndian.AppendUint32(nil, sum)} {
		if _, err := f.Write(part); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	syncDir(filepath.Dir(path))
	return nil
}

// syncDir makes a rename durable. Not every system can; the file itself is synced anyway.
func syncDir(path string) {
	if dir, err := os.Open(path); err == nil {
		_ = dir.Sync()
		_ = dir.Close()
	}
}

// Read returns the content of the file of this name and the version it was written with. A file that is not there is
// [os.ErrNotExist], one that is not what was written is [ErrDamaged].
func (d *Dir) Read(name string) (version uint16, content []byte, err error) {
	f, err := os.Open(d.Path(name))
	if err != nil {
		return 0, nil, fmt.Errorf("state: %w", err)
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return 0, nil, fmt.Errorf("state: %w", err)
	}
	const head, tail = len(magic) + 2, 4
	if len(b) < head+tail || len(b) > maxSize || string(b[:len(magic)]) != magic {
		return 0, nil, fmt.Errorf("%w: %s", ErrDamaged, f.Name())
	}
	body, sum := b[:len(b)-tail], binary.BigEndian.Uint32(b[len(b)-tail:])
	if crc32.Checksum(body, checksum) != sum {
		return 0, nil, fmt.Errorf("%w: %s", ErrDamaged, f.Name())
	}
	return binary.BigEndian.Uint16(body[len(magic):]), body[head:], nil
}
