package recorder_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/daybook-apm/daybook/internal/ledger"
	"github.com/daybook-apm/daybook/internal/live"
	"github.com/daybook-apm/daybook/internal/recorder"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// slow is the threshold of the services of the tests.
const slow = 500 * time.Millisecond

// service is a service under test: an agent with a recorder, whose spans are kept.
type service struct {
	testing.TB
	ctx      context.Context
	agent    *transaction.Agent
	recorder *recorder.Recorder
	spans    *tracetest.InMemoryExporter
}

func newService(tb testing.TB) *service {
	s := &service{TB: tb, spans: tracetest.NewInMemoryExporter()}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithSyncer(s.spans),
		sdktrace.WithIDGenerator(live.IDs{}),
		sdktrace.WithSampler(live.Sampler(sdktrace.NeverSample())),
	)
	s.agent = &transaction.Agent{
		Ledger:     ledger.New(100),
		Active:     &transaction.Registry{},
		Slow:       slow,
		SlowRoutes: map[string]time.Duration{"/report": 20 * time.Second},
	}
	s.recorder = recorder.New(recorder.Config{
		MaxEndpoints: 500,
		Active:       s.agent.Active,
		Tracer:       provider.Tracer("test"),
	})
	s.agent.Recorder = s.recorder
	s.ctx = transaction.NewContext(context.Background(), s.agent)
	tb.Cleanup(func() {
		if err := s.recorder.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func (s *service) begin(route string) *transaction.Transaction {
	t := &transaction.Transaction{}
	t.Begin(s.ctx, s.agent, transaction.Request{Method: "GET", Secure: true, Route: route})
	return t
}

func (s *service) serve(route string) {
	t := s.begin(route)
	t.SetStatus(200)
	t.End()
}

func (s *service) fail(route string) {
	t := s.begin(route)
	t.SetStatus(500)
	t.End()
}

func (s *service) serveFor(route string, d time.Duration) {
	t := s.begin(route)
	time.Sleep(d)
	t.SetStatus(200)
	t.End()
}

func (s *service) flush() tracetest.SpanStubs {
	s.Helper()
	if err := s.recorder.Flush(s.ctx); err != nil {
		s.Fatal(err)
	}
	return s.spans.GetSpans()
}

func TestWhatIsKept(t *testing.T) {
	for _, test := range []struct {
		name string
		run  func(*service)
		want recorder.Reason
	}{
		{"fast", func(s *service) { s.serve("/") }, ""},
		{"as slow as the threshold", func(s *service) { s.serveFor("/", slow) }, ""},
		{"slow", func(s *service) { s.serveFor("/", slow+1) }, recorder.Slow},
		{"below the threshold of the route", func(s *service) { s.serveFor("/report", 7*time.Second) }, ""},
		{"slow and failed", func(s *service) {
			tx := s.begin("/")
			time.Sleep(time.Second)
			tx.Fail("quota")
			tx.End()
		}, recorder.Failed},
		{"given up", func(s *service) {
			tx := s.begin("/")
			tx.Cancel()
			tx.End()
		}, ""},
		{"an error that was only recorded", func(s *service) {
			tx := s.begin("/")
			tx.RecordError("quota")
			tx.End()
		}, ""},
		{"a stream", func(s *service) {
			tx := s.begin("/")
			tx.Stream()
			time.Sleep(20 * time.Second)
			tx.End()
		}, ""},
		{"ignored", func(s *service) {
			tx := s.begin("/")
			tx.Ignore()
			tx.Fail("quota")
			tx.End()
		}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newService(t)
				s.serve("/")
				s.serve("/report")
				before := len(s.recorder.Traces())
				test.run(s)
				all := s.recorder.Traces()
				var got recorder.Reason
				if len(all) > before {
					got = all[0].Reason
				}
				if got != test.want {
					t.Errorf("kept for %q, want %q", got, test.want)
				}
			})
		})
	}
}

// TestUsualTransaction pins that a transaction that is not kept costs no allocation beyond its own.
func TestUsualTransaction(t *testing.T) {
	s := newService(t)
	s.serve("/")
	if n := testing.AllocsPerRun(1000, func() { s.serve("/") }); n > 1 {
		t.Errorf("%v allocations, want the transaction's own", n)
	}
}

func BenchmarkConsider(b *testing.B) {
	s := newService(b)
	s.agent.SlowRoutes = nil
	s.serve("/api/v2/GetConfirmPhoto/{lang}/{user}")
	tx := s.begin("/api/v2/GetConfirmPhoto/{lang}/{user}")
	tx.SetStatus(200)
	tx.End()
	b.ReportAllocs()
	for b.Loop() {
		s.recorder.Consider(tx)
	}
}

func BenchmarkConsiderInAFlood(b *testing.B) {
	s := newService(b)
	tx := s.begin("/")
	tx.FailWith("quota", context.DeadlineExceeded)
	tx.End()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			s.recorder.Consider(tx)
		}
	})
}
