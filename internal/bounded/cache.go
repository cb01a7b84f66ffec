package bounded

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// Cache is a table that forgets: it is bounded by the number of its entries and by the sum of their weights, and
// makes room by evicting the oldest entry that was not looked up lately. Keys that are looked up thus survive a
// flood of keys that are not. All methods may be called from any number of goroutines.
type Cache[K comparable, V any] struct {
	maxWeight int
	table     *table[K, slot[V]]

	mu     sync.Mutex          // Guards all below, and changes of the table.
	queue  []*node[K, slot[V]] // A ring: length entries from head on, the next to be evicted first.
	head   int
	length int
	weight int
}

// A slot is what the cache knows of an entry.
type slot[V any] struct {
	value  V
	weight int
	used   atomic.Bool // Looked up since it was last put into the queue.
}

// NewCache returns an empty cache for at most max entries (0 or more) that weigh at most maxWeight together. What a
// weight is, the caller decides: bytes, usually.
func NewCache[K comparable, V any](max, maxWeight int) *Cache[K, V] {
	return &Cache[K, V]{
		maxWeight: maxWeight,
		table:     newTable[K, slot[V]](maphash.MakeSeed(), max),
		queue:     make([]*node[K, slot[V]], max),
	}
}

// Load returns the value of key and whether there is one. It takes no lock and does not allocate; it writes one flag
// of the entry, and that only the first time after the entry was put into the queue.
func (c *Cache[K, V]) Load(key K) (V, bool) {
	if n := c.table.find(c.table.hash(key), key); n != nil {
		if !n.value.used.Load() {
			n.value.used.Store(true)
		}
		return n.value.value, true
	}
	var none V
	return none, false
}

// Add stores the value of key, evicting others if there is no room. A key that is there keeps the value it has, and
// what is heavier than the whole cache may be is not stored. Averaged over many calls the cost does not depend on
// the number of entries. The cache keeps key, so a key that is part of a larger text should be a copy.
func (c *Cache[K, V]) Add(key K, value V, weight int) {
	if len(c.queue) == 0 || weight > c.maxWeight {
		return
	}
	hash := c.table.hash(key)

	c.mu.Lock()
	defer c.mu.Unlock()
	if c.table.find(hash, key) != nil {
		return
	}
	for c.length == len(c.queue) || c.weight+weight > c.maxWeight {
		c.evict()
	}
	n := &node[K, slot[V]]{hash: hash, key: key, value: slot[V]{value: value, weight: weight}}
	c.table.insert(n)
	c.push(n)
	c.weight += weight
}

// evict removes the first entry of the queue, or gives it another round if it was used.
func (c *Cache[K, V]) evict() {
	n := c.queue[c.head]
	c.queue[c.head] = nil
	c.head = (c.head + 1) % len(c.queue)
	c.length--
	if n.value.used.Swap(false) {
		c.push(n)
		return
	}
	c.table.remove(n)
	c.weight -= n.value.weight
}

func (c *Cache[K, V]) push(n *node[K, slot[V]]) {
	c.queue[(c.head+c.length)%len(c.queue)] = n
	c.length++
}
