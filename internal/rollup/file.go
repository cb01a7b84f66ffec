package rollup

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"github.com/axiomhq/hyperloglog"

	"github.com/daybook-apm/daybook/internal/state"
	"github.com/daybook-apm/daybook/internal/transaction"
)

const (
	fileName    = "history"
	fileVersion = 1
	// maxFile is how many endpoints a file holds.
	maxFile = 5000
)

// file is where a history outlives its process. A nil file does nothing.
type file struct {
	dir    *state.Dir
	logger *slog.Logger
	failed bool // The last write did, and has been logged.
}

// write replaces the file. It logs the first of several failures in a row.
func (f *file) write(content []byte) {
	if f == nil || content == nil {
		return
	}
	err := f.dir.Write(fileName, fileVersion, content)
	if err != nil && !f.failed {
		f.logger.Warn("daybook: the history cannot be written; it will not survive a restart", "error", err)
	}
	f.failed = err != nil
}

// restore goes on with what an earlier process has left. What is damaged or of another format is left out and logged.
func (h *History) restore() {
	version, content, err := h.file.dir.Read(fileName)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		if version != fileVersion {
			err = errors.New("it is of another release")
		} else {
			err = h.read(content)
		}
	}
	if err != nil {
		h.file.logger.Warn("daybook: the history of earlier processes cannot be read; it begins anew",
			"file", h.file.dir.Path(fileName), "error", err)
	}
}

// content returns what the file is to hold: hours, users, versions and, when the process ends, minutes too. Those are ten times
// as much to write, and without them the hour of a crash is known as a whole all the same. It is nil without a state directory.
func (h *History) content(ending bool) []byte {
	if h.file == nil {
		return nil
	}
	since := h.since
	if !ending {
		since[1] = 0
	}
	var w writer
	w.number(since[1])
	w.number(since[2])
	w.number(int64(len(h.versions.list)))
	for _, v := range h.versions.list {
		w.text(v.Version)
		w.number(v.Since.Unix())
		w.number(v.Until.Unix())
	}
	for _, d := range h.users.days {
		w.number(d.start)
		w.number(int64(d.users))
	}
	w.sketch(&h.users.hour)
	w.sketch(&h.users.day)
	w.ring(&h.hours, true)
	w.ring(&h.minutes, ending)
	left := min(len(h.endpoints), maxFile)
	w.number(int64(left))
	for key, e := range h.endpoints {
		if left--; left < 0 {
			break
		}
		w.text(key.Method)
		w.text(key.Route)
		w.ring(&e.hours, true)
		w.ring(&e.minutes, ending)
	}
	return w.b
}

// read takes up what content returned. On an error nothing has changed.
func (h *History) read(content []byte) error {
	r := reader{b: content}
	sinceMinutes, sinceHours := r.number(), r.number()
	var v versions
	for range r.count(maxVersions) {
		v.list = append(v.list, Version{r.text(), time.Unix(r.number(), 0).In(h.location), time.Unix(r.number(), 0).In(h.location)})
	}
	u := users{next: h.users.next}
	for i := range u.days {
		u.days[i] = dayUsers{r.number(), uint64(r.number())}
	}
	u.hour, u.day = r.sketch(), r.sketch()
	allHours, allMinutes := newRing(3600, hours), newRing(60, minutes)
	r.ring(&allHours)
	r.ring(&allMinutes)
	endpoints := map[transaction.Endpoint]*endpoint{}
	for range r.count(maxFile) {
		key := transaction.Endpoint{Method: r.text(), Route: r.text()}
		e := &endpoint{minutes: newRing(60, endpointMinutes), hours: newRing(3600, endpointHours)}
		r.ring(&e.hours)
		r.ring(&e.minutes)
		if r.bad {
			break
		}
		endpoints[key] = e
	}
	if r.bad || len(r.b) > 0 {
		return errPacked
	}

	if sinceMinutes > 0 {
		h.since[1] = sinceMinutes
	}
	h.since[2] = sinceHours
	h.versions, h.users = v, u
	h.hours, h.minutes = allHours, allMinutes
	for key, e := range endpoints {
		own := h.endpoint(key)
		own.hours, own.minutes = e.hours, e.minutes
	}
	return nil
}

// writer makes a file: numbers are signed varints, texts have their length before them.
type writer struct{ b []byte }

func (w *writer) number(n int64) { w.b = binary.AppendVarint(w.b, n) }

func (w *writer) text(s string) {
	w.number(int64(len(s)))
	w.b = append(w.b, s...)
}

func (w *writer) sketch(s *sketch) {
	var seen []byte
	if s.seen != nil {
		seen, _ = s.seen.MarshalBinary() // Fails only for a sketch that was not made by New.
	}
	w.number(s.start)
	w.text(string(seen))
}

func (w *writer) ring(r *ring, all bool) {
	used := 0
	for _, s := range r.slots {
		if all && s.packed != "" {
			used++
		}
	}
	w.number(int64(used))
	for _, s := range r.slots {
		if all && s.packed != "" {
			w.number(s.start)
			w.text(s.packed)
		}
	}
}

// reader reads what a writer has made. Once something is wrong it is bad and returns zero values.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) number() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.b, r.bad = nil, true
		return 0
	}
	r.b = r.b[n:]
	return v
}

// count reads a number of things and returns zero if there are more than may be.
func (r *reader) count(most int) int {
	n := r.number()
	if n < 0 || n > int64(most) {
		r.b, r.bad = nil, true
		return 0
	}
	return int(n)
}

func (r *reader) text() string {
	n := r.number()
	if n < 0 || n > int64(len(r.b)) {
		r.b, r.bad = nil, true
		return ""
	}
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}

func (r *reader) sketch() sketch {
	s := sketch{start: r.number()}
	if b := r.text(); b != "" {
		s.seen = hyperloglog.New()
		if err := s.seen.UnmarshalBinary([]byte(b)); err != nil || !mergeable(s.seen) {
			r.bad = true
		}
	}
	return s
}

// mergeable reports whether a sketch has the precision of ours.
func mergeable(s *hyperloglog.Sketch) bool { return hyperloglog.New().Merge(s) == nil }

func (r *reader) ring(to *ring) {
	for range r.count(len(to.slots)) {
		start, packed := r.number(), r.text()
		var f Figures
		if start <= 0 || packed == "" || f.addPacked(packed) != nil {
			r.bad = true
			return
		}
		*to.at(start) = slot{start, packed}
	}
}
