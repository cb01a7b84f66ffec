package bounded

import (
	"hash/maphash"
	"sync/atomic"
)

// A table is a hash table of chained nodes. Any goroutine may call find at any time; whoever changes the table
// holds the lock of the [Map] or [Cache] it belongs to.
type table[K comparable, V any] struct {
	seed    maphash.Seed
	buckets []atomic.Pointer[node[K, V]] // Its length is a power of two.
}

// A node never changes once it can be seen, apart from its link: a reader that stands on a node which is being
// removed goes on to the nodes behind it.
type node[K comparable, V any] struct {
	hash  uint64
	key   K
	value V
	next  atomic.Pointer[node[K, V]]
}

func newTable[K comparable, V any](seed maphash.Seed, buckets int) *table[K, V] {
	size := 8
	for size < buckets {
		size *= 2
	}
	return &table[K, V]{seed: seed, buckets: make([]atomic.Pointer[node[K, V]], size)}
}

func (t *table[K, V]) hash(key K) uint64 { return maphash.Comparable(t.seed, key) }

func (t *table[K, V]) bucket(hash uint64) *atomic.Pointer[node[K, V]] {
	return &t.buckets[hash&uint64(len(t.buckets)-1)]
}

func (t *table[K, V]) find(hash uint64, key K) *node[K, V] {
	for n := t.bucket(hash).Load(); n != nil; n = n.next.Load() {
		if n.hash == hash && n.key == key {
			return n
		}
	}
	return nil
}

func (t *table[K, V]) insert(n *node[K, V]) {
	bucket := t.bucket(n.hash)
	n.next.Store(bucket.Load())
	bucket.Store(n)
}

func (t *table[K, V]) remove(n *node[K, V]) {
	link := t.bucket(n.hash)
	for link.Load() != n {
		link = &link.Load().next
	}
	link.Store(n.next.Load())
}
