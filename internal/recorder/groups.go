package recorder

import (
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/failure"
	"github.com/daybook-apm/daybook/internal/stack"
	"github.com/daybook-apm/daybook/internal/transaction"
)

const (
	maxGroups = 200
	// maxMessages is how many messages are told apart of one endpoint and error.type; the rest is (other). A text that is
	// new each time, in a way that its mask does not hide, thus leaves room for others.
	maxMessages = 50
	// quiet is how long a group has not been seen that makes room for a new one.
	quiet = time.Minute
)

// Group is the errors of one endpoint that look the same.
type Group struct {
	// Number tells the group from all others that there ever were; 0 is the one of the others.
	Number      uint64
	Endpoint    transaction.Endpoint
	Type        string // error.type.
	Message     string // Masked; empty if the errors were not described.
	Count       uint64
	First, Last time.Time
	// Stack is where one of them was recorded or raised; nil: not known.
	Stack stack.Stack
	// TraceID is that of the last one; not valid if that had no transaction.
	TraceID trace.TraceID
}

type kind struct {
	endpoint  transaction.Endpoint
	errorType string
}

type groupKey struct {
	kind
	message string
}

// groups is all groups. Errors are rare enough for one mutex. The zero value is ready.
type groups struct {
	mu       sync.Mutex
	list     map[groupKey]*Group
	messages map[kind]int // How many groups each kind has, (other) left out.
	numbered uint64       // How many groups have had a number.
	other    Group        // What found no room, or had to make room.
	// full is until when no group can have been quiet long enough.
	full time.Time
}

// post adds the errors of a transaction that has ended.
func (g *groups) post(t *transaction.Transaction) {
	g.mu.Lock()
	defer g.mu.Unlock()
	endpoint, id := t.Endpoint(), t.SpanContext().TraceID()
	failures := t.Failures()
	if o := t.Outcome(); o.Failed {
		f := failure.Failure{Type: o.ErrorType, At: t.Duration()}
		for i := range failures {
			if failures[i].Outcome && failures[i].Type == o.ErrorType {
				f = failures[i]
			}
		}
		f.Count = 1 // However often it was said, it failed once.
		g.add(endpoint, id, &f, t.Start().Add(f.At))
	}
	for _, total := range t.Errors() {
		left := total.Count
		for i := range failures {
			if f := &failures[i]; !f.Outcome && f.Type == total.Type {
				left -= f.Count
				g.add(endpoint, id, f, t.Start().Add(f.At))
			}
		}
		if left > 0 {
			rest := failure.Failure{Type: total.Type, Count: left}
			g.add(endpoint, id, &rest, t.Start().Add(t.Duration()))
		}
	}
}

// postOne adds an error that is in no transaction, or came after its end.
func (g *groups) postOne(endpoint transaction.Endpoint, id trace.TraceID, f *failure.Failure) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.add(endpoint, id, f, time.Now())
}

func (g *groups) add(endpoint transaction.Endpoint, id trace.TraceID, f *failure.Failure, at time.Time) {
	group := g.group(groupKey{kind{endpoint, f.Type}, f.Message}, at)
	if group.First.IsZero() || at.Before(group.First) {
		group.First = at
	}
	if !at.Before(group.Last) {
		group.Last = at
		group.TraceID = id
	}
	group.Count += uint64(f.Count)
	if f.Stack != nil && group != &g.other {
		group.Stack = f.Stack
	}
}

// group returns the group of key, or the one that takes what has none.
func (g *groups) group(key groupKey, at time.Time) *Group {
	if known := g.list[key]; known != nil {
		return known
	}
	if key.message != transaction.Other && g.messages[key.kind] >= maxMessages {
		key.message = transaction.Other
		return g.group(key, at)
	}
	if len(g.list) >= maxGroups && !g.makeRoom(at) {
		return &g.other
	}
	if g.list == nil {
		g.list, g.messages = map[groupKey]*Group{}, map[kind]int{}
	}
	g.numbered++
	group := &Group{Number: g.numbered, Endpoint: key.endpoint, Type: key.errorType, Message: key.message}
	g.list[key] = group
	g.messages[key.kind]++
	return group
}

// makeRoom adds the group that has been quiet for longest to the other, if it has been so for a minute.
func (g *groups) makeRoom(now time.Time) bool {
	if now.Before(g.full) {
		return false
	}
	var oldest groupKey
	var last time.Time
	for key, group := range g.list {
		if last.IsZero() || group.Last.Before(last) {
			oldest, last = key, group.Last
		}
	}
	if g.full = last.Add(quiet); now.Before(g.full) {
		return false
	}
	group := g.list[oldest]
	if g.other.First.IsZero() || group.First.Before(g.other.First) {
		g.other.First = group.First
	}
	if g.other.Last.Before(group.Last) {
		g.other.Last, g.other.TraceID = group.Last, group.TraceID
	}
	g.other.Count += group.Count
	delete(g.list, oldest)
	if g.messages[oldest.kind]--; g.messages[oldest.kind] == 0 {
		delete(g.messages, oldest.kind)
	}
	return true
}

// all returns copies of all groups, the one of the others last if there are any.
func (g *groups) all() []Group {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := make([]Group, 0, len(g.list)+1)
	for _, group := range g.list {
		all = append(all, *group)
	}
	if g.other.Count > 0 {
		other := g.other
		other.Endpoint, other.Type, other.Message = transaction.Endpoint{Route: transaction.Other}, transaction.Other, transaction.Other
		all = append(all, other)
	}
	return all
}
