package apm_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/apm/apmtest"
	daybookhttp "github.com/daybook-apm/daybook/middleware"
)

// described is what is known of an instrument: its kind and unit, and which attributes it has.
type described struct {
	Kind       string
	Attributes []string
}

// TestTelemetryPage compares docs/telemetry.md with what a service that does everything emits.
func TestTelemetryPage(t *testing.T) {
	ctx, recorder := apmtest.New(t, apm.WithMaxEndpoints(8))
	s := newService(t)
	for _, p := range paths {
		s.serve(ctx, p[0], p[1])
	}
	for i := range 10 {
		// More routes than there is room for, and errors.
		ctx, tx := apm.StartTransaction(ctx, fmt.Sprint("job", i))
		run(ctx)
		for range 10 {
			s.query(ctx, "SELECT wait=1us")
		}
		tx.Fail(errors.New("x"))
		tx.End()
	}
	s.query(ctx, "SELECT wait=1us") // Without a transaction.

	emitted := map[string]described{}
	var metrics metricdata.ResourceMetrics
	// Collected while a request runs, so that there is an active one.
	collect := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { metrics = recorder.Metrics() })
	(&service{handler: daybookhttp.New()(collect)}).serve(ctx, "GET", "/")
	for _, scope := range metrics.ScopeMetrics {
		for _, m := range scope.Metrics {
			emitted[m.Name] = describe(t, m)
		}
	}
	page := telemetryPage(t)
	documented, optional := readTable(page, "Metrics")
	// Depends on GOMEMLIMIT; waits need a pool that is at its limit, dropped spans and failed exports an exporter.
	for _, name := range []string{
		"go.memory.limit", "db.client.connection.wait_count", "db.client.connection.wait_duration",
		"apm.agent.dropped", "apm.agent.export.failures",
	} {
		if _, ok := emitted[name]; !ok {
			emitted[name] = documented[name]
		}
	}
	for name, d := range emitted {
		// Optional attributes need not have been seen.
		d.Attributes = append(d.Attributes, optional[name]...)
		slices.Sort(d.Attributes)
		d.Attributes = slices.Compact(d.Attributes)
		emitted[name] = d
	}
	if diff := cmp.Diff(documented, emitted); diff != "" {
		t.Errorf("docs/telemetry.md and the code differ (-page +emitted):\n%s", diff)
	}

	attributes := map[string]bool{}
	for _, d := range emitted {
		for _, a := range d.Attributes {
			attributes[a] = true
		}
	}
	listed, _ := readTable(page, "Attributes")
	if diff := cmp.Diff(slices.Sorted(maps.Keys(listed)), slices.Sorted(maps.Keys(attributes))); diff != "" {
		t.Errorf("the attributes of docs/telemetry.md and of the code differ (-page +emitted):\n%s", diff)
	}
}

func telemetryPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../docs/telemetry.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// readTable reads a table of the page: name, kind (and unit), attributes, and which of these are optional.
func readTable(page, heading string) (all map[string]described, optional map[string][]string) {
	all, optional = map[string]described{}, map[string][]string{}
	row := regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ([^|]*) \\| ([^|]*)\\|")
	_, section, _ := strings.Cut(page, "\n## "+heading+"\n")
	section, _, _ = strings.Cut(section, "\n## ")
	for _, r := range row.FindAllStringSubmatch(section, -1) {
		var attributes []string
		for _, a := range regexp.MustCompile("(\\(?)`([^`]+)`").FindAllStringSubmatch(r[3], -1) {
			attributes = append(attributes, a[2])
			if a[1] != "" {
				optional[r[1]] = append(optional[r[1]], a[2])
			}
		}
		slices.Sort(attributes)
		all[r[1]] = described{r[2], attributes}
	}
	return all, optional
}

func describe(t *testing.T, m metricdata.Metrics) described {
	t.Helper()
	kind := ""
	seen := map[string]bool{}
	add := func(set attribute.Set) {
		for _, kv := range set.ToSlice() {
			seen[string(kv.Key)] = true
		}
	}
	sum := func(monotonic bool) string {
		if monotonic {
			return "counter"
		}
		return "updowncounter"
	}
	switch d := m.Data.(type) {
	case metricdata.Sum[int64]:
		kind = sum(d.IsMonotonic)
		for _, p := range d.DataPoints {
			add(p.Attributes)
		}
	case metricdata.Sum[float64]:
		kind = sum(d.IsMonotonic)
		for _, p := range d.DataPoints {
			add(p.Attributes)
		}
	case metricdata.Gauge[int64]:
		kind = "gauge"
		for _, p := range d.DataPoints {
			add(p.Attributes)
		}
	case metricdata.Gauge[float64]:
		kind = "gauge"
		for _, p := range d.DataPoints {
			add(p.Attributes)
		}
	case metricdata.Histogram[float64]:
		kind = "histogram"
		for _, p := range d.DataPoints {
			add(p.Attributes)
		}
	default:
		t.Errorf("%s: unexpected %T", m.Name, m.Data)
	}
	return described{kind + " " + m.Unit, slices.Sorted(maps.Keys(seen))}
}
