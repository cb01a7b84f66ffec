package databases_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/XSAM/otelsql"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/middleware"
	"github.com/daybook-apm/daybook/sqltrace"
)

// nesting is a way to have both otelsql and this library around one driver. Its base is the driver's own.
type nesting struct {
	name string
	open func(t *testing.T, base opening) *sql.DB
}

var nestings = []nesting{
	{"otelsql inside a connector", func(_ *testing.T, base opening) *sql.DB {
		return sqltrace.OpenDB(opening{otelsql.WrapDriver(base.driver), base.dsn}, sqltrace.WithDBSystem("sqlite"))
	}},
	{"otelsql inside a registered driver", func(t *testing.T, base opening) *sql.DB {
		name, err := otelsql.Register("sqlite")
		succeed(t, err)
		db, err := sqltrace.Open(name, base.dsn)
		succeed(t, err)
		return db
	}},
	{"otelsql outside a connector", func(_ *testing.T, base opening) *sql.DB {
		return otelsql.OpenDB(sqltrace.WrapConnector(base, sqltrace.WithDBName("daybook.db")))
	}},
	{"otelsql outside a registered driver", func(t *testing.T, base opening) *sql.DB {
		name, err := sqltrace.Register("sqlite")
		succeed(t, err)
		db, err := otelsql.Open(name, base.dsn)
		succeed(t, err)
		return db
	}},
	{"ours twice", func(t *testing.T, base opening) *sql.DB {
		return sqltrace.OpenDB(sqltrace.WrapConnector(base, sqltrace.WithDBName("daybook.db")))
	}},
}

// alone are spans that otelsql has for what this library has none for. They say nothing twice.
var alone = []string{"sql.connector.connect", "sql.conn.reset_session", "sql.conn.prepare", "sql.rows"}

// A program that has otelsql inside or outside of this library has one span for each statement, and counts it once. Whoever is
// outside begins the span and names it; this library's masked text is on it in any case. In traces of a
// provider of the program's own, otelsql inside keeps its spans, and this library has none beside them.
func TestNestings(t *testing.T) {
	for _, own := range []bool{false, true} {
		for _, nesting := range nestings {
			t.Run(fmt.Sprintf("%s, own provider %t", nesting.name, own), func(t *testing.T) {
				p, agent, reader := traceNested(t, nesting, own)
				begunBy, masked := daybookScope, true
				switch {
				case strings.HasPrefix(nesting.name, "otelsql outside"):
					begunBy = otelsqlScope
				case strings.HasPrefix(nesting.name, "otelsql inside") && own:
					begunBy, masked = otelsqlScope, false
				}
				texts := 0
				for _, call := range programCalls() {
					spans := slices.DeleteFunc(p.perform(t, call, daybookScope, otelsqlScope), func(s tracetest.SpanStub) bool {
						return slices.Contains(alone, s.Name)
					})
					if len(spans) != call.spans {
						t.Errorf("%s: spans %q, want %d", call.name, names(spans), call.spans)
					}
					for _, s := range spans {
						if s.InstrumentationScope.Name != begunBy {
							t.Errorf("%s: the span is of %s, want %s", call.name, s.InstrumentationScope.Name, begunBy)
						}
						text := everything(s)
						if masked && strings.Contains(text, canary) {
							t.Errorf("%s: the canary is in %s", call.name, text)
						}
						if strings.Contains(text, "db.query.text") {
							texts++
							if masked != strings.Contains(text, "db.query.summary") {
								t.Errorf("%s: this library described the span: %t, want %t: %s", call.name, !masked, masked, text)
							}
						}
					}
				}
				p.end()
				if texts != programStatements {
					t.Errorf("%d spans of statements, want %d", texts, programStatements)
				}
				if got := agent.Snapshot(0).Endpoints[0].SQLCalls; got != programStatements {
					t.Errorf("%d statements in the account, want %d", got, programStatements)
				}
				if got := measured(t, reader, p.ctx); got != programStatements {
					t.Errorf("%d measurements of statements, want %d", got, programStatements)
				}
			})
		}
	}
}

