package transaction

import (
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/failure"
	"github.com/daybook-apm/daybook/internal/sqltext"
)

// MaxEntries is how many children of a transaction are kept one by one. Later ones are only summed up.
const MaxEntries = 64

// Entry is one child of a transaction: a statement, an outbound call or a segment. Exactly one of Statement, Remote
// and Segment says which.
type Entry struct {
	Start time.Duration // Offset from the transaction's start.
	End   time.Duration // Offset of its last event: rows closed, body read.
	// Duration is the time in flight: executing for a statement, inside RoundTrip, Read and Close for a call to
	// a remote, begin to end for a segment.
	Duration time.Duration
	Fetch    time.Duration // Time spent reading rows.
	Rows     int64         // Rows read or affected.

	Statement *sqltext.Statement
	Remote    *Remote
	Segment   string

	Operation string // The HTTP method, or the operation of an adapter.
	ErrorType string // error.type; empty: no failure.
	Status    int    // http.response.status_code; 0: none.
	SpanID    trace.SpanID
	// Open says that the child had not ended when this was copied. At the end of
	// its transaction an open child is not posted: it posts itself when it ends.
	Open bool
}

// StatementTotal sums up the calls of one statement.
type StatementTotal struct {
	Statement           *sqltext.Statement
	Calls, Errors, Rows int64
	Time, Max, Fetch    time.Duration
}

// RemoteTotal sums up the calls to one remote that ended with one error.type.
type RemoteTotal struct {
	Remote    *Remote
	ErrorType string
	Calls     int64
	Time, Max time.Duration
}

// SegmentTotal sums up the segments of one name. Time is exclusive.
type SegmentTotal struct {
	Name  string
	Calls int64
	Time  time.Duration
}

// ErrorTotal counts the errors of one type.
type ErrorTotal struct {
	Type  string
	Count int64
}

// maxErrorTypes is how many types of errors one transaction may have; the rest is [Other].
const maxErrorTypes = 16

// countError counts an error, and notes its description if there is one. What was given up on purpose
// is none. The caller holds t.mu.
func (t *Transaction) countError(errorType string, f *failure.Failure) {
	if errorType == "" || errorType == CanceledError {
		return
	}
	total := t.errorTotal(errorType)
	total.Count++
	if f != nil {
		f.Type = total.Type
		t.note(f)
	}
}

func (t *Transaction) errorTotal(errorType string) *ErrorTotal {
	n := t.noted()
	for i := range n.errors {
		if n.errors[i].Type == errorType {
			return &n.errors[i]
		}
	}
	if len(n.errors) >= maxErrorTypes && errorType != Other {
		return t.errorTotal(Other)
	}
	n.errors = append(n.errors, ErrorTotal{Type: errorType})
	return &n.errors[len(n.errors)-1]
}

// sheet holds the children of a transaction. Children know their entry by index and look at it only while the transaction
// has not ended, so a sheet is recycled at the end although the transaction itself is not: late children may still hold that.
type sheet struct {
	entries    []Entry
	statements []StatementTotal
	remotes    []RemoteTotal
	segments   []SegmentTotal
	innermost  []int32 // Open segments, by index of their total: the last is the innermost.
}

var sheets = sync.Pool{New: func() any {
	// One allocation for what most transactions need; more grows by append and stays with the sheet.
	s := &struct {
		sheet
		entries    [8]Entry
		statements [8]StatementTotal
		remotes    [2]RemoteTotal
	}{}
	s.sheet.entries = s.entries[:0]
	s.sheet.statements = s.statements[:0]
	s.sheet.remotes = s.remotes[:0]
	return &s.sheet
}}

// recycle gives the sheet back. A sheet that grew large goes to the garbage collector, which
// keeps the pool as small as the usual transaction.
func (s *sheet) recycle() {
	if cap(s.entries) > MaxEntries || cap(s.statements) > MaxEntries || cap(s.remotes) > MaxEntries || cap(s.segments) > MaxEntries {
		return
	}
	s.entries, s.statements, s.remotes, s.segments = s.entries[:0], s.statements[:0], s.remotes[:0], s.segments[:0]
	s.innermost = s.innermost[:0]
	sheets.Put(s)
}

// next returns a new entry, of any content, and its index; nil and -1 if there is no more room.
func (s *sheet) next() (*Entry, int16) {
	n := len(s.entries)
	switch {
	case n == MaxEntries:
		return nil, -1
	case n < cap(s.entries):
		s.entries = s.entries[:n+1] // Whoever fills it overwrites what a recycled sheet has there.
	default:
		s.entries = append(s.entries, Entry{})
	}
	return &s.entries[n], int16(n)
}

func (s *sheet) statement(st *sqltext.Statement) *StatementTotal {
	for i := range s.statements {
		if s.statements[i].Statement == st {
			return &s.statements[i]
		}
	}
	s.statements = append(s.statements, StatementTotal{Statement: st})
	return &s.statements[len(s.statements)-1]
}

func (s *sheet) remote(r *Remote, errorType string) *RemoteTotal {
	for i := range s.remotes {
		if s.remotes[i].Remote == r && s.remotes[i].ErrorType == errorType {
			return &s.remotes[i]
		}
	}
	s.remotes = append(s.remotes, RemoteTotal{Remote: r, ErrorType: errorType})
	return &s.remotes[len(s.remotes)-1]
}

func (s *sheet) segmentIndex(name string) int32 {
	for i := range s.segments {
		if s.segments[i].Name == name {
			return int32(i)
		}
	}
	if len(s.segments) >= maxSegments && name != Other {
		return s.segmentIndex(Other)
	}
	s.segments = append(s.segments, SegmentTotal{Name: name})
	return int32(len(s.segments) - 1)
}
