package console_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daybook-apm/daybook/console"
)

// TestTurnsPace has a thousand ask for pages without end, each for one of its own: that is as dear as it can be.
func TestTurnsPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const page, long = 5 * ms, time.Minute
		turns := console.NewTurns()
		ctx, cancel := context.WithCancel(t.Context())
		var made, making, most, refused atomic.Int64
		var wg sync.WaitGroup
		begin := time.Now()
		for i := range 1000 {
			wg.Go(func() {
				for n := 0; ctx.Err() == nil; n++ {
					asked := time.Now()
					_, err := turns.Take(ctx, fmt.Sprint(i, "/", n), func() string {
						if now := making.Add(1); now > most.Load() {
							most.Store(now)
						}
						time.Sleep(page)
						making.Add(-1)
						made.Add(1)
						return ""
					})
					if errors.Is(err, console.ErrBusy) {
						refused.Add(1)
						if waited := time.Since(asked); waited != console.MaxWait {
							t.Errorf("refused after %v, want %v", waited, console.MaxWait)
						}
					}
				}
			})
		}
		time.Sleep(long)
		took := time.Duration(made.Load()) * (page + console.AnswerCost)
		rate := console.Share * float64(runtime.GOMAXPROCS(0))
		limit := console.MaxCredit + time.Duration(rate*float64(time.Since(begin))) + console.MaxRenders*(page+console.AnswerCost)
		if took > limit || took < limit*8/10 {
			t.Errorf("pages took %v of %v, want %v, and not much less", took, long, limit)
		}
		if n := most.Load(); n != console.MaxRenders {
			t.Errorf("%d pages were made at once, want %d", n, console.MaxRenders)
		}
		if n := refused.Load(); n < 1000 {
			t.Errorf("only %d requests were refused", n)
		}
		cancel()
		wg.Wait()
		if n := turns.Waiting(); n > 0 {
			t.Errorf("%d pages are waited for by nobody", n)
		}
	})
}

// TestTurnsForPeople opens twenty pages of a big service one after another: nobody who is alone ever waits.
func TestTurnsForPeople(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := console.NewTurns()
		for range 20 {
			began := time.Now()
			_, err := turns.Take(t.Context(), "page", func() string { time.Sleep(20 * ms); return "" })
			if waited := time.Since(began); err != nil || waited > 20*ms {
				t.Errorf("%v after %v", err, waited)
			}
		}
	})
}

// TestTurnsShared gives the same page to all who ask before it is made, and a new one to those who come later.
func TestTurnsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := console.NewTurns()
		made := 0
		render := func() string { made++; time.Sleep(ms); return fmt.Sprint("page ", made) }
		for round := 1; round <= 2; round++ {
			want := fmt.Sprint("page ", round)
			var wg sync.WaitGroup
			for range 100 {
				wg.Go(func() {
					if got, err := turns.Take(t.Context(), "key", render); got != want || err != nil {
						t.Errorf("%q, %v; want %q", got, err, want)
					}
				})
			}
			wg.Wait()
		}
		if made != 2 {
			t.Errorf("%d pages were made, want 2", made)
		}
	})
}

// TestTurnsAbandoned makes no page for those who have gone, and still makes it for whoever stays.
func TestTurnsAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := console.NewTurns()
		for i := range console.MaxRenders {
			go turns.Take(t.Context(), fmt.Sprint("long ", i), func() string { time.Sleep(time.Second); return "" })
		}
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		made := map[string]int{}
		ask := func(ctx context.Context, key string, want error) {
			_, err := turns.Take(ctx, key, func() string { made[key]++; return "" })
			if !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", key, err, want)
			}
		}
		var wg sync.WaitGroup
		wg.Go(func() { ask(ctx, "nobody's", context.Canceled) })
		wg.Go(func() { ask(ctx, "one's", context.Canceled) })
		wg.Go(func() { ask(t.Context(), "one's", nil) })
		synctest.Wait()
		cancel()
		wg.Wait()
		if made["nobody's"] != 0 || made["one's"] != 1 || turns.Waiting() != 0 {
			t.Errorf("made %v, %d wait", made, turns.Waiting())
		}
	})
}

