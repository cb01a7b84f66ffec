package bridge_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/daybook-apm/daybook/internal/bridge"
	"github.com/daybook-apm/daybook/internal/golden"
	"github.com/daybook-apm/daybook/internal/ledger"
	"github.com/daybook-apm/daybook/internal/pool"
	"github.com/daybook-apm/daybook/internal/sqltext"
	"github.com/daybook-apm/daybook/internal/transaction"
)

const ms = time.Millisecond

// open returns a producer and a context whose transactions it sees.
func open(t *testing.T) (*bridge.Producer, context.Context) {
	l := ledger.New(500)
	a := &transaction.Agent{Ledger: l, Active: &transaction.Registry{}, Slow: 500 * ms}
	p := bridge.New(bridge.Source{
		Ledger: l, Active: a.Active,
		Agent: func() bridge.AgentStats { return bridge.AgentStats{SpansDropped: 3, ExportFailures: 4} },
	})
	t.Cleanup(func() { a.Stop(); p.Close() })
	return p, transaction.NewContext(context.Background(), a)
}

// day is one of everything: a fine request, a failed one, a job, a request without route, strays.
func day(ctx context.Context) {
	begin := func(method, route string) *transaction.Transaction {
		tx := new(transaction.Transaction)
		r := transaction.Request{Method: method, Secure: true, Route: route}
		if method == "" {
			r = transaction.Request{Kind: transaction.Job, Route: route}
		}
		tx.Begin(ctx, transaction.AgentFrom(ctx), r)
		return tx
	}
	query := sqltext.Open("postgresql", "fans").Statement("SELECT a FROM photos WHERE id = 7")
	idp := transaction.InternRemote(transaction.HTTP, "idp.example", 443)

	tx := begin("GET", "/photos/{id}")
	for range 10 {
		call := transaction.StartStatement(tx, query)
		time.Sleep(2 * ms)
		call.End(transaction.Result{})
		call.StartFetch()
		time.Sleep(ms)
		call.StopFetch(1, "")
	}
	time.Sleep(5 * ms)
	tx.SetStatus(200)
	tx.SetUser(1)
	tx.End()

	tx = begin("POST", "/signin")
	call := transaction.StartRemote(tx, idp, "POST")
	time.Sleep(600 * ms)
	call.End(transaction.Result{Status: 503, ErrorType: "503"})
	tx.SetStatus(502)
	tx.End()

	tx = begin("", "nightly")
	s := transaction.StartSegment(tx, "resize")
	time.Sleep(40 * ms)
	s.End()
	tx.End()

	tx = begin("GET", "")
	tx.SetStatus(404)
	tx.End()

	stray := transaction.StartStatement(ctx, query)
	time.Sleep(3 * ms)
	stray.End(transaction.Result{ErrorType: "57014"})
}

// TestWhole compares all that is produced for one day, and for the next after it.
func TestWhole(t *testing.T) {
	for _, c := range []struct {
		name        string
		temporality sdkmetric.TemporalitySelector
		aggregation sdkmetric.AggregationSelector
	}{
		{"cumulative-explicit", sdkmetric.CumulativeTemporalitySelector, sdkmetric.DefaultAggregationSelector},
		{"cumulative-exponential", sdkmetric.CumulativeTemporalitySelector, exponential},
		{"delta-explicit", sdkmetric.DeltaTemporalitySelector, sdkmetric.DefaultAggregationSelector},
		{"delta-exponential", sdkmetric.DeltaTemporalitySelector, exponential},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, ctx := open(t)
				p.Configure(c.temporality, c.aggregation)
				db := sql.OpenDB(connector{})
				defer db.Close()
				db.SetMaxOpenConns(8)
				stop, _ := pool.Register(db, "fans")
				defer stop()
				var b strings.Builder
				day(ctx)
				dump(t, &b, "first day", p)
				p.Exported(nil)
				day(ctx)
				dump(t, &b, "second day, the export fails", p)
				p.Exported(errors.New("refused"))
				day(ctx)
				dump(t, &b, "third day", p)
				p.Exported(nil)
				dump(t, &b, "nothing happened since", p)
				golden.Compare(t, strings.TrimPrefix(t.Name(), "TestWhole/")+".txt", b.String())
			})
		})
	}
}

func exponential(k sdkmetric.InstrumentKind) sdkmetric.Aggregation {
	if k == sdkmetric.InstrumentKindHistogram {
		return sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20}
	}
	return sdkmetric.DefaultAggregationSelector(k)
}