// A program that has both otelhttp and otelsql has one span for a request and one for its statement, and counts each once.
func TestNestingOfBoth(t *testing.T) {
	for _, nesting := range nestings {
		for name, wrap := range map[string]func(http.Handler) http.Handler{
			"otelhttp inside":  func(h http.Handler) http.Handler { return middleware.New()(otelhttp.NewHandler(h, "theirs")) },
			"otelhttp outside": func(h http.Handler) http.Handler { return otelhttp.NewHandler(middleware.New()(h), "theirs") },
		} {
			t.Run(nesting.name+", "+name, func(t *testing.T) {
				p, agent, _ := traceNested(t, nesting, false)
				p.end()
				var traced trace.SpanContext
				mux := http.NewServeMux()
				mux.HandleFunc("GET /kinds/{id}", func(_ http.ResponseWriter, r *http.Request) {
					traced = trace.SpanContextFromContext(r.Context())
					succeed(t, read(p.db.QueryContext(r.Context(), `SELECT id FROM kinds`)))
				})
				wrap(middleware.CaptureRoute(mux)).ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/kinds/7", nil))
				spans := slices.DeleteFunc(p.spans(), func(s tracetest.SpanStub) bool {
					return slices.Contains(alone, s.Name) || s.SpanContext.TraceID() != traced.TraceID()
				})
				if len(spans) != 2 || spans[0].SpanKind != trace.SpanKindClient || spans[1].SpanKind != trace.SpanKindServer {
					t.Errorf("spans %q, want one for the statement and one for the request", names(spans))
				}
				endpoints := agent.Snapshot(0).Endpoints
				found := slices.IndexFunc(endpoints, func(e apm.EndpointStats) bool { return e.Route == "/kinds/{id}" })
				if found < 0 || endpoints[found].Calls != 1 || endpoints[found].SQLCalls != 1 {
					t.Errorf("endpoints %+v, want one call with one statement", endpoints)
				}
			})
		}
	}
}

// traceNested starts an agent whose providers are the global ones or, with own, one beside the program's own providers, and opens
// SQLite in a transaction.
func traceNested(t *testing.T, nesting nesting, own bool) (*tracing, *apm.Agent, *sdkmetric.ManualReader) {
	t.Helper()
	exporter := tracetest.NewInMemoryExporter()
	if own {
		otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter)))
		otel.SetMeterProvider(sdkmetric.NewMeterProvider())
		t.Cleanup(func() {
			otel.SetTracerProvider(tracenoop.NewTracerProvider())
			otel.SetMeterProvider(metricnoop.NewMeterProvider())
		})
	}
	var reader *sdkmetric.ManualReader
	agent, err := apm.Start(t.Context(), apm.WithSampleRatio(1),
		apm.WithLogger(slog.New(slog.DiscardHandler)),
		apm.WithSpanProcessor(sdktrace.NewSimpleSpanProcessor(exporter)),
		apm.WithMetricReader(func(p sdkmetric.Producer) sdkmetric.Reader {
			reader = sdkmetric.NewManualReader(sdkmetric.WithProducer(p))
			return reader
		}))
	succeed(t, err)
	t.Cleanup(func() { succeed(t, agent.Shutdown(context.WithoutCancel(t.Context()))) })

	sqlite := targets[0]
	plain, err := sql.Open(sqlite.driver, sqlite.dsn)
	succeed(t, err)
	defer plain.Close()
	db := nesting.open(t, opening{plain.Driver(), sqlite.dsn})
	ctx, end := t.Context(), func() {}
	if own {
		var span trace.Span
		ctx, span = otel.Tracer("program").Start(ctx, "program")
		end = func() { span.End() }
	}
	ctx, transaction := apm.StartTransaction(ctx, "program")
	p := &tracing{sqlite, ctx, db, func() { transaction.End(); end() }, exporter.GetSpans}
	return p.ready(t, nil), agent, reader
}

// measured returns how many statements of the transaction db.client.operation.duration has, whoever counts them. The one that
// makes the database ready is not among them: it is outside.
func measured(t *testing.T, reader *sdkmetric.ManualReader, ctx context.Context) (count uint64) {
	t.Helper()
	var metrics metricdata.ResourceMetrics
	succeed(t, reader.Collect(ctx, &metrics))
	for _, scope := range metrics.ScopeMetrics {
		for _, m := range scope.Metrics {
			if m.Name != "db.client.operation.duration" {
				continue
			}
			for _, point := range m.Data.(metricdata.Histogram[float64]).DataPoints {
				count += point.Count
			}
		}
	}
	return count - 1
}
