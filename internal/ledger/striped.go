package ledger

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// patience is how often a stripe's mutex is found taken before the account is split further.
const patience = 64

// striped is a value that is summed up from stripes. It begins with one and doubles them, up to the number of processors, while
// posts keep meeting each other: only hot accounts pay with memory.
type striped[T any] struct {
	stripes atomic.Pointer[[]*cell[T]]
	grow    sync.Mutex
	create  func() T
}

type cell[T any] struct {
	mu    sync.Mutex
	waits int // Guarded by mu.
	value T
}

// apart is a cell that shares no cache line with anything. The first stripe is none, or the many
// accounts that are never hot would be a sixth larger.
type apart[T any] struct {
	_ [64]byte
	cell[T]
	_ [64]byte
}

func newStriped[T any](create func() T) *striped[T] {
	s := &striped[T]{create: create}
	s.stripes.Store(&[]*cell[T]{{value: create()}})
	return s
}

// lock returns the stripe of processor number, locked.
func (s *striped[T]) lock(number uint32) *cell[T] {
	list := *s.stripes.Load()
	c := list[number%uint32(len(list))]
	if c.mu.TryLock() {
		return c
	}
	c.mu.Lock()
	if c.waits++; c.waits >= patience && len(list) < runtime.GOMAXPROCS(0) {
		c.waits = 0
		s.double(len(list))
	}
	return c
}

// double doubles the stripes, unless somebody else has done so meanwhile.
func (s *striped[T]) double(from int) {
	s.grow.Lock()
	defer s.grow.Unlock()
	old := *s.stripes.Load()
	if len(old) != from {
		return
	}
	grown := make([]*cell[T], 0, 2*from)
	grown = append(grown, old...)
	for range from {
		grown = append(grown, &(&apart[T]{cell: cell[T]{value: s.create()}}).cell)
	}
	s.stripes.Store(&grown)
}

// each calls visit with each stripe in turn, locked: visit copies and returns.
func (s *striped[T]) each(visit func(*T)) {
	for _, c := range *s.stripes.Load() {
		c.mu.Lock()
		visit(&c.value)
		c.mu.Unlock()
	}
}
