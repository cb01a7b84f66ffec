package bridge

import (
	"database/sql"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/daybook-apm/daybook/internal/histogram"
	"github.com/daybook-apm/daybook/internal/ledger"
	"github.com/daybook-apm/daybook/internal/pool"
	"github.com/daybook-apm/daybook/internal/semconv"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// collection is one reading of the ledger: cumulative metrics.
type collection struct {
	producer   *Producer
	start, now time.Time

	server, client, db                           histograms
	time, segmentTime, statementTime, remoteTime []metricdata.DataPoint[float64]
	calls, slow, repeated, segmentCalls          []metricdata.DataPoint[int64]
	statementCalls, remoteCalls, errors          []metricdata.DataPoint[int64]
	max                                          []metricdata.DataPoint[float64]
	unattributed                                 int64

	scratch [8]attribute.KeyValue // What sets are made of; they copy it.
}

// floats and integers are the points that are neither histograms nor few.
func (c *collection) floats() [5]*[]metricdata.DataPoint[float64] {
	return [...]*[]metricdata.DataPoint[float64]{&c.time, &c.segmentTime, &c.statementTime, &c.remoteTime, &c.max}
}

func (c *collection) integers() [7]*[]metricdata.DataPoint[int64] {
	return [...]*[]metricdata.DataPoint[int64]{
		&c.calls, &c.slow, &c.repeated, &c.segmentCalls, &c.statementCalls, &c.remoteCalls, &c.errors,
	}
}

// sizes is how many points a collection had.
type sizes struct {
	server, client, db int
	floats             [5]int
	integers           [7]int
}

// expect makes room for as many points as the last collection had: growing step by step would copy each of them twice.
func (c *collection) expect(last sizes) {
	c.server.expect(last.server)
	c.client.expect(last.client)
	c.db.expect(last.db)
	for i, list := range c.floats() {
		*list = make([]metricdata.DataPoint[float64], 0, last.floats[i])
	}
	for i, list := range c.integers() {
		*list = make([]metricdata.DataPoint[int64], 0, last.integers[i])
	}
}

func (c *collection) sizes() sizes {
	s := sizes{server: c.server.len(), client: c.client.len(), db: c.db.len()}
	for i, list := range c.floats() {
		s.floats[i] = len(*list)
	}
	for i, list := range c.integers() {
		s.integers[i] = len(*list)
	}
	return s
}

func (c *collection) collect() []metricdata.Metrics {
	p := c.producer
	c.server.exponential, c.client.exponential, c.db.exponential = p.exponential, p.exponential, p.exponential
	c.expect(p.sizes)
	p.reader.Endpoints(c.endpoint)
	p.reader.Operations(c.operation)
	p.reader.Requests(c.request)
	p.sizes = c.sizes()
	active, bands := c.active()

	all := []metricdata.Metrics{
		serverDuration.metrics(c.server.aggregation()),
		serverActive.metrics(upDown(active)),
		clientDuration.metrics(c.client.aggregation()),
		dbDuration.metrics(c.db.aggregation()),
		transactionTime.metrics(counter(c.time)),
		transactionCalls.metrics(counter(c.calls)),
		transactionSlow.metrics(counter(c.slow)),
		transactionMax.metrics(metricdata.Gauge[float64]{DataPoints: c.max}),
		transactionActive.metrics(metricdata.Gauge[int64]{DataPoints: bands}),
		transactionRepeated.metrics(counter(c.repeated)),
		segmentTime.metrics(counter(c.segmentTime)),
		segmentCalls.metrics(counter(c.segmentCalls)),
		statementTime.metrics(counter(c.statementTime)),
		statementCalls.metrics(counter(c.statementCalls)),
		remoteTime.metrics(counter(c.remoteTime)),
		remoteCalls.metrics(counter(c.remoteCalls)),
		errorCount.metrics(counter(c.errors)),
		userActive.metrics(metricdata.Gauge[int64]{DataPoints: c.one(int64(p.source.Ledger.Users(c.now)))}),
		agentOverflowed.metrics(counter(c.one(int64(p.source.Ledger.Overflowed())))),
		agentUnattributed.metrics(counter(c.one(c.unattributed))),
	}
	if p.source.Agent != nil {
		s := p.source.Agent()
		all = append(all,
			agentDropped.metrics(counter(c.one(int64(s.SpansDropped)))),
			agentExportFailures.metrics(counter(c.one(int64(s.ExportFailures)))))
	}
	return append(all, c.pools()...)
}

// endpoint adds the points of one endpoint.
func (c *collection) endpoint(a *ledger.Account) {
	if a.Endpoint.Method != "" {
		for i := range a.Outcomes {
			o := &a.Outcomes[i]
			c.server.add(&o.Durations, c.outcomeSet(a.Endpoint, o.Key), c)
		}
	}
	set := func(more ...attribute.KeyValue) attribute.Set { return c.endpointSet(a.Endpoint, more...) }
	sets := c.producer.setsOf(c, a.Endpoint)
	for phase, spent := range a.Totals.Spent {
		n := a.Totals.Children[phase]
		if spent == 0 && n == 0 {
			continue
		}
		full := sets.phase(c, a.Endpoint, phase)
		if spent > 0 {
			c.time = append(c.time, point(c, full, spent.Seconds()))
		}
		if n > 0 {
			c.calls = append(c.calls, point(c, full, n))
		}
	}
	own := sets.own
	if a.Totals.Calls > 0 {
		c.slow = append(c.slow, point(c, own, int64(a.Totals.Slow)))
	}
	if longest := c.producer.longest(a); longest > 0 {
		c.max = append(c.max, point(c, own, longest.Seconds()))
	}
	for i := range a.Statements {
		st := &a.Statements[i]
		full := sets.statement(c, a.Endpoint, st.Statement)
		c.statementTime = append(c.statementTime, point(c, full, (st.Time+st.Fetch).Seconds()))
		c.statementCalls = append(c.statementCalls, point(c, full, st.Calls))
		if st.Repeated > 0 {
			c.repeated = append(c.repeated, point(c, set(semconv.StatementIDKey.String(st.Statement.ID)), st.Repeated))
		}
		if a.Endpoint.Route == transaction.Without {
			c.unattributed += st.Calls
		}
	}
	for i := range a.Remotes {
		r := &a.Remotes[i]
		full := c.remoteSet(a.Endpoint, r)
		c.remoteTime = append(c.remoteTime, point(c, full, r.Time.Seconds()))
		c.remoteCalls = append(c.remoteCalls, point(c, full, r.Calls))
		if a.Endpoint.Route == transaction.Without {
			c.unattributed += r.Calls
		}
	}
	for i := range a.Segments {
		s := &a.Segments[i]
		named := set(semconv.SegmentNameKey.String(s.Name))
		c.segmentTime = append(c.segmentTime, point(c, named, s.Time.Seconds()))
		c.segmentCalls = append(c.segmentCalls, point(c, named, s.Calls))
	}
	for _, e := range a.Errors {
		c.errors = append(c.errors, point(c, set(semconv.ErrorTypeKey.String(e.Type)), e.Count))
	}
}

// longest returns the longest duration that no successful export has carried yet.
func (p *Producer) longest(a *ledger.Account) time.Duration {
	longest := max(a.Max, p.unsent[a.Endpoint])
	if longest > 0 {
		p.unsent[a.Endpoint] = longest
	}
	return longest
}

func (c *collection) operation(key ledger.OperationKey, h *histogram.Histogram) {
	kvs := appendString(c.scratch[:0], semconv.DBNamespaceKey, key.Namespace)
	kvs = appendString(kvs, semconv.DBOperationNameKey, key.Operation)
	kvs = appendString(kvs, semconv.DBQuerySummaryKey, key.Summary)
	kvs = appendString(kvs, semconv.DBSystemNameKey, key.System)
	kvs = appendString(kvs, semconv.ErrorTypeKey, key.ErrorType)
	c.db.add(h, attribute.NewSet(kvs...), c)
}

func (c *collection) request(key ledger.RequestKey, h *histogram.Histogram) {
	kvs := appendString(c.scratch[:0], semconv.ErrorTypeKey, key.ErrorType)
	kvs = appendString(kvs, semconv.HTTPRequestMethodKey, key.Method)
	if key.Status > 0 {
		kvs = append(kvs, semconv.HTTPStatusCodeKey.Int(key.Status))
	}
	kvs = appendRemote(kvs, key.Remote)
	c.client.add(h, attribute.NewSet(kvs...), c)
}

// bands are the values of apm.elapsed_band and where each begins.
var bands = [...]struct {
	from time.Duration
	name string
}{{0, "<1s"}, {time.Second, "1-3s"}, {3 * time.Second, "3-8s"}, {8 * time.Second, ">8s"}}

// active counts what runs now: HTTP requests by method and scheme, and all transactions by age.
func (c *collection) active() (requests, byBand []metricdata.DataPoint[int64]) {
	counts := map[activeKey]int64{}
	for key := range c.producer.active {
		counts[key] = 0
	}
	var inBand [len(bands)]int64
	for _, s := range c.producer.source.Active.All() {
		if s.Endpoint.Method != "" {
			counts[activeKey{s.Endpoint.Method, s.Transaction.Scheme()}]++
		}
		for i := len(bands) - 1; i >= 0; i-- {
			if s.Elapsed >= bands[i].from {
				inBand[i]++
				break
			}
		}
	}
	for key, n := range counts {
		c.producer.active[key] = true
		set := attribute.NewSet(semconv.HTTPRequestMethodKey.String(key.method), semconv.URLSchemeKey.String(key.scheme))
		requests = append(requests, point(c, set, n))
	}
	for i, n := range inBand {
		byBand = append(byBand, point(c, attribute.NewSet(semconv.ElapsedBandKey.String(bands[i].name)), n))
	}
	return requests, byBand
}

// pools reads the statistics of all connection pools.
func (c *collection) pools() []metricdata.Metrics {
	var count, most, waits []metricdata.DataPoint[int64]
	var waited []metricdata.DataPoint[float64]
	pool.Each(func(name string, s sql.DBStats) {
		pool := semconv.DBPoolNameKey.String(name)
		set := attribute.NewSet(pool)
		count = append(count,
			point(c, attribute.NewSet(pool, semconv.DBConnectionStateKey.String("idle")), int64(s.Idle)),
			point(c, attribute.NewSet(pool, semconv.DBConnectionStateKey.String("used")), int64(s.InUse)))
		most = append(most, point(c, set, int64(s.MaxOpenConnections)))
		waits = append(waits, point(c, set, s.WaitCount))
		waited = append(waited, point(c, set, s.WaitDuration.Seconds()))
	})
	return []metricdata.Metrics{
		poolCount.metrics(upDown(count)),
		poolMax.metrics(upDown(most)),
		poolWaits.metrics(counter(waits)),
		poolWaitDuration.metrics(counter(waited)),
	}
}

// Sets sort their attributes. Below they are named in that order, which makes the sorting cheap.

// outcomeSet returns the attributes of http.server.request.duration.
func (c *collection) outcomeSet(e transaction.Endpoint, key ledger.OutcomeKey) attribute.Set {
	kvs := appendString(c.scratch[:0], semconv.ErrorTypeKey, key.ErrorType)
	kvs = append(kvs, semconv.HTTPRequestMethodKey.String(e.Method))
	if key.Status > 0 {
		kvs = append(kvs, semconv.HTTPStatusCodeKey.Int(key.Status))
	}
	if e.Route != transaction.Unmatched {
		kvs = append(kvs, semconv.HTTPRouteKey.String(e.Route))
	}
	return attribute.NewSet(appendString(kvs, semconv.URLSchemeKey, key.Scheme)...)
}

// endpointSet returns more, method and route.
func (c *collection) endpointSet(e transaction.Endpoint, more ...attribute.KeyValue) attribute.Set {
	return attribute.NewSet(appendEndpoint(append(c.scratch[:0], more...), e)...)
}

// remoteSet returns the attributes of what an endpoint calls.
func (c *collection) remoteSet(e transaction.Endpoint, r *transaction.RemoteTotal) attribute.Set {
	kvs := appendEndpoint(appendString(c.scratch[:0], semconv.ErrorTypeKey, r.ErrorType), e)
	return attribute.NewSet(appendRemote(kvs, r.Remote)...)
}

func appendEndpoint(kvs []attribute.KeyValue, e transaction.Endpoint) []attribute.KeyValue {
	kvs = appendString(kvs, semconv.HTTPRequestMethodKey, e.Method)
	return append(kvs, semconv.HTTPRouteKey.String(e.Route))
}

func appendRemote(kvs []attribute.KeyValue, r *transaction.Remote) []attribute.KeyValue {
	kvs = append(kvs, semconv.ServerAddressKey.String(r.Host))
	if r.Port > 0 {
		kvs = append(kvs, semconv.ServerPortKey.Int(r.Port))
	}
	return kvs
}

func appendString(kvs []attribute.KeyValue, key attribute.Key, value string) []attribute.KeyValue {
	if value == "" {
		return kvs
	}
	return append(kvs, key.String(value))
}

// phases are the values of apm.phase.
var phases = func() (kvs [transaction.Phases]attribute.KeyValue) {
	for p := range kvs {
		kvs[p] = semconv.PhaseKey.String(transaction.Phase(p).String())
	}
	return kvs
}()

func point[N int64 | float64](c *collection, set attribute.Set, value N) metricdata.DataPoint[N] {
	return metricdata.DataPoint[N]{Attributes: set, StartTime: c.start, Time: c.now, Value: value}
}

// one returns the points of an instrument without attributes.
func (c *collection) one(value int64) []metricdata.DataPoint[int64] {
	return []metricdata.DataPoint[int64]{point(c, *attribute.EmptySet(), value)}
}

func counter[N int64 | float64](points []metricdata.DataPoint[N]) metricdata.Sum[N] {
	return metricdata.Sum[N]{DataPoints: points, Temporality: metricdata.CumulativeTemporality, IsMonotonic: true}
}

func upDown(points []metricdata.DataPoint[int64]) metricdata.Sum[int64] {
	return metricdata.Sum[int64]{DataPoints: points, Temporality: metricdata.CumulativeTemporality}
}
