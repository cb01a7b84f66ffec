package bridge

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/daybook-apm/daybook/internal/ledger"
	"github.com/daybook-apm/daybook/internal/semconv"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// ScopeName is the instrumentation scope of everything that the library emits.
const ScopeName = "github.com/daybook-apm/daybook"

// AgentStats is what the agent tells on itself.
type AgentStats struct {
	SpansDropped   uint64
	ExportFailures uint64
}

// Source is what a producer reads.
type Source struct {
	Ledger *ledger.Ledger
	Active *transaction.Registry
	Agent  func() AgentStats // nil: nothing is exported by the agent itself.
}

// Producer is an [sdkmetric.Producer] over a ledger, for exactly one reader. Produce never returns an error and
// never panics, since the SDK would cancel the whole export, runtime metrics included.
//
// As it is made it produces cumulative sums and explicit histograms. An exporter that wants something else calls
// Configure before the first Produce. An exporter that reports each result by Exported gets deltas of what it has not
// exported successfully; without such reports every Produce counts as exported.
type Producer struct {
	source Source

	mu          sync.Mutex
	reader      *ledger.Reader
	temporality sdkmetric.TemporalitySelector
	exponential bool
	reports     bool // Exported has been called, or will be: Configure was.
	exported    baseline
	pending     baseline
	// unsent is the longest duration of each endpoint that no successful export has carried yet.
	unsent map[transaction.Endpoint]time.Duration
	sets   map[transaction.Endpoint]*endpointSets
	active map[activeKey]bool // What had active requests before, and has to fall back to zero.
	sizes  sizes              // Of the last collection.
}

type activeKey struct{ method, scheme string }

// New returns a producer. Close it when its reader is gone.
func New(s Source) *Producer {
	return &Producer{
		source:      s,
		reader:      s.Ledger.NewReader(),
		temporality: sdkmetric.DefaultTemporalitySelector,
		unsent:      map[transaction.Endpoint]time.Duration{},
		active:      map[activeKey]bool{},
		sets:        map[transaction.Endpoint]*endpointSets{},
		exported:    baseline{at: s.Ledger.Start()},
	}
}

// Configure sets what the exporter wants, and that it will report each result by Exported.
func (p *Producer) Configure(t sdkmetric.TemporalitySelector, a sdkmetric.AggregationSelector) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.temporality = t
	_, p.exponential = a(sdkmetric.InstrumentKindHistogram).(sdkmetric.AggregationBase2ExponentialHistogram)
	p.reports = true
}

// Exported reports how the export of what the last Produce returned ended.
func (p *Producer) Exported(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		p.commit()
	}
}

// commit moves the baseline of deltas and forgets the maxima that have been exported.
func (p *Producer) commit() {
	if p.pending.points == nil {
		return
	}
	p.exported, p.pending = p.pending, baseline{}
	clear(p.unsent)
}

// Close gives back what the producer holds of the ledger.
func (p *Producer) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reader.Close()
}

// Produce implements [sdkmetric.Producer].
func (p *Producer) Produce(context.Context) (scopes []metricdata.ScopeMetrics, _ error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer func() {
		if recover() != nil {
			scopes = nil
		}
	}()
	c := collection{producer: p, start: p.source.Ledger.Start(), now: time.Now()}
	metrics := p.since(c.collect(), c.now)
	if !p.reports {
		p.commit()
	}
	return []metricdata.ScopeMetrics{{
		Scope:   instrumentation.Scope{Name: ScopeName, SchemaURL: semconv.SchemaURL},
		Metrics: metrics,
	}}, nil
}
