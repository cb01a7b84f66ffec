package childspan_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/daybook-apm/daybook/internal/childspan"
	"github.com/daybook-apm/daybook/internal/sqltext"
	"github.com/daybook-apm/daybook/internal/transaction"
)

func TestDescriptions(t *testing.T) {
	shop := sqltext.Open("postgresql", "shop")
	for _, c := range []struct {
		name string
		d    childspan.Description
		want string
	}{
		{
			"statement", childspan.Statement(shop.Statement("SELECT a FROM users WHERE b = 'secret'")),
			"client SELECT users: db.system.name=postgresql db.namespace=shop db.operation.name=SELECT " +
				"db.query.summary=SELECT users db.query.text=SELECT a FROM users WHERE b = ?",
		},
		{
			"statement of no known operation", childspan.Statement(sqltext.Open("sqlite", "").Statement("(")),
			"client sqlite: db.system.name=sqlite db.query.text=(",
		},
		{
			"HTTP", childspan.Remote(transaction.InternRemote("http", "api", 443), "POST"),
			"client POST: http.request.method=POST server.address=api server.port=443",
		},
		{
			"other remote", childspan.Remote(transaction.InternRemote("redis", "cache", 0), ""),
			"client redis: server.address=cache",
		},
		{"segment", childspan.Segment("render"), "internal render: apm.segment.name=render"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := fmt.Sprintf("%s %s:", c.d.Kind, c.d.Name)
			for _, a := range c.d.Known() {
				got += fmt.Sprintf(" %s=%s", a.Key, a.Value.String())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("span (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEnd(t *testing.T) {
	exporter := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	childspan.End(nil, "timeout") // What is not traced.
	for _, errorType := range []string{"", "timeout", transaction.CanceledError} {
		_, span := childspan.Start(t.Context(), t.Context(), provider, "test", childspan.Segment(errorType))
		childspan.End(span, errorType)
	}
	want := map[string]codes.Code{"": codes.Unset, "timeout": codes.Error, transaction.CanceledError: codes.Unset}
	got := map[string]codes.Code{}
	for _, s := range exporter.GetSpans() {
		got[s.Name] = s.Status.Code
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
}
