package apm_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/daybook-apm/daybook/apm"
)

// TestWrongSettings must name the setting and what it accepts.
func TestWrongSettings(t *testing.T) {
	for _, c := range []struct {
		name        string
		environment map[string]string
		option      apm.Option
		want        []string
	}{
		{"sampler", map[string]string{"OTEL_TRACES_SAMPLER": "often"}, nil, []string{"OTEL_TRACES_SAMPLER", "often", "parentbased_traceidratio"}},
		{"ratio", map[string]string{"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "2"}, nil, []string{"OTEL_TRACES_SAMPLER_ARG", `"2"`, "0 to 1"}},
		{"ratio alone", map[string]string{"OTEL_TRACES_SAMPLER_ARG": "x"}, nil, []string{"OTEL_TRACES_SAMPLER_ARG", "0 to 1"}},
		{"ratio NaN", map[string]string{"OTEL_TRACES_SAMPLER_ARG": "NaN"}, nil, []string{"OTEL_TRACES_SAMPLER_ARG", "0 to 1"}},
		{"propagators", map[string]string{"OTEL_PROPAGATORS": "b3,smoke"}, nil, []string{"OTEL_PROPAGATORS", "smoke", "tracecontext"}},
		{"traces exporter", map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}, nil, []string{"OTEL_TRACES_EXPORTER", "zipkin", "otlp, console or none"}},
		{"metrics exporter", map[string]string{"OTEL_METRICS_EXPORTER": "prom"}, nil, []string{"OTEL_METRICS_EXPORTER", "prom", "otlp, console or none"}},
		{"endpoint", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4318"}, nil, []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://host:port"}},
		{"protocol", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, nil, []string{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "http/protobuf"}},
		{"two at once", map[string]string{"OTEL_TRACES_SAMPLER": "often", "OTEL_METRICS_EXPORTER": "prom"}, nil, []string{"OTEL_TRACES_SAMPLER", "OTEL_METRICS_EXPORTER"}},
		{"ratio option", nil, apm.WithSampleRatio(2), []string{"WithSampleRatio(2)", "0 to 1"}},
		{"slow option", nil, apm.WithSlowThreshold(-time.Second), []string{"WithSlowThreshold(-1s)", "above zero"}},
		{"route option", nil, apm.WithRouteThreshold("/x", 0), []string{`WithRouteThreshold("/x", 0s)`, "above zero"}},
		{"endpoints option", nil, apm.WithMaxEndpoints(0), []string{"WithMaxEndpoints(0)", "above zero"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, value := range c.environment {
				t.Setenv(name, value)
			}
			agent, err := apm.Start(t.Context(), c.option, quiet())
			if err == nil {
				agent.Shutdown(t.Context())
				t.Fatal("Start succeeded")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
}

func quiet() apm.Option { return apm.WithLogger(slog.New(slog.DiscardHandler)) }

// TestGoodSettings must all be accepted.
func TestGoodSettings(t *testing.T) {
	for _, c := range []map[string]string{
		{},
		{"OTEL_TRACES_SAMPLER": "always_on"},
		{"OTEL_TRACES_SAMPLER": "ALWAYS_OFF"},
		{"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.25"},
		{"OTEL_TRACES_SAMPLER": "traceidratio"},
		{"OTEL_TRACES_SAMPLER": "parentbased_always_on"},
		{"OTEL_TRACES_SAMPLER": "parentbased_always_off"},
		{"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "1"},
		{"OTEL_PROPAGATORS": "b3, tracecontext ,b3"},
		{"OTEL_PROPAGATORS": "none"},
		{"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "None"},
		{"OTEL_SDK_DISABLED": "TRUE"},
	} {
		t.Run("", func(t *testing.T) {
			for name, value := range c {
				t.Setenv(name, value)
			}
			agent, err := apm.Start(t.Context(), quiet())
			if err != nil {
				t.Fatalf("%v: %v", c, err)
			}
			if err := agent.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}
