package transaction

import (
	"context"
	"slices"
)

// maxSegments is how many names of segments one transaction may have; the rest is [Other].
const maxSegments = 100

// Part is one named segment, from begin to end. The zero Part does nothing.
type Part struct {
	transaction *Transaction
	total       int32 // Index of the name's total.
	index       int16 // The entry; -1: none.
	own         Entry
}

// StartSegment begins a named part of the transaction of ctx. Without a transaction it does nothing.
func StartSegment(ctx context.Context, name string) Part {
	t := From(ctx)
	if t == nil {
		return Part{}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return Part{}
	}
	now := t.now()
	t.charge(now)
	s := Part{transaction: t, own: Entry{Start: now, Segment: name, Open: true}}
	s.total = t.children().segmentIndex(name)
	var e *Entry
	if e, s.index = t.sheet.next(); e != nil {
		*e = s.own
	}
	t.sheet.segments[s.total].Calls++
	t.calls[Segment]++
	t.sheet.innermost = append(t.sheet.innermost, s.total)
	t.clock.begin(Segment)
	return s
}

// End ends the segment.
func (s *Part) End() {
	t := s.transaction
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended || !s.own.Open {
		return
	}
	now := t.now()
	t.charge(now)
	t.clock.end(Segment)
	// Segments of parallel goroutines need not end in order: the innermost of this name goes.
	for i, total := range slices.Backward(t.sheet.innermost) {
		if total == s.total {
			t.sheet.innermost = slices.Delete(t.sheet.innermost, i, i+1)
			break
		}
	}
	s.own.Open, s.own.End, s.own.Duration = false, now, now-s.own.Start
	if s.index >= 0 {
		t.sheet.entries[s.index] = s.own
	}
}
