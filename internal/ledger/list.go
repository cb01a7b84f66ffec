package ledger

import "slices"

// list is the few accounts of one kind that an endpoint has, found by key. Its keys lie side by side: a look through
// them touches less memory than a map does, and memory is what a post to one of many endpoints waits for.
type list[K comparable, V any] struct {
	keys   []K
	values []V
}

// find returns the account of key, or nil. It is valid until the next add.
func (l *list[K, V]) find(key K) *V {
	if i := slices.Index(l.keys, key); i >= 0 {
		return &l.values[i]
	}
	return nil
}

// add adds an account, which must not be there. A list soon has all that it will ever have, so it grows by one.
func (l *list[K, V]) add(key K, value V) *V {
	l.keys = append(slices.Clip(l.keys), key)
	values := make([]V, len(l.values)+1)
	copy(values, l.values)
	values[len(l.values)] = value
	l.values = values
	return &l.values[len(l.values)-1]
}
