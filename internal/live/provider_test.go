package live_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/live"
)

var (
	masked = attribute.String("db.query.text", "SELECT ?")
	plain  = attribute.String("db.query.text", "SELECT 'secret'")
	other  = attribute.String("db.user", "shop")
	client = trace.WithSpanKind(trace.SpanKindClient)
)

func newProvider() (trace.TracerProvider, *tracetest.InMemoryExporter) {
	exporter := tracetest.NewInMemoryExporter()
	return live.Provider(sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))), exporter
}

// TestJoin lets a span begin inside another one and looks at what is exported.
func TestJoin(t *testing.T) {
	for _, c := range []struct {
		name         string
		outer, inner string
		outerKind    trace.SpanKind
		ended        bool
		want         []string
	}{
		{"otelsql in ours", live.SQLTrace, live.OTelSQL, trace.SpanKindClient, false, []string{"outer SELECT ? shop Error"}},
		{"ours in otelsql", live.OTelSQL, live.SQLTrace, trace.SpanKindClient, false, []string{"outer SELECT 'secret' shop Error"}},
		{"otelsql in ours that has ended", live.SQLTrace, live.OTelSQL, trace.SpanKindClient, true, []string{"outer SELECT ? Unset"}},
		{"ours in otelsql that has ended", live.OTelSQL, live.SQLTrace, trace.SpanKindClient, true,
			[]string{"outer SELECT ? Unset", "inner shop SELECT 'secret' Error"}},
		{"otelhttp in otelhttp", live.OTelHTTP, live.OTelHTTP, trace.SpanKindClient, false, []string{"outer SELECT ? shop Error"}},
		{"otelhttp in otelhttp that has ended", live.OTelHTTP, live.OTelHTTP, trace.SpanKindClient, true,
			[]string{"outer SELECT ? Unset", "inner shop SELECT 'secret' Error"}},
		{"client in server", live.OTelHTTP, live.OTelHTTP, trace.SpanKindServer, false,
			[]string{"inner shop SELECT 'secret' Error", "outer SELECT ? Unset"}},
		{"SQL in HTTP", live.OTelHTTP, live.OTelSQL, trace.SpanKindClient, false,
			[]string{"inner shop SELECT 'secret' Error", "outer SELECT ? Unset"}},
		{"SQL in the program's own", "program", live.OTelSQL, trace.SpanKindClient, false,
			[]string{"inner shop SELECT 'secret' Error", "outer SELECT ? Unset"}},
		{"the program's own twice", "program", "program", trace.SpanKindClient, false,
			[]string{"inner shop SELECT 'secret' Error", "outer SELECT ? Unset"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			provider, exporter := newProvider()
			ctx, outer := provider.Tracer(c.outer).Start(t.Context(), "outer", trace.WithSpanKind(c.outerKind), trace.WithAttributes(masked))
			if c.ended {
				outer.End()
			}
			if outer.TracerProvider() != provider {
				t.Errorf("the span names another provider, whose spans would not join: %T", outer.TracerProvider())
			}
			_, inner := provider.Tracer(c.inner).Start(ctx, "inner", client, trace.WithAttributes(other))
			inner.SetAttributes(plain)
			inner.SetStatus(codes.Error, "")
			inner.End()
			outer.End()
			var got []string
			for _, s := range exporter.GetSpans() {
				line := s.Name
				for _, a := range s.Attributes {
					line += " " + a.Value.AsString()
				}
				got = append(got, line+" "+s.Status.Code.String())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("spans (-want +got):\n%s", diff)
			}
		})
	}
}

// TestJoinKeepsName gives a span that joins all that holds data, and a name.
func TestJoinKeepsName(t *testing.T) {
	provider, exporter := newProvider()
	ctx, outer := provider.Tracer(live.SQLTrace).Start(t.Context(), "SELECT orders", client)
	_, inner := provider.Tracer(live.OTelSQL).Start(ctx, "sql.conn.query", client)
	inner.SetName("sql.conn.query")
	inner.RecordError(errors.New("secret")) //nolint:forbidigo // What otelsql does.
	inner.SetStatus(codes.Error, "secret")
	outer.End()
	s := exporter.GetSpans()[0]
	if got := fmt.Sprint(s.Name, s.Events, s.Status); got != "SELECT orders[] {Error }" {
		t.Errorf("got %s, want no event and no description", got)
	}
}

// TestPanicValue defers the end of a span as otelhttp does.
func TestPanicValue(t *testing.T) {
	provider, exporter := newProvider()
	func() {
		defer func() {
			if got := recover(); got != "secret" {
				t.Errorf("recovered %v, want what was raised", got)
			}
		}()
		_, span := provider.Tracer(live.OTelHTTP).Start(context.Background(), "GET")
		defer span.End()
		panic("secret")
	}()
	if s := exporter.GetSpans()[0]; len(s.Events) != 0 {
		t.Errorf("events %v, want none: they hold the value of the panic", s.Events)
	}
}
