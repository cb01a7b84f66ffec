package middleware

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/felixge/httpsnoop"

	"github.com/daybook-apm/daybook/internal/transaction"
)

// response is what is known of a response while the handler writes it.
//
// The fields are atomic, since a writer that is not net/http's may well be safe for concurrent use.
type response struct {
	target      http.ResponseWriter
	transaction *transaction.Transaction
	timing      atomic.Bool  // The Server-Timing header is wanted, still.
	status      atomic.Int32 // 0 until the header is written.
	written     atomic.Int64
	failed      atomic.Bool // A write returned an error.
	hijacked    atomic.Bool
}

// size returns the size of the body in bytes, or -1 if it is not known.
func (s *response) size(r *http.Request) int64 {
	if s.hijacked.Load() {
		return -1
	}
	if r.Method == http.MethodHead {
		return 0
	}
	return s.written.Load()
}

// beforeHeader is called before anything that may write the header.
func (s *response) beforeHeader() {
	if s.timing.Load() && s.status.Load() == 0 && !s.hijacked.Load() && s.timing.CompareAndSwap(true, false) {
		addServerTiming(s.target.Header(), s.transaction.SpentNow())
	}
}

// afterHeader is called after anything that has written the header. Only the first status counts.
func (s *response) afterHeader(status int) {
	if s.status.Load() == 0 && !s.hijacked.Load() {
		s.status.CompareAndSwap(0, int32(status))
	}
}

func (s *response) writeHeader(status int, next func(int)) {
	// Informational headers are sent at once, and the real one is still to come. After 101 there is none.
	if status < 200 {
		next(status)
		if status == http.StatusSwitchingProtocols {
			s.afterHeader(status)
		}
		return
	}
	s.beforeHeader()
	next(status) // Panics if there is no such status.
	s.afterHeader(status)
}

func (s *response) afterWrite(n int, err error) {
	s.afterHeader(http.StatusOK)
	s.count(int64(n), err)
}

// afterReadFrom is told apart: ReadFrom writes no header if there was nothing to read.
func (s *response) afterReadFrom(n int64, err error) {
	if n > 0 {
		s.afterHeader(http.StatusOK)
	}
	s.count(n, err)
}

func (s *response) count(n int64, err error) {
	if n > 0 {
		s.written.Add(n)
	}
	if err != nil {
		s.failed.Store(true)
	}
}

// beforeFlush looks for event streams, which live by being flushed.
func (s *response) beforeFlush() {
	s.beforeHeader()
	if values := s.target.Header()["Content-Type"]; len(values) > 0 && isEventStream(values[0]) {
		s.transaction.Stream()
	}
}

func (s *response) afterFlush(err error) {
	s.afterHeader(http.StatusOK)
	s.count(0, err)
}

func (s *response) afterHijack(err error) {
	if err == nil {
		s.hijacked.Store(true)
		s.transaction.Stream()
	}
}

func isEventStream(contentType string) bool {
	mediaType, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(mediaType), "text/event-stream")
}

// hooks watches a writer of any shape.
func (s *response) hooks() httpsnoop.Hooks {
	return httpsnoop.Hooks{
		WriteHeader: func(next httpsnoop.WriteHeaderFunc) httpsnoop.WriteHeaderFunc {
			return func(status int) { s.writeHeader(status, next) }
		},
		Write: func(next httpsnoop.WriteFunc) httpsnoop.WriteFunc {
			return func(b []byte) (int, error) {
				s.beforeHeader()
				n, err := next(b)
				s.afterWrite(n, err)
				return n, err
			}
		},
		WriteString: func(next httpsnoop.WriteStringFunc) httpsnoop.WriteStringFunc {
			return func(b string) (int, error) {
				s.beforeHeader()
				n, err := next(b)
				s.afterWrite(n, err)
				return n, err
			}
		},
		ReadFrom: func(next httpsnoop.ReadFromFunc) httpsnoop.ReadFromFunc {
			return func(src io.Reader) (int64, error) {
				s.beforeHeader()
				n, err := next(src)
				s.afterReadFrom(n, err)
				return n, err
			}
		},
		Flush: func(next httpsnoop.FlushFunc) httpsnoop.FlushFunc {
			return func() {
				s.beforeFlush()
				next()
				s.afterFlush(nil)
			}
		},
		FlushError: func(next httpsnoop.FlushErrorFunc) httpsnoop.FlushErrorFunc {
			return func() error {
				s.beforeFlush()
				err := next()
				s.afterFlush(err)
				return err
			}
		},
		Hijack: func(next httpsnoop.HijackFunc) httpsnoop.HijackFunc {
			return func() (net.Conn, *bufio.ReadWriter, error) {
				conn, rw, err := next()
				s.afterHijack(err)
				return conn, rw, err
			}
		},
	}
}
