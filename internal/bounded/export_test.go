package bounded

// Length and Weight are what the cache counts.
func (c *Cache[K, V]) Length() int { return c.length }
func (c *Cache[K, V]) Weight() int { return c.weight }

// Buckets is the size of the table.
func (m *Map[K, V]) Buckets() int { return len(m.table.Load().buckets) }
