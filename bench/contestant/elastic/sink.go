package elastic

import (
	"compress/zlib"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/daybook-apm/daybook/bench"
)

// sink is the agent's transport. It reads each stream to its end.
type sink struct {
	inspect bool

	mu  sync.Mutex
	sum bench.Records
	err error
}

// SendStream implements the agent's transport. It must not read on after the stream has said EOF:
// nobody would answer.
func (s *sink) SendStream(_ context.Context, stream io.Reader) error {
	if !s.inspect {
		_, err := io.Copy(io.Discard, stream)
		return err
	}
	err := s.count(stream)
	if err != nil {
		s.mu.Lock()
		s.err = err
		s.mu.Unlock()
	}
	return err
}

// count reads a stream, one JSON object a line.
func (s *sink) count(stream io.Reader) error {
	unpacked, err := zlib.NewReader(stream)
	if err != nil {
		return fmt.Errorf("elastic: unpack stream: %w", err)
	}
	lines := json.NewDecoder(unpacked)
	for {
		var line struct {
			Transaction *struct{}
			Span        *struct{ Type, Action string }
		}
		err := lines.Decode(&line)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("elastic: decode stream: %w", err)
		}
		s.mu.Lock()
		switch {
		case line.Transaction != nil:
			s.sum.Requests++
		case line.Span == nil:
		case line.Span.Type == "external":
			s.sum.Calls++
		case line.Span.Type == "db" && (line.Span.Action == "query" || line.Span.Action == "exec"):
			s.sum.Statements++
		}
		s.mu.Unlock()
	}
}

func (s *sink) recorded() bench.Records {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sum
}

func (s *sink) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
