package console

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"
)

const (
	// maxRenders is how many pages are made at the same time. The others wait their turn: the service has better things to do.
	maxRenders = 2
	// maxWait is how long one waits for a turn: a little less than the page's own script waits for an answer. Who waits costs
	// nothing, so that it also bounds how often a crowd that never rests asks again.
	maxWait = 8 * time.Second
	// share is the part of all processors that pages take at most when they are asked for without end. To read the requests of a
	// thousand who do, and to tell them no, takes about as much again.
	share = 0.005
	// maxCredit is what they may take beyond, once the console has been left alone for a while: enough for a few people who
	// go from page to page.
	maxCredit = 500 * time.Millisecond
	// answerCost is what an answer takes beside its page: to read the request and to write some 20 KB.
	answerCost = 50 * time.Microsecond
)

// errBusy says that one has waited in vain.
var errBusy = errors.New("the console is busy")

// errBroken is what those get who waited for a page whose making panicked.
var errBroken = errors.New("the page could not be made")

// turns decides who makes a page, and when. Whoever asks for what somebody else waits for gets the same one: nothing is
// kept once it is made, so that no answer is older than its request. A turn that took long ends late: the next one
// comes when its time is paid for, so that the service keeps its processors however many ask.
type turns struct {
	taken chan struct{}

	mu     sync.Mutex
	sheets map[string]*sheet
	// credit is the time that may be taken at once; below 0 it is owed.
	credit time.Duration
	at     time.Time // When credit was so much.
}

// sheet is a page that is waited for, and in the end its response.
type sheet struct {
	asked int // By how many.
	begun bool
	done  chan struct{}
	response
}

// response is what all get who ask for the same page.
type response struct {
	status int
	body   []byte
	err    error
}

func newTurns() *turns {
	return &turns{
		taken:  make(chan struct{}, maxRenders),
		sheets: map[string]*sheet{},
		credit: maxCredit,
		at:     time.Now(),
	}
}

// take returns the page of a key, made by render in its turn or by somebody else's. The error is [errBusy] or that of ctx.
func (t *turns) take(ctx context.Context, key string, render func() response) (response, error) {
	s := t.ask(key)
	defer t.leave(key, s)
	timeout := time.NewTimer(maxWait)
	defer timeout.Stop()
	select {
	case <-s.done:
		return s.response, nil
	case t.taken <- struct{}{}:
	case <-ctx.Done():
		return response{}, ctx.Err()
	case <-timeout.C:
		return response{}, errBusy
	}
	if !t.begin(s) { // Somebody else makes it at this moment.
		<-t.taken
		<-s.done
		return s.response, nil
	}
	began := time.Now()
	defer func() { t.end(key, s, time.Since(began)) }()
	s.response = render()
	return s.response, nil
}

func (t *turns) ask(key string) *sheet {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.sheets[key]
	if s == nil {
		s = &sheet{done: make(chan struct{}), response: response{err: errBroken}}
		t.sheets[key] = s
	}
	s.asked++
	return s
}

// leave forgets a page for which nobody waits any more.
func (t *turns) leave(key string, s *sheet) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.asked--; s.asked == 0 && t.sheets[key] == s {
		delete(t.sheets, key)
	}
}

// begin reports whether the caller is the one to make the page.
func (t *turns) begin(s *sheet) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	first := !s.begun
	s.begun = true
	return first
}

// end hands the page out, and gives the turn back when it is paid for.
func (t *turns) end(key string, s *sheet, took time.Duration) {
	t.mu.Lock()
	delete(t.sheets, key)
	rest := t.pay(took + time.Duration(s.asked)*answerCost)
	t.mu.Unlock()
	close(s.done)
	if rest <= 0 {
		<-t.taken
		return
	}
	time.AfterFunc(rest, func() { <-t.taken })
}

// pay takes the cost from the credit and returns after which time nothing is owed. The caller holds the lock.
func (t *turns) pay(cost time.Duration) (rest time.Duration) {
	now, rate := time.Now(), share*float64(runtime.GOMAXPROCS(0))
	t.credit = min(maxCredit, t.credit+time.Duration(rate*float64(now.Sub(t.at)))) - cost
	t.at = now
	// When the machine stood still, the page is not to blame: whoever comes next gets a turn while he waits.
	t.credit = max(t.credit, time.Duration(-rate*float64(maxWait/2)))
	return time.Duration(-float64(t.credit) / rate)
}
