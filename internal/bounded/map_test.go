package bounded_test

import (
	"fmt"
	"maps"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/internal/bounded"
)

func TestMapKeepsTheFirstValueOfAKey(t *testing.T) {
	m := bounded.NewMap[string, int](10)
	for want, key := range []string{"a", "b", "c"} {
		if v, ok := m.LoadOrStore(key, func() int { return want }); v != want || !ok {
			t.Errorf("LoadOrStore(%q) = %d, %t, want %d, true", key, v, ok, want)
		}
		if v, ok := m.LoadOrStore(key, func() int { panic("created twice") }); v != want || !ok {
			t.Errorf("second LoadOrStore(%q) = %d, %t, want %d, true", key, v, ok, want)
		}
	}
	if v, ok := m.Load("d"); v != 0 || ok {
		t.Errorf("Load of a missing key = %d, %t, want 0, false", v, ok)
	}
	if diff := cmp.Diff(map[string]int{"a": 0, "b": 1, "c": 2}, maps.Collect(m.All())); diff != "" {
		t.Errorf("All (-want +got):\n%s", diff)
	}
}

func TestMapStoresNoMoreThanItsBound(t *testing.T) {
	for _, bound := range []int{-1, 0, 1, 8, 9, 2000} {
		t.Run(strconv.Itoa(bound), func(t *testing.T) {
			m := bounded.NewMap[int, int](bound)
			for i := range bound + 10 {
				v, ok := m.LoadOrStore(i, func() int { return -i })
				if wantOK := i < bound; ok != wantOK || (ok && v != -i) || (!ok && v != 0) {
					t.Fatalf("LoadOrStore(%d) = %d, %t", i, v, ok)
				}
			}
			if m.Len() != max(bound, 0) || !m.Full() {
				t.Errorf("Len = %d, Full = %t", m.Len(), m.Full())
			}
			if m.Buckets() < m.Len() || m.Buckets() > 2*m.Len()+8 {
				t.Errorf("%d buckets for %d entries", m.Buckets(), m.Len())
			}
			for i := range bound {
				if v, ok := m.Load(i); v != -i || !ok {
					t.Fatalf("Load(%d) = %d, %t after the map was full", i, v, ok)
				}
			}
		})
	}
}

func TestMapSurvivesAPanickingCreate(t *testing.T) {
	m := bounded.NewMap[string, int](1)
	func() {
		defer func() { _ = recover() }()
		m.LoadOrStore("a", func() int { panic("no value") })
	}()
	if v, ok := m.LoadOrStore("a", func() int { return 1 }); v != 1 || !ok {
		t.Errorf("LoadOrStore after a panic = %d, %t, want 1, true", v, ok)
	}
}

func TestMapAllStopsWhenAsked(t *testing.T) {
	m := bounded.NewMap[int, int](10)
	for i := range 10 {
		m.LoadOrStore(i, func() int { return i })
	}
	seen := 0
	for range m.All() {
		if seen++; seen == 3 {
			break
		}
	}
	if seen != 3 {
		t.Errorf("saw %d entries, want 3", seen)
	}
}

// Each goroutine stores all keys; every key must be created once, and be found by everyone from then on, also while
// the table grows.
func TestMapConcurrently(t *testing.T) {
	const keys = 3000
	m := bounded.NewMap[string, *int](keys - 100)
	var created atomic.Int64
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range keys {
				key := strconv.Itoa((i*7 + g*1000) % keys)
				first, ok := m.LoadOrStore(key, func() *int { created.Add(1); return new(int) })
				again, found := m.Load(key)
				if ok != found || first != again {
					t.Errorf("key %s: stored %t %p, found %t %p", key, ok, first, found, again)
					return
				}
			}
		})
	}
	wg.Wait()
	if created.Load() != keys-100 || m.Len() != keys-100 {
		t.Errorf("created %d, Len %d, want both %d", created.Load(), m.Len(), keys-100)
	}
}

// While one goroutine creates the last entry there may be, the others have seen that there is room for it.
func TestMapIsBoundedConcurrently(t *testing.T) {
	for range 200 {
		m := bounded.NewMap[int, int](1)
		var stored atomic.Int64
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				if _, ok := m.LoadOrStore(g, func() int { runtime.Gosched(); return g }); ok {
					stored.Add(1)
				}
			})
		}
		wg.Wait()
		if stored.Load() != 1 || m.Len() != 1 {
			t.Fatalf("stored %d, Len %d, want both 1", stored.Load(), m.Len())
		}
	}
}

func TestMapLoadDoesNotAllocate(t *testing.T) {
	type endpoint struct{ method, route string }
	m := bounded.NewMap[endpoint, int](10)
	m.LoadOrStore(endpoint{"GET", "/users/{id}"}, func() int { return 1 })
	route := []byte("/users/{id}")
	key, missing := endpoint{"GET", string(route)}, endpoint{"PUT", string(route)}
	if n := testing.AllocsPerRun(100, func() { m.Load(key); m.Load(missing) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func BenchmarkMapLoad(b *testing.B) {
	m := bounded.NewMap[string, int](2000)
	keys := make([]string, 2000)
	for i := range keys {
		keys[i] = fmt.Sprintf("/api/v2/GetConfirmPhoto/{lang}/%d", i)
		m.LoadOrStore(keys[i], func() int { return i })
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			m.Load(keys[i%len(keys)])
		}
	})
}

func BenchmarkMapFill2000(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		m := bounded.NewMap[int, int](2000)
		for i := range 2000 {
			m.LoadOrStore(i, func() int { return i })
		}
	}
}
