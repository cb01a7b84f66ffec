package pool

import (
	"database/sql"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"weak"
)

// Max is how many pools are listed. A service that opens a database for each request and never closes it has a leak of
// its own; here it only makes [Ignored] grow, and one log line.
const Max = 100

type pool struct {
	name string
	db   weak.Pointer[sql.DB]
}

var list struct {
	mu      sync.Mutex
	pools   []*pool
	ignored int64
}

// full logs once that there are too many pools. Pools belong to the process and not to an agent, and so does the logger.
var full sync.Once

// Register lists the pool of db until stop is called or db is collected as garbage, which can only be after it was
// closed. The name is made unique: "orders", "orders#2". A db that is listed keeps its first name. When Max pools are
// listed it returns false and a stop that does nothing. Both functions may be called from any goroutine, stop any number
// of times.
func Register(db *sql.DB, name string) (stop func(), ok bool) {
	ref := weak.Make(db)
	list.mu.Lock()
	defer list.mu.Unlock()
	list.pools = slices.DeleteFunc(list.pools, func(p *pool) bool { return p.db.Value() == nil })
	for _, p := range list.pools {
		if p.db == ref {
			return p.remove, true
		}
	}
	if len(list.pools) == Max {
		list.ignored++
		full.Do(func() {
			slog.Warn("daybook: too many connection pools; further ones are not in the figures. Is a database opened for each request?",
				slog.Int("max", Max))
		})
		return func() {}, false
	}
	p := &pool{unique(name), ref}
	list.pools = append(list.pools, p)
	return p.remove, true
}

// unique returns name, or name with the lowest number that makes it unique. The caller holds list.mu.
func unique(name string) string {
	candidate := name
	for n := 2; slices.ContainsFunc(list.pools, func(p *pool) bool { return p.name == candidate }); n++ {
		candidate = name + "#" + strconv.Itoa(n)
	}
	return candidate
}

func (p *pool) remove() {
	list.mu.Lock()
	defer list.mu.Unlock()
	list.pools = slices.DeleteFunc(list.pools, func(q *pool) bool { return q == p })
}

// Each calls f with the name and the present statistics of each pool, in the order of their registration.
// f may call the functions of this package.
func Each(f func(name string, s sql.DBStats)) {
	list.mu.Lock()
	pools := slices.Clone(list.pools)
	list.mu.Unlock()
	for _, p := range pools {
		if db := p.db.Value(); db != nil {
			f(p.name, db.Stats())
		}
	}
}

// Ignored returns how many pools were not listed since the process began, because Max were.
func Ignored() int64 {
	list.mu.Lock()
	defer list.mu.Unlock()
	return list.ignored
}
