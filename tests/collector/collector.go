package collector

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configtls"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// Options says how a collector listens. The zero value is plain HTTP.
type Options struct {
	// Certificate is the server's. With one, the collector speaks TLS only.
	Certificate Certificate
	// ClientCAFile holds the authority of the clients' certificates (PEM). With one, a client without a certificate
	// is turned away. It needs a Certificate.
	ClientCAFile string
}

// Collector is a running OTLP/HTTP receiver and what it received. Its methods may be called from any goroutine.
type Collector struct {
	endpoint string
	refusal  atomic.Pointer[error]
	metrics  consumertest.MetricsSink
	traces   consumertest.TracesSink
}

// Start runs a collector until the test ends.
func Start(t testing.TB, options Options) *Collector {
	t.Helper()
	collector := new(Collector)
	factory := otlpreceiver.NewFactory()
	config := factory.CreateDefaultConfig().(*otlpreceiver.Config)
	server := &config.Protocols.HTTP.GetOrInsertDefault().ServerConfig // The protocol is on once it is asked for: gRPC stays off.
	server.NetAddr.Endpoint = "127.0.0.1:0"
	server.IncludeMetadata = true
	scheme := "http"
	if options.Certificate != (Certificate{}) {
		scheme = "https"
		settings := configtls.NewDefaultServerConfig()
		settings.CertFile, settings.KeyFile = options.Certificate.CertFile, options.Certificate.KeyFile
		settings.ClientCAFile = options.ClientCAFile
		server.TLS = configoptional.Some(settings)
	}

	// The receiver tells the port that it was given in its log only.
	core, log := observer.New(zap.InfoLevel)
	settings := receivertest.NewNopSettings(factory.Type())
	settings.Logger = zap.New(core)

	// Both are one component underneath: the factory knows it by its configuration.
	metrics, err := factory.CreateMetrics(t.Context(), settings, config, must(consumer.NewMetrics(collector.consumeMetrics)))
	check(t, err)
	traces, err := factory.CreateTraces(t.Context(), settings, config, must(consumer.NewTraces(collector.consumeTraces)))
	check(t, err)
	for _, part := range []component.Component{metrics, traces} {
		check(t, part.Start(t.Context(), componenttest.NewNopHost()))
		t.Cleanup(func() {
			if err := part.Shutdown(context.Background()); err != nil {
				t.Errorf("collector: %v", err)
			}
		})
	}
	started := log.FilterMessage("Starting HTTP server").All()
	if len(started) != 1 {
		t.Fatalf("collector: the receiver's log tells %d addresses, want 1: %v", len(started), log.All())
	}
	collector.endpoint = scheme + "://" + started[0].ContextMap()["endpoint"].(string)
	return collector
}

// Endpoint is the base URL, as OTEL_EXPORTER_OTLP_ENDPOINT takes it.
func (c *Collector) Endpoint() string { return c.endpoint }

// Metrics returns what was received and accepted so far, one element a request.
func (c *Collector) Metrics() []pmetric.Metrics { return c.metrics.AllMetrics() }

// Traces returns what was received and accepted so far, one element a request.
func (c *Collector) Traces() []ptrace.Traces { return c.traces.AllTraces() }

// MetricHeaders returns the headers of the requests of [Collector.Metrics], in the same order.
func (c *Collector) MetricHeaders() []http.Header { return headers(c.metrics.Contexts()) }

// TraceHeaders returns the headers of the requests of [Collector.Traces], in the same order.
func (c *Collector) TraceHeaders() []http.Header { return headers(c.traces.Contexts()) }

// Refuse has all further requests answered with err until it is called with nil. The HTTP status is the receiver's
// choice by the gRPC status of err: Unavailable is 503, ResourceExhausted 429, InvalidArgument 400; a RetryInfo among
// its details becomes the Retry-After header. An error without such a status is 503, or 500 if it is permanent
// (consumererror.NewPermanent).
func (c *Collector) Refuse(err error) {
	if err == nil {
		c.refusal.Store(nil)
		return
	}
	c.refusal.Store(&err)
}

func (c *Collector) consumeMetrics(ctx context.Context, metrics pmetric.Metrics) error {
	if refusal := c.refusal.Load(); refusal != nil {
		return *refusal
	}
	return c.metrics.ConsumeMetrics(ctx, metrics)
}

func (c *Collector) consumeTraces(ctx context.Context, traces ptrace.Traces) error {
	if refusal := c.refusal.Load(); refusal != nil {
		return *refusal
	}
	return c.traces.ConsumeTraces(ctx, traces)
}

// headers returns the headers of each request, whose context the receiver hands to the consumers.
func headers(requests []context.Context) []http.Header {
	all := make([]http.Header, len(requests))
	for i, ctx := range requests {
		metadata := client.FromContext(ctx).Metadata
		all[i] = make(http.Header)
		for key := range metadata.Keys() {
			all[i][http.CanonicalHeaderKey(key)] = metadata.Get(key)
		}
	}
	return all
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("collector: %v", err)
	}
}

// must is for consumers, which are refused only if their function is nil.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
