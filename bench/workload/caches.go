package workload

// caches are more memory than the caches of a core hold. The zero value is none.
type caches []byte

const (
	cacheSize = 2 << 20 // Twice the second level of most, which holds instructions as well.
	cacheLine = 64
)

func newCaches() caches { return make(caches, cacheSize) }

// empty fills the caches with something else.
func (c caches) empty() {
	for i := 0; i < len(c); i += cacheLine {
		c[i]++
	}
}
