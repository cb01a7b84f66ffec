package bounded

import (
	"hash/maphash"
	"iter"
	"sync"
	"sync/atomic"
)

// Map is a table of at most a fixed number of entries that are never removed or replaced. All methods may be called
// from any number of goroutines. Memory grows with the entries, not with the bound.
type Map[K comparable, V any] struct {
	max   int
	table atomic.Pointer[table[K, V]]
	count atomic.Int64

	mu sync.Mutex // Guards insertions and growth.
}

// NewMap returns an empty map for at most max entries; with a max of 0 or less it stays empty.
func NewMap[K comparable, V any](max int) *Map[K, V] {
	m := &Map[K, V]{max: max}
	m.table.Store(newTable[K, V](maphash.MakeSeed(), 0))
	return m
}

// Load returns the value of key and whether there is one. It takes no lock, writes nothing and does not allocate.
func (m *Map[K, V]) Load(key K) (V, bool) {
	t := m.table.Load()
	if n := t.find(t.hash(key), key); n != nil {
		return n.value, true
	}
	var none V
	return none, false
}

// LoadOrStore returns the value of key; if there is none, it stores what create returns. ok is false if the key is
// new and the map is full: nothing is stored then, v is the zero value, and the caller turns to its overflow
// account. Once the map is full no call takes the lock.
//
// create runs at most once a key, under the lock of the map: it must be short and must not use the map. The map
// keeps key for ever, so a key that is part of a larger text should be a copy.
func (m *Map[K, V]) LoadOrStore(key K, create func() V) (v V, ok bool) {
	// The order matters: a map that was full before the key was missed will not get the key any more.
	full := m.Full()
	v, ok = m.Load(key)
	if ok || full {
		return v, ok
	}

	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok = m.Load(key)
	if ok || m.Full() {
		return v, ok
	}
	t := m.table.Load()
	if m.Len() == len(t.buckets) {
		t = m.grow(t)
	}
	v = create()
	t.insert(&node[K, V]{hash: t.hash(key), key: key, value: v})
	m.count.Add(1)
	return v, true
}

// grow publishes a table of twice the size. Its nodes are copies: a reader may still be walking the old ones.
func (m *Map[K, V]) grow(old *table[K, V]) *table[K, V] {
	t := newTable[K, V](old.seed, 2*len(old.buckets))
	for i := range old.buckets {
		for n := old.buckets[i].Load(); n != nil; n = n.next.Load() {
			t.insert(&node[K, V]{hash: n.hash, key: n.key, value: n.value})
		}
	}
	m.table.Store(t)
	return t
}

// Len returns the number of entries.
func (m *Map[K, V]) Len() int { return int(m.count.Load()) }

// Full reports whether the map has as many entries as it may have.
func (m *Map[K, V]) Full() bool { return m.Len() >= m.max }

// All ranges over the entries in no particular order. Entries stored meanwhile may be missed; none comes twice.
func (m *Map[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		t := m.table.Load()
		for i := range t.buckets {
			for n := t.buckets[i].Load(); n != nil; n = n.next.Load() {
				if !yield(n.key, n.value) {
					return
				}
			}
		}
	}
}
