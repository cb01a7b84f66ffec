package console

import (
	"context"
	"io/fs"
	"net/http"
)

// Inert opens the guard against formulas in CSV.
var Inert = inert

// Assets opens the embedded files.
func Assets() fs.FS { return assets }

// Catalogues returns the texts of each language.
func Catalogues() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, l := range languages {
		all[l.Tag] = l.texts
	}
	return all
}

// PageNames returns the last segments of the addresses of all pages that need no parameters.
func PageNames() (names []string) {
	for _, p := range newPages() {
		if p.key != "" {
			names = append(names, p.name)
		}
	}
	return names
}

// Hold takes all turns of a console until release is called.
func Hold(h http.Handler) (release func()) {
	taken := h.(*console).turns.taken
	for range maxRenders {
		taken <- struct{}{}
	}
	return func() {
		for range maxRenders {
			<-taken
		}
	}
}

// Turns are those of a console that has pages of nothing but work.
type Turns struct{ turns *turns }

// What turns promise.
const (
	MaxRenders, MaxWait = maxRenders, maxWait
	Share, MaxCredit    = share, maxCredit
	AnswerCost          = answerCost
)

// ErrBusy and ErrBroken are what one gets in place of a page.
var ErrBusy, ErrBroken = errBusy, errBroken

// NewTurns returns turns that nobody has taken.
func NewTurns() Turns { return Turns{newTurns()} }

// Take asks for the page of a key, which work makes.
func (t Turns) Take(ctx context.Context, key string, work func() string) (string, error) {
	r, err := t.turns.take(ctx, key, func() response { return response{body: []byte(work())} })
	if err == nil {
		err = r.err
	}
	return string(r.body), err
}

// Waiting is how many pages are waited for.
func (t Turns) Waiting() int {
	t.turns.mu.Lock()
	defer t.turns.mu.Unlock()
	return len(t.turns.sheets)
}
