package apm_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/internal/otlptest"
)

// TestNoDataPage compares the log lines that docs/no-data.md quotes with those that come when each of these things happens.
func TestNoDataPage(t *testing.T) {
	var text bytes.Buffer
	start := func(opts ...apm.Option) *apm.Agent {
		t.Helper()
		agent, err := apm.Start(t.Context(), append(opts, apm.WithLogger(slog.New(slog.NewTextHandler(&text, nil))), apm.WithServiceName("shop"))...)
		if err != nil {
			t.Fatal(err)
		}
		return agent
	}
	stop := func(agent *apm.Agent) { _ = agent.Shutdown(t.Context()) }

	t.Setenv("OTEL_SDK_DISABLED", "true")
	stop(start())
	t.Setenv("OTEL_SDK_DISABLED", "")

	agent := start()
	_, call := apm.StartStatement(context.Background(), apm.Statement{System: "sqlite", Text: "SELECT 1"})
	call.End(nil)
	_, tx := apm.StartTransaction(context.Background(), "job")
	stop(agent)
	tx.End()

	own := sdktrace.NewTracerProvider()
	otel.SetTracerProvider(own)
	stop(start())
	otel.SetTracerProvider(tracenoop.NewTracerProvider())
	_ = own.Shutdown(t.Context())

	receiver := otlptest.New(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.URL)
	stop(start())
	receiver.SetStatus(http.StatusBadRequest)
	stop(start())

	page, err := os.ReadFile("../docs/no-data.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(lines(text.String()), lines(string(page))); diff != "" {
		t.Errorf("lines of the log (-emitted +page):\n%s", diff)
	}
}

var (
	logLine = regexp.MustCompile(`(?m)^.*\b(level=\S+ msg=(?:"[^"]*"|\S+))(.*)$`)
	logKey  = regexp.MustCompile(` ([a-z_]+)=`)
	quoted  = regexp.MustCompile(`"(?:\\.|[^"\\])*"`)
)

// lines returns level, message and keys of the different log lines in a text. Of groups there is only what stands before the first.
func lines(text string) []string {
	var all []string
	for _, m := range logLine.FindAllStringSubmatch(text, -1) {
		line := m[1]
		for _, key := range logKey.FindAllStringSubmatch(quoted.ReplaceAllString(m[2], ""), -1) {
			line += " " + key[1]
		}
		all = append(all, strings.TrimSpace(line))
	}
	slices.Sort(all)
	return slices.Compact(all)
}
