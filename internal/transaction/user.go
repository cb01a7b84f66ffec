package transaction

import "github.com/cespare/xxhash/v2"

// HashUser returns the hash of a user's ID by which users are counted. It is the same in every process and release,
// so that counts can be merged; no ID can be read from it, but a guessed one can be recognised.
func HashUser(id string) uint64 { return xxhash.Sum64String(id) }

// SetUser says on whose behalf the transaction runs. The user is only ever counted: hash is all that is kept of it.
func (t *Transaction) SetUser(hash uint64) {
	if t == nil {
		return
	}
	t.mu.Lock()
	if !t.ended {
		t.user, t.hasUser = hash, true
	}
	t.mu.Unlock()
}

// DefaultUser is [Transaction.SetUser] for when nobody has set a user.
func (t *Transaction) DefaultUser(hash uint64) {
	t.mu.Lock()
	if !t.ended && !t.hasUser {
		t.user, t.hasUser = hash, true
	}
	t.mu.Unlock()
}