// TestTurnsPanic neither loses a turn nor leaves those waiting who ask for the same.
func TestTurnsPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := console.NewTurns()
		for range 3 * console.MaxRenders {
			var wg sync.WaitGroup
			wg.Go(func() {
				defer func() {
					if recover() == nil {
						t.Error("the panic did not go on")
					}
				}()
				_, _ = turns.Take(t.Context(), "key", func() string { time.Sleep(ms); panic("broken") })
			})
			synctest.Wait()
			if _, err := turns.Take(t.Context(), "key", nil); !errors.Is(err, console.ErrBroken) {
				t.Errorf("the other one gets %v", err)
			}
			wg.Wait()
		}
	})
}

// TestParallel asks a thousand times at once, for all pages in all forms: each is made once, and nothing is
// looked at twice in a second.
func TestParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		s.work()
		targets := everyPage()
		release := console.Hold(s.console)
		var wg sync.WaitGroup
		bodies := make([]string, 1000)
		for i := range bodies {
			wg.Go(func() {
				w := httptest.NewRecorder()
				s.console.ServeHTTP(w, local(targets[i%len(targets)]))
				if w.Code != 200 {
					t.Errorf("%s: %d", targets[i%len(targets)], w.Code)
				}
				bodies[i] = w.Body.String()
			})
		}
		synctest.Wait()
		release()
		wg.Wait()
		for i := range bodies[len(targets):] {
			if bodies[i] != bodies[i+len(targets)] {
				t.Errorf("%s differs for two who asked at once", targets[i%len(targets)])
			}
		}
		var got struct {
			Runtime struct {
				Console struct{ Pages, Snapshots, Refused int }
			}
		}
		if err := json.Unmarshal([]byte(s.get("api/v1/runtime", 200)), &got); err != nil {
			t.Fatal(err)
		}
		// What is below api/v1 is the JSON of a page. The windows: 5, 15 and 60 minutes, one of the first page, and all time of the header.
		want := 6 * 4 * len(console.PageNames())
		if c := got.Runtime.Console; c.Pages != want || c.Snapshots != 5 || c.Refused != 0 {
			t.Errorf("%+v, want %d pages from 5 snapshots", c, want)
		}
	})
}

// TestParallelLanguages shares no page among those who read different languages.
func TestParallelLanguages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		release := console.Hold(s.console)
		var wg sync.WaitGroup
		for _, lang := range []string{"en", "ko", "en", "ko"} {
			wg.Go(func() {
				r := local("endpoints")
				r.Header.Set("Accept-Language", lang)
				if body := s.do(r, 200); !strings.Contains(body, `<html lang="`+lang+`"`) {
					t.Errorf("who reads %s gets another language", lang)
				}
			})
		}
		synctest.Wait()
		release()
		wg.Wait()
	})
}

// TestRefused asks when all turns are taken.
func TestRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		release := console.Hold(s.console)
		w := httptest.NewRecorder()
		s.console.ServeHTTP(w, local("endpoints"))
		if w.Code != 503 || w.Header().Get("Retry-After") != "1" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%d %v", w.Code, w.Header())
		}
		release()
		s.get("endpoints", 200)
	})
}

// everyPage is all pages that need no parameters, in each form, language and three windows.
func everyPage() (targets []string) {
	for _, settings := range []string{"lang=en", "lang=ko", "window=5m&lang=en", "window=5m&lang=ko", "window=1h&lang=en", "window=1h&lang=ko"} {
		for _, page := range console.PageNames() {
			for _, form := range []string{"", ".json", ".csv", ".txt"} {
				targets = append(targets, page+form+"?"+settings)
			}
		}
		for _, name := range []string{"live", "active", "endpoints", "statements", "remotes", "errors", "traces", "daily", "deploys", "runtime"} {
			targets = append(targets, "api/v1/"+name+"?"+settings)
		}
	}
	return targets
}
