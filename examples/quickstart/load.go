package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// maxInFlight bounds the requests that the load has open. It is an open loop, as users are: a slow service gets no
// fewer requests. The bound only keeps an overloaded one from drowning; what it holds back is counted.
const maxInFlight = 64

// load sends requests in the mix of a service in production.
type load struct {
	base string // scheme, host and port of the API
	rate int    // requests a second; 0 is none
	mix  mix
	// client is not instrumented: it stands for the phones outside.
	client *http.Client

	inFlight                 sync.WaitGroup
	slots                    chan struct{}
	sent, heldBack, noAnswer atomic.Int64
}

func newLoad(base string, rate int) *load {
	return &load{
		base:   base,
		rate:   rate,
		mix:    production(),
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: maxInFlight}, Timeout: 30 * time.Second},
		slots:  make(chan struct{}, maxInFlight),
	}
}

// run sends requests until ctx is done, and returns when each of them is answered.
func (l *load) run(ctx context.Context) {
	if l.rate > 0 {
		l.send(ctx)
	}
	l.inFlight.Wait()
	l.client.CloseIdleConnections()
}

func (l *load) send(ctx context.Context) {
	// Each request has its own moment, counted from the start: a late timer delays one request, never the rate.
	start := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for n := 0; ; n++ {
		timer.Reset(time.Until(start.Add(time.Duration(n) * time.Second / time.Duration(l.rate))))
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		e := l.mix.next()
		select {
		case l.slots <- struct{}{}:
			l.sent.Add(1)
			l.inFlight.Go(func() {
				defer func() { <-l.slots }()
				if err := l.request(e); err != nil {
					l.noAnswer.Add(1)
					log.Printf("quickstart: load: %v", err)
				}
			})
		default:
			l.heldBack.Add(1)
		}
	}
}

// request sends one request of a random user. It takes no context: what is under way when the program is told to
// stop is still answered. Any answer is fine, also a failure.
func (l *load) request(e endpoint) error {
	user, lang := strconv.Itoa(1+rand.IntN(users)), "ko"
	if rand.IntN(4) == 0 {
		lang = "en"
	}
	var body io.Reader
	if e.method == http.MethodPost {
		body = strings.NewReader(fmt.Sprintf(`{"user":%s,"photo":%d,"lang":%q,"token":"token-%s"}`, user, 1+rand.IntN(photos), lang, user))
	}
	path := strings.NewReplacer("{lang}", lang, "{user}", user).Replace(e.route)
	req, err := http.NewRequestWithContext(context.Background(), e.method, l.base+path, body)
	if err != nil {
		return err
	}
	resp, err := l.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// String says what was done.
func (l *load) String() string {
	return fmt.Sprintf("%d requests sent, %d held back by the bound of %d in flight, %d without an answer",
		l.sent.Load(), l.heldBack.Load(), maxInFlight, l.noAnswer.Load())
}

// endpoint is one kind of request in a mix.
type endpoint struct {
	weight        int
	method, route string

	// credit grows with each choice of another endpoint; the highest is chosen next.
	credit int
}

// mix chooses endpoints by their weights, and evenly: the rarest comes once in each of its turns, not only on average,
// so that every endpoint is in the table after some seconds.
type mix []endpoint

// production returns what one service's users did in one period.
func production() mix {
	return mix{
		{weight: 5245, method: "POST", route: "/api/v1/AddDownloadHistory"},
		{weight: 2896, method: "POST", route: "/api/v2/AddConfirmInfo"},
		{weight: 1825, method: "POST", route: "/api/v2/AddLikeHistory"},
		{weight: 670, method: "GET", route: "/api/v2/GetConfirmPhoto/{lang}/{user}"},
		{weight: 670, method: "GET", route: "/api/v4/GetNowLiveVoteInfo/{lang}/{user}"},
		{weight: 670, method: "GET", route: "/api/v6/GetHaveDungdung/{user}"},
		{weight: 504, method: "POST", route: "/api/v1/Signin"},
		{weight: 501, method: "POST", route: "/api/v2/SetUserFCMToken"},
		{weight: 501, method: "POST", route: "/api/v1/SetUserLang"},
		{weight: 397, method: "GET", route: "/"},
		{weight: 186, method: "GET", route: "/Login"},
	}
}

// next is a smooth weighted round-robin. It is called from one goroutine.
func (m mix) next() endpoint {
	total, chosen := 0, 0
	for i := range m {
		m[i].credit += m[i].weight
		total += m[i].weight
		if m[i].credit > m[chosen].credit {
			chosen = i
		}
	}
	m[chosen].credit -= total
	return m[chosen]
}
