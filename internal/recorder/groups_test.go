package recorder_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/daybook-apm/daybook/internal/recorder"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// counts returns the count of each group, by endpoint, type and message.
func counts(r *recorder.Recorder) map[string]uint64 {
	n := map[string]uint64{}
	for _, g := range r.Errors() {
		n[fmt.Sprintf("%s|%s|%s", g.Endpoint.Route, g.Type, g.Message)] = g.Count
	}
	return n
}

func TestGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		for i := range 3 {
			tx := s.begin("/a")
			for j := range 20 {
				tx.RecordWith("stale", fmt.Errorf("order %d is stale", 100*i+j))
			}
			tx.RecordError("plain")
			call := transaction.StartStatement(tx, database.Statement("INSERT INTO t VALUES (1)"))
			call.Explain(errors.New(`duplicate key "users_email_key"`))
			call.End(transaction.Result{ErrorType: "23505"})
			rows := transaction.StartStatement(tx, database.Statement("SELECT a FROM t"))
			rows.Explain(nil)
			rows.End(transaction.Result{})
			rows.StartFetch()
			rows.Explain(errors.New("page 7 is broken"))
			rows.StopFetch(0, "58030")
			rows.Close()
			late := transaction.StartStatement(tx, database.Statement("SELECT a FROM t"))
			tx.SetStatus(500)
			tx.End()
			tx.RecordWith("late", errors.New("too late"))
			late.Explain(errors.New("nobody waits"))
			late.End(transaction.Result{ErrorType: "57014"})
		}
		s.agent.PostError("nowhere", errors.New("no transaction"))
		want := map[string]uint64{
			"/a|stale|order ? is stale":               60,
			"/a|plain|":                               3,
			`/a|23505|duplicate key "?"`:              3,
			"/a|500|":                                 3,
			"/a|58030|page ? is broken":               3,
			"/a|57014|nobody waits":                   3,
			"/a|late|too late":                        3,
			"(no transaction)|nowhere|no transaction": 1,
		}
		if diff := cmp.Diff(want, counts(s.recorder)); diff != "" {
			t.Errorf("groups (-want +got):\n%s", diff)
		}
	})
}

func TestGroupTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		first := time.Now()
		var tx *transaction.Transaction
		for range 2 {
			time.Sleep(time.Hour)
			tx = s.begin("/a")
			tx.FailPanic(errors.New("index out of range [5]"))
			tx.End()
		}
		got := s.recorder.Errors()
		want := []recorder.Group{{
			Number: 1, Endpoint: transaction.Endpoint{Method: "GET", Route: "/a"}, Type: "panic", Message: "index out of range [?]",
			Count: 2, First: first.Add(time.Hour), Last: first.Add(2 * time.Hour), TraceID: tx.SpanContext().TraceID(),
		}}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(recorder.Group{}, "Stack")); diff != "" {
			t.Fatalf("groups (-want +got):\n%s", diff)
		}
		if text := got[0].Stack.String(); !strings.HasPrefix(text, "github.com/daybook-apm/daybook/internal/recorder_test.TestGroupTells") {
			t.Errorf("the stack is\n%s", text)
		}
	})
}

// letters is a number without digits, which no mask hides.
func letters(i int) string {
	var b []byte
	for ; i > 0; i /= 26 {
		b = append(b, byte('a'+i%26))
	}
	return string(b)
}

// A million errors, each different, at many endpoints at once: memory stays as it is, and nothing is lost.
func TestMillionMessages(t *testing.T) {
	s := newService(t)
	const workers, each = 8, 125_000
	before := heap()
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			tx := s.begin(fmt.Sprint("/", w))
			for i := range each {
				if i%10 == 0 {
					tx.End()
					tx = s.begin(fmt.Sprint("/", w))
				}
				tx.RecordWith("text", errors.New("no "+letters(w*each+i+1)))
			}
			tx.End()
		})
	}
	wg.Wait()
	groups := s.recorder.Errors()
	var sum uint64
	for _, g := range groups {
		sum += g.Count
	}
	if len(groups) > 201 || sum != workers*each {
		t.Errorf("%d groups with %d errors, want at most 201 with all %d", len(groups), sum, workers*each)
	}
	if grown := int64(heap()) - int64(before); grown > 2<<20 {
		t.Errorf("%d bytes are held", grown)
	}
	runtime.KeepAlive(s)
}

// heap returns how many bytes are in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A flood at one endpoint leaves room for the groups of others, and a quiet group makes room.
func TestGroupsMakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		record := func(route, text string) {
			tx := s.begin(route)
			tx.RecordWith("text", errors.New(text))
			tx.End()
		}
		for i := range 1000 {
			record("/flood", letters(i+1))
		}
		got := counts(s.recorder)
		if n := len(got); n != 51 || got["/flood|text|(other)"] != 950 {
			t.Fatalf("%d groups with %d in (other), want 51 and 950", n, got["/flood|text|(other)"])
		}
		for i := range 149 {
			record("/"+letters(i+1), "x")
		}
		record("/full", "x")
		if got = counts(s.recorder); got["(other)|(other)|(other)"] != 1 || len(got) != 201 {
			t.Fatalf("%d groups, %d in (other), want 201 and 1", len(got), got["(other)|(other)|(other)"])
		}
		time.Sleep(time.Minute)
		record("/later", "x")
		got = counts(s.recorder)
		if got["/later|text|x"] != 1 || got["(other)|(other)|(other)"] != 2 || len(got) != 201 {
			t.Errorf("%d groups, %d in (other), want 201 and 2, and one of /later", len(got), got["(other)|(other)|(other)"])
		}
	})
}

type nasty struct{}

func (nasty) Error() string { panic("nasty") }

func TestNastyErrors(t *testing.T) {
	s := newService(t)
	tx := s.begin("/a")
	tx.RecordWith("nasty", nasty{})
	tx.RecordWith("big", errors.New(strings.Repeat("x ", 5<<20)))
	func() {
		defer func() {
			tx.FailPanic(recover())
		}()
		defer func() { panic(recover()) }()
		panic(nasty{})
	}()
	tx.End()
	for _, g := range s.recorder.Errors() {
		if len(g.Message) > 256 {
			t.Errorf("%s: a message of %d bytes", g.Type, len(g.Message))
		}
	}
	want := map[string]uint64{
		"/a|nasty|(its Error method panicked)":                   1,
		"/a|panic|(its Error method panicked)":                   1,
		"/a|big|" + strings.TrimSpace(strings.Repeat("x ", 128)): 1,
	}
	if diff := cmp.Diff(want, counts(s.recorder)); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
}