// dump writes every point as a line.
func dump(t *testing.T, b *strings.Builder, title string, p *bridge.Producer) {
	t.Helper()
	scopes, err := p.Produce(context.Background())
	if err != nil || len(scopes) != 1 || scopes[0].Scope.Name != bridge.ScopeName {
		t.Fatalf("Produce() = %v, %v", scopes, err)
	}
	fmt.Fprintf(b, "# %s\n", title)
	for _, m := range scopes[0].Metrics {
		var lines []string
		add := func(set attribute.Set, start time.Time, format string, args ...any) {
			since := ""
			if !start.IsZero() {
				since = " since " + start.UTC().Format("15:04:05.000")
			}
			lines = append(lines, fmt.Sprintf("  {%s}%s %s\n", set.Encoded(attribute.DefaultEncoder()), since, fmt.Sprintf(format, args...)))
		}
		kind := ""
		switch d := m.Data.(type) {
		case metricdata.Sum[int64]:
			kind = fmt.Sprintf("sum %s monotonic=%t", d.Temporality, d.IsMonotonic)
			for _, p := range d.DataPoints {
				add(p.Attributes, p.StartTime, "%d", p.Value)
			}
		case metricdata.Sum[float64]:
			kind = fmt.Sprintf("sum %s monotonic=%t", d.Temporality, d.IsMonotonic)
			for _, p := range d.DataPoints {
				add(p.Attributes, p.StartTime, "%.6g", p.Value)
			}
		case metricdata.Gauge[int64]:
			kind = "gauge"
			for _, p := range d.DataPoints {
				add(p.Attributes, time.Time{}, "%d", p.Value)
			}
		case metricdata.Gauge[float64]:
			kind = "gauge"
			for _, p := range d.DataPoints {
				add(p.Attributes, time.Time{}, "%.6g", p.Value)
			}
		case metricdata.Histogram[float64]:
			kind = "histogram " + d.Temporality.String()
			for _, p := range d.DataPoints {
				add(p.Attributes, p.StartTime, "count %d sum %.6g buckets %v", p.Count, p.Sum, p.BucketCounts)
			}
		case metricdata.ExponentialHistogram[float64]:
			kind = "exponential " + d.Temporality.String()
			for _, p := range d.DataPoints {
				add(p.Attributes, p.StartTime, "count %d sum %.6g scale %d zero %d≤%g positive %d%v",
					p.Count, p.Sum, p.Scale, p.ZeroCount, p.ZeroThreshold, p.PositiveBucket.Offset, p.PositiveBucket.Counts)
			}
		default:
			t.Errorf("%s: unexpected data %T", m.Name, m.Data)
		}
		slices.Sort(lines)
		fmt.Fprintf(b, "%s [%s] %s\n%s", m.Name, m.Unit, kind, strings.Join(lines, ""))
	}
}

// TestUnreported counts every Produce as exported when nobody reports: readers of the program's own.
func TestUnreported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, ctx := open(t)
		day(ctx)
		if !has(t, p, "apm.transaction.duration.max") || has(t, p, "apm.transaction.duration.max") {
			t.Error("the maximum of the interval must be there once")
		}
	})
}

func has(t *testing.T, p *bridge.Producer, name string) bool {
	t.Helper()
	scopes, err := p.Produce(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(scopes[0].Metrics, func(m metricdata.Metrics) bool { return m.Name == name })
}

// TestPanic lets a source panic: the export of everything else must go on.
func TestPanic(t *testing.T) {
	p := bridge.New(bridge.Source{
		Ledger: ledger.New(1), Active: &transaction.Registry{}, Agent: func() bridge.AgentStats { panic("gone") },
	})
	defer p.Close()
	if scopes, err := p.Produce(context.Background()); err != nil || scopes != nil {
		t.Errorf("Produce() = %v, %v; want nothing and no error", scopes, err)
	}
}

// connector never connects: the pool's statistics are those of an unused one.
type connector struct{}

func (connector) Connect(context.Context) (driver.Conn, error) {
	return nil, errors.New("no connection")
}
func (connector) Driver() driver.Driver { return nil }

// TestActive counts what runs now, and falls back to zero.
func TestActive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, ctx := open(t)
		tx := new(transaction.Transaction)
		tx.Begin(ctx, transaction.AgentFrom(ctx), transaction.Request{Method: "GET"})
		time.Sleep(4 * time.Second)
		if got := activeLines(t, p); got != "http.server.active_requests GET=1 apm.transaction.active 3-8s=1" {
			t.Errorf("while it runs: %s", got)
		}
		tx.End()
		if got := activeLines(t, p); got != "http.server.active_requests GET=0 apm.transaction.active" {
			t.Errorf("afterwards: %s", got)
		}
	})
}

func activeLines(t *testing.T, p *bridge.Producer) string {
	t.Helper()
	scopes, err := p.Produce(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, m := range scopes[0].Metrics {
		switch m.Name {
		case "http.server.active_requests":
			words = append(words, m.Name)
			for _, d := range m.Data.(metricdata.Sum[int64]).DataPoints {
				method, _ := d.Attributes.Value("http.request.method")
				words = append(words, fmt.Sprintf("%s=%d", method.AsString(), d.Value))
			}
		case "apm.transaction.active":
			words = append(words, m.Name)
			for _, d := range m.Data.(metricdata.Gauge[int64]).DataPoints {
				if band, _ := d.Attributes.Value("apm.elapsed_band"); d.Value != 0 {
					words = append(words, fmt.Sprintf("%s=%d", band.AsString(), d.Value))
				}
			}
		}
	}
	return strings.Join(words, " ")
}

// BenchmarkProduce is one collection of 500 endpoints with three statements and one remote each.
func BenchmarkProduce(b *testing.B) {
	l := ledger.New(500)
	a := &transaction.Agent{Ledger: l, Active: &transaction.Registry{}, Slow: 500 * ms}
	defer a.Stop()
	ctx := transaction.NewContext(context.Background(), a)
	p := bridge.New(bridge.Source{Ledger: l, Active: a.Active})
	remote := transaction.InternRemote(transaction.HTTP, "idp.example", 443)
	for i := range 500 {
		tx := new(transaction.Transaction)
		tx.Begin(ctx, a, transaction.Request{Method: "GET", Route: fmt.Sprintf("/route/%d", i)})
		for j := range 3 {
			c := transaction.StartStatement(tx, sqltext.Open("sqlite", "x").Statement(fmt.Sprintf("SELECT a FROM t%d", j)))
			c.End(transaction.Result{})
		}
		c := transaction.StartRemote(tx, remote, "GET")
		c.End(transaction.Result{Status: 200})
		tx.SetStatus(200)
		tx.End()
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Produce(ctx); err != nil {
			b.Fatal(err)
		}
	}
}
