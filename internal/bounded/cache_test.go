package bounded_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/daybook-apm/daybook/internal/bounded"
)

func TestCacheFindsWhatWasAdded(t *testing.T) {
	c := bounded.NewCache[string, int](10, 100)
	c.Add("a", 1, 1)
	c.Add("a", 2, 1)
	if v, ok := c.Load("a"); v != 1 || !ok {
		t.Errorf("Load(a) = %d, %t, want the first value 1, true", v, ok)
	}
	if v, ok := c.Load("b"); v != 0 || ok {
		t.Errorf("Load(b) = %d, %t, want 0, false", v, ok)
	}
}

func TestCacheIsBounded(t *testing.T) {
	tests := map[string]struct {
		max, maxWeight int
		weight         func(i int) int
		want           int // Entries left after 1000 were added.
	}{
		"by entries":         {max: 16, maxWeight: 1000, weight: func(int) int { return 1 }, want: 16},
		"by weight":          {max: 16, maxWeight: 20, weight: func(int) int { return 5 }, want: 4},
		"no entries at all":  {max: 0, maxWeight: 20, weight: func(int) int { return 1 }, want: 0},
		"all too heavy":      {max: 16, maxWeight: 20, weight: func(int) int { return 21 }, want: 0},
		"light after heavy":  {max: 16, maxWeight: 20, weight: func(i int) int { return 20 - i*19/999 }, want: 10},
		"as heavy as it may": {max: 16, maxWeight: 20, weight: func(int) int { return 20 }, want: 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := bounded.NewCache[int, int](test.max, test.maxWeight)
			for i := range 1000 {
				c.Add(i, i, test.weight(i))
				if c.Length() > test.max || c.Weight() > test.maxWeight {
					t.Fatalf("%d entries of weight %d after %d were added", c.Length(), c.Weight(), i+1)
				}
			}
			found, weight := 0, 0
			for i := range 1000 {
				if v, ok := c.Load(i); ok {
					found++
					weight += test.weight(i)
					if v != i {
						t.Errorf("Load(%d) = %d", i, v)
					}
				}
			}
			if found != test.want || c.Length() != found || c.Weight() != weight {
				t.Errorf("found %d entries of weight %d, want %d; the cache counts %d of %d",
					found, weight, test.want, c.Length(), c.Weight())
			}
		})
	}
}

func TestCacheKeepsWhatIsUsedThroughAFlood(t *testing.T) {
	c := bounded.NewCache[string, bool](100, 1<<20)
	hot := make([]string, 50)
	for i := range hot {
		hot[i] = "hot " + strconv.Itoa(i)
		c.Add(hot[i], true, 1)
	}
	for i := range 10_000 {
		if key := hot[i%len(hot)]; !loads(c, key) {
			t.Fatalf("%s was evicted after %d others", key, i)
		}
		c.Add("cold "+strconv.Itoa(i), true, 1)
	}
}

func loads(c *bounded.Cache[string, bool], key string) bool {
	_, ok := c.Load(key)
	return ok
}

func TestCacheConcurrently(t *testing.T) {
	c := bounded.NewCache[int, int](64, 1<<10)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 5000 {
				key := (i + g*31) % 200
				c.Add(key, -key, key%50)
				if v, ok := c.Load(key); ok && v != -key {
					t.Errorf("Load(%d) = %d", key, v)
					return
				}
			}
		})
	}
	wg.Wait()
	if c.Length() > 64 || c.Weight() > 1<<10 {
		t.Errorf("%d entries of weight %d", c.Length(), c.Weight())
	}
}

func TestCacheLoadDoesNotAllocate(t *testing.T) {
	c := bounded.NewCache[string, int](10, 1<<10)
	c.Add("SELECT 1", 1, 8)
	key := string([]byte("SELECT 1"))
	if n := testing.AllocsPerRun(100, func() { c.Load(key); c.Load("SELECT 2") }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func BenchmarkCacheLoad(b *testing.B) {
	c := bounded.NewCache[string, int](2000, 1<<20)
	keys := make([]string, 2000)
	for i := range keys {
		keys[i] = strings.Repeat("x", 95) + strconv.Itoa(i)
		c.Add(keys[i], i, 100)
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			c.Load(keys[i%len(keys)])
		}
	})
}

// A flood of keys that never come back: the cost of one must not grow with the size of the cache.
func BenchmarkCacheFlood(b *testing.B) {
	for _, size := range []int{64, 4096, 65536} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			c := bounded.NewCache[int, int](size, 1<<30)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				c.Add(i, i, 1)
			}
		})
	}
}
