package apm_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/internal/otlptest"
)

func TestStartTwice(t *testing.T) {
	first, err := apm.Start(t.Context(), quiet())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := apm.Start(t.Context(), quiet()); err == nil || !strings.Contains(err.Error(), "running already") {
		t.Errorf("a second Start: %v", err)
	}
	if err := first.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	second, err := apm.Start(t.Context(), quiet())
	if err != nil {
		t.Fatalf("Start after Shutdown: %v", err)
	}
	if err := second.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestWithoutAgent calls everything before Start.
func TestWithoutAgent(t *testing.T) {
	ctx, tx := apm.StartTransaction(t.Context(), "job")
	if tx != nil || ctx != t.Context() {
		t.Error("a transaction without an agent")
	}
	tx.SetRoute("/x")
	tx.SetStatus(200)
	tx.Fail(errors.New("x"))
	tx.End()
	_, s := apm.StartSegment(ctx, "part")
	s.End()
	_, c := apm.StartStatement(ctx, apm.Statement{System: "sqlite", Text: "SELECT 1"})
	c.End(nil)
	_, c = apm.StartRemote(ctx, apm.Remote{System: "redis", Host: "h", Port: 1})
	c.End(errors.New("x"))
	apm.RecordError(ctx, errors.New("x"))
	apm.SetUser(ctx, "me")
	apm.Ignore(ctx)
}

// TestDisabled must be a pass-through that still can be shut down.
func TestDisabled(t *testing.T) {
	t.Setenv("OTEL_SDK_DISABLED", "true")
	agent, err := apm.Start(t.Context(), quiet())
	if err != nil {
		t.Fatal(err)
	}
	if _, tx := apm.StartTransaction(apm.NewContext(t.Context(), agent), "job"); tx != nil {
		t.Error("a transaction although OTEL_SDK_DISABLED is true")
	}
	if s := agent.Snapshot(0); len(s.Endpoints) != 0 {
		t.Errorf("snapshot %+v", s)
	}
	if a := agent.Active(); len(a) != 0 {
		t.Errorf("active %+v", a)
	}
	if err := errors.Join(agent.ForceFlush(t.Context()), agent.Shutdown(t.Context()), agent.Shutdown(t.Context())); err != nil {
		t.Error(err)
	}
}

// TestGlobals sets what is not set, leaves alone what is, and cleans up.
func TestGlobals(t *testing.T) {
	agent, err := apm.Start(t.Context(), quiet())
	if err != nil {
		t.Fatal(err)
	}
	if _, span := otel.Tracer("x").Start(t.Context(), "x"); !span.SpanContext().IsValid() {
		t.Errorf("the global tracer provider is %T, which makes no spans", otel.GetTracerProvider())
	}
	if fields := otel.GetTextMapPropagator().Fields(); len(fields) == 0 {
		t.Error("there is no global propagator")
	}
	agent.Shutdown(t.Context())
	if _, span := otel.Tracer("x").Start(t.Context(), "x"); span.SpanContext().IsValid() {
		t.Error("a provider that was shut down is still the global one")
	}

	own := sdktrace.NewTracerProvider()
	defer own.Shutdown(t.Context())
	otel.SetTracerProvider(own)
	defer otel.SetTracerProvider(tracenoop.NewTracerProvider())
	var log bytes.Buffer
	agent, err = apm.Start(t.Context(), apm.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	if err != nil {
		t.Fatal(err)
	}
	defer agent.Shutdown(t.Context())
	if otel.GetTracerProvider() != own {
		t.Error("the program's own provider was replaced")
	}
	if !strings.Contains(log.String(), "tracer provider is left alone") {
		t.Errorf("no log line says so: %s", log.String())
	}
}

// TestUnreachable starts, runs and stops although nobody listens.
func TestUnreachable(t *testing.T) {
	receiver := otlptest.New(t)
	receiver.Refuse()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.URL)
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "200")
	agent, err := apm.Start(t.Context(), quiet())
	if err != nil {
		t.Fatal(err)
	}
	run(apm.NewContext(t.Context(), agent))
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := agent.Shutdown(ctx); err == nil {
		t.Error("Shutdown says that everything was delivered")
	}
	if d := time.Since(began); d > 3*time.Second {
		t.Errorf("Shutdown took %v", d)
	}
}

func run(ctx context.Context) {
	ctx, tx := apm.StartTransaction(ctx, "job")
	defer tx.End()
	_, c := apm.StartStatement(ctx, apm.Statement{System: "postgresql", Namespace: "fans", Text: "SELECT a FROM t WHERE b = 'secret'"})
	c.End(errors.New("canary"))
	_, c = apm.StartRemote(ctx, apm.Remote{System: "redis", Host: "cache", Port: 6379, Operation: "GET"})
	c.End(nil)
	apm.RecordError(ctx, errors.New("canary"))
	apm.SetUser(ctx, "me")
}

// TestSamplerLine names the sampler as OTEL_TRACES_SAMPLER does.
func TestSamplerLine(t *testing.T) {
	for _, c := range []struct {
		variable, argument string
		option             apm.Option
		want               string
	}{
		{"always_on", "", nil, "always_on sample_ratio=1"},
		{"always_off", "", nil, "always_off sample_ratio=0"},
		{"traceidratio", "0.2", nil, "traceidratio sample_ratio=0.2"},
		{"parentbased_always_on", "", nil, "parentbased_always_on sample_ratio=1"},
		{"parentbased_always_off", "", nil, "parentbased_always_off sample_ratio=0"},
		{"parentbased_traceidratio", "0.2", nil, "parentbased_traceidratio sample_ratio=0.2"},
		{"always_on", "", apm.WithSampleRatio(0.5), "parentbased_traceidratio sample_ratio=0.5"},
	} {
		t.Setenv("OTEL_TRACES_SAMPLER", c.variable)
		t.Setenv("OTEL_TRACES_SAMPLER_ARG", c.argument)
		var log bytes.Buffer
		agent, err := apm.Start(t.Context(), apm.WithLogger(slog.New(slog.NewTextHandler(&log, nil))), c.option)
		if err != nil {
			t.Fatal(err)
		}
		agent.Shutdown(t.Context())
		if !strings.Contains(log.String(), " sampler="+c.want+"\n") {
			t.Errorf("%s %s: the log says %q, want sampler=%s", c.variable, c.argument, log.String(), c.want)
		}
	}
}

// TestStartLine says in one line where telemetry goes.
func TestStartLine(t *testing.T) {
	receiver := otlptest.New(t)
	for _, c := range []struct{ endpoint, want string }{
		{"", "started without export"},
		{"", "traces=none metrics=none sampler=parentbased_traceidratio sample_ratio=0.01\n"},
		{receiver.URL, "traces=otlp metrics=otlp traces_endpoint=" + receiver.URL + "/v1/traces metrics_endpoint=" + receiver.URL +
			"/v1/metrics protocol=http/protobuf sampler="},
	} {
		t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.endpoint)
		var log bytes.Buffer
		agent, err := apm.Start(t.Context(), apm.WithLogger(slog.New(slog.NewTextHandler(&log, nil))), apm.WithServiceName("fans"))
		if err != nil {
			t.Fatal(err)
		}
		started := log.String()
		agent.Shutdown(t.Context())
		if strings.Count(started, "\n") != 1 || !strings.Contains(started, c.want) || !strings.Contains(started, "service=fans") {
			t.Errorf("with endpoint %q the log says %q, want one line with %q", c.endpoint, started, c.want)
		}
	}
}
