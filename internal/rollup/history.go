package rollup

import (
	"log/slog"
	"sync"
	"time"

	"github.com/daybook-apm/daybook/internal/histogram"
	"github.com/daybook-apm/daybook/internal/ledger"
	"github.com/daybook-apm/daybook/internal/state"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// early is how soon after the ledger a history must be opened for all that the ledger knows to belong to it. What
// was posted before a later one has no time, so it is in no interval.
const early = time.Minute

// Config is what a history is made of.
type Config struct {
	Ledger   *ledger.Ledger
	Location *time.Location // Whose hours and days are kept.
	Version  string         // The service.version that runs now; may be empty.
	State    *state.Dir     // nil: nothing survives a restart.
	Logger   *slog.Logger
	// Groups calls visit with each group of errors that there is, and how many it has by now. A number is never given to
	// another one. nil: there are none.
	Groups func(visit func(number, count uint64))
}

// History is the figures of one agent over time. All methods are safe for concurrent use.
type History struct {
	ledger   *ledger.Ledger
	location *time.Location
	groups   func(visit func(number, count uint64))
	file     *file

	stop sync.Once
	quit chan struct{}
	done chan struct{}

	mu     sync.Mutex
	reader *ledger.Reader
	last   time.Time // When the ledger was looked at last.
	total  Figures   // What it said then, all endpoints together.
	failed histogram.Counts

	seconds, minutes, hours ring
	// since is when each of the rings begins: what was before is not known, what is missing after did not happen.
	since  [3]int64
	second busy

	endpoints     map[transaction.Endpoint]*endpoint
	numbered      int       // How many endpoints have had a number.
	lastEndpoints time.Time // When the endpoints were looked at last.
	marks         marks
	heat          heat
	scatter       scatter
	users         users
	versions      versions
}

// Open begins a history, with what an earlier one has left in the state directory, and starts its one goroutine, which
// looks at the ledger at the beginning of each second and writes the file once a minute. Close it.
func Open(c Config) *History {
	h := newHistory(c, time.Now())
	go h.run()
	return h
}

func newHistory(c Config, now time.Time) *History {
	h := &History{
		ledger:    c.Ledger,
		location:  c.Location,
		groups:    c.Groups,
		quit:      make(chan struct{}),
		done:      make(chan struct{}),
		reader:    c.Ledger.NewReader(),
		seconds:   newRing(1, seconds),
		minutes:   newRing(60, minutes),
		hours:     newRing(3600, hours),
		endpoints: map[transaction.Endpoint]*endpoint{},
	}
	start := c.Ledger.Start()
	h.last, h.lastEndpoints = start, start
	if now.Sub(start) >= early {
		h.forget(now)
	}
	h.users.next = h.last.Unix() / 60
	h.since = [3]int64{h.last.Unix(), h.last.Unix(), h.last.Unix()}
	h.marks.open(h)
	if c.State != nil {
		h.file = &file{dir: c.State, logger: c.Logger}
		h.restore()
	}
	h.versions.begin(c.Version, h.last)
	return h
}

// forget makes what the ledger knows by now the state that differences are taken from.
func (h *History) forget(now time.Time) {
	h.last, h.lastEndpoints = now, now
	h.reader.Sums(func(s *ledger.Sum) {
		h.total.Totals.Add(&s.Totals)
		h.total.Durations.Add(&s.Durations)
		h.failed.Add(&s.Failed)
		f := Figures{Totals: s.Totals, Durations: s.Durations}
		e := h.endpoint(s.Endpoint)
		e.calls, e.packed = f.Calls, f.pack()
	})
}

func (h *History) run() {
	defer close(h.done)
	timer := time.NewTimer(untilSecond(time.Now()))
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			now := time.Now()
			h.tick(now)
			timer.Reset(untilSecond(now))
		case <-h.quit:
			h.finish(time.Now())
			return
		}
	}
}

// untilSecond is the time to the next full second of the clock.
func untilSecond(now time.Time) time.Duration {
	return time.Second - time.Duration(now.Nanosecond())
}

// Close looks once more, writes the file and ends the goroutine. What is known can still be asked for.
func (h *History) Close() {
	h.stop.Do(func() { close(h.quit) })
	<-h.done
}

func (h *History) finish(now time.Time) {
	h.mu.Lock()
	h.look(now, true)
	h.countUsers(now)
	h.versions.seen(now)
	content := h.content(true)
	h.reader.Close()
	h.ledger.ForgetPoints()
	h.mu.Unlock()
	h.file.write(content)
}

// tick is what the goroutine does once a second.
func (h *History) tick(now time.Time) {
	h.mu.Lock()
	newMinute := minute(now) != minute(h.lastEndpoints)
	h.look(now, newMinute)
	h.scatter.take(h.ledger)
	var content []byte
	if newMinute {
		h.countUsers(now)
		h.prune(now)
		h.marks.add(h, now)
		h.versions.seen(now)
		content = h.content(false)
	}
	h.mu.Unlock()
	// Not under the lock: a disk can take seconds.
	h.file.write(content)
}

// look takes the differences since the last look. The endpoints' own are asked for less often: they take longer.
func (h *History) look(now time.Time, endpoints bool) {
	var total Figures
	var failed histogram.Counts
	var longest time.Duration
	thisMinute, thisHour := minute(h.lastEndpoints), h.hour(h.lastEndpoints)
	h.reader.Sums(func(s *ledger.Sum) {
		total.Totals.Add(&s.Totals)
		total.Durations.Add(&s.Durations)
		failed.Add(&s.Failed)
		longest = max(longest, s.Max)
		e := h.endpoint(s.Endpoint)
		e.longest = max(e.longest, s.Max)
		if endpoints && s.Totals.Calls != e.calls {
			e.look(s, thisMinute, thisHour)
		}
	})
	if endpoints {
		h.lastEndpoints = now
	}
	at, span := h.last, now.Sub(h.last)
	h.last = now
	if total.Calls == h.total.Calls {
		return
	}
	news, newsFailed := total, failed
	news.sub(&h.total, longest)
	newsFailed.Sub(&h.failed)
	h.total, h.failed = total, failed

	news.Peak = h.second.count(at.Unix(), span, news.Calls)
	h.seconds.add(at.Unix(), &news)
	h.minutes.add(minute(at), &news)
	h.hours.add(h.hour(at), &news)
	h.heat.add(at.Unix(), &news.Durations, &newsFailed)
}

// busy counts the transactions of the second that runs.
type busy struct {
	start int64
	span  time.Duration
	calls uint64
}

// count adds transactions of the second that begins at start and returns how many they are by now. When the look that
// ends a second comes late, they are those of a longer time, and it is their mean.
func (b *busy) count(start int64, span time.Duration, calls uint64) uint64 {
	if b.start != start {
		*b = busy{start: start}
	}
	b.calls += calls
	b.span += span
	if b.span <= time.Second+100*time.Millisecond { // A timer is a little late, always.
		return b.calls
	}
	return uint64(float64(b.calls) / b.span.Seconds())
}
