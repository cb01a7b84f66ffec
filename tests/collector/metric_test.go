package collector_test

import (
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// metricText writes all metrics that were received in rounds, each of which is one request, in the order of their names: the
// SDK has none. What depends on the clock or
// the machine is a truth value.
func metricText(rounds []pmetric.Metrics) string {
	var b strings.Builder
	last := map[string]period{}
	for i, round := range rounds {
		fmt.Fprintf(&b, "# export %d\n", i+1)
		for _, source := range round.ResourceMetrics().All() {
			fmt.Fprintf(&b, "resource %s\n%s", source.SchemaUrl(), attributeLines(source.Resource().Attributes()))
			var scopes []string
			for _, scope := range source.ScopeMetrics().All() {
				var metrics []string
				for _, metric := range scope.Metrics().All() {
					// The runtime has it only if GOMEMLIMIT says so.
					if metric.Name() != "go.memory.limit" {
						metrics = append(metrics, oneMetric(metric, last))
					}
				}
				slices.Sort(metrics)
				scopes = append(scopes, fmt.Sprintf("scope %s version=%t %s\n%s", scope.Scope().Name(), scope.Scope().Version() != "",
					scope.SchemaUrl(), strings.Join(metrics, "")))
			}
			slices.Sort(scopes)
			b.WriteString(strings.Join(scopes, ""))
		}
	}
	return b.String()
}

// period is what a point covers.
type period struct{ start, end pcommon.Timestamp }

// oneMetric writes a metric, and notes in last what it covers.
func oneMetric(metric pmetric.Metric, last map[string]period) string {
	var lines []string
	var covered period
	add := func(attributes pcommon.Map, p period, format string, values ...any) {
		line := strings.ReplaceAll(strings.TrimSpace(strings.ReplaceAll(attributeLines(attributes), "\n", ",")), ",  ", ", ")
		lines = append(lines, "  {"+strings.TrimSuffix(line, ",")+"} "+fmt.Sprintf(format, values...)+since(p, last[metric.Name()])+"\n")
		covered = p
	}
	kind := metric.Type().String()
	switch metric.Type() {
	case pmetric.MetricTypeSum:
		kind = fmt.Sprintf("%s %s monotonic=%t", kind, metric.Sum().AggregationTemporality(), metric.Sum().IsMonotonic())
		for _, p := range metric.Sum().DataPoints().All() {
			add(p.Attributes(), period{p.StartTimestamp(), p.Timestamp()}, "%s", number(metric, p))
		}
	case pmetric.MetricTypeGauge:
		for _, p := range metric.Gauge().DataPoints().All() {
			add(p.Attributes(), period{0, p.Timestamp()}, "%s", number(metric, p))
		}
	case pmetric.MetricTypeHistogram:
		kind = fmt.Sprintf("%s %s", kind, metric.Histogram().AggregationTemporality())
		for _, p := range metric.Histogram().DataPoints().All() {
			add(p.Attributes(), period{p.StartTimestamp(), p.Timestamp()}, "count %d in buckets %d of bounds %v, sum some=%t, exemplars %d",
				p.Count(), total(p.BucketCounts()), p.ExplicitBounds().AsRaw(), p.Sum() > 0, p.Exemplars().Len())
		}
	case pmetric.MetricTypeExponentialHistogram:
		kind = fmt.Sprintf("%s %s", kind, metric.ExponentialHistogram().AggregationTemporality())
		for _, p := range metric.ExponentialHistogram().DataPoints().All() {
			add(p.Attributes(), period{p.StartTimestamp(), p.Timestamp()}, "count %d in buckets %d of scale %d, sum some=%t, exemplars %d",
				p.Count(), p.ZeroCount()+total(p.Positive().BucketCounts()), p.Scale(), p.Sum() > 0, p.Exemplars().Len())
		}
	default:
		lines = append(lines, "  not one of ours\n")
	}
	last[metric.Name()] = covered
	slices.Sort(lines)
	return fmt.Sprintf("%s [%s] %s: %s\n%s", metric.Name(), metric.Unit(), kind, metric.Description(), strings.Join(lines, ""))
}

// since says where a point begins, seen from the export before.
func since(p, last period) string {
	switch {
	case p.start == 0 || last.end == 0:
		return ""
	case p.start == last.start:
		return ", since the start"
	case p.start == last.end:
		return ", since the last export"
	}
	return ", since another time"
}

// number writes a count, and of what is measured whether it is there.
func number(metric pmetric.Metric, p pmetric.NumberDataPoint) string {
	for _, prefix := range []string{"go.", "process.", "apm.filesystem."} {
		if strings.HasPrefix(metric.Name(), prefix) {
			return fmt.Sprintf("some=%t", p.IntValue() >= 0 || p.DoubleValue() >= 0)
		}
	}
	if p.ValueType() == pmetric.NumberDataPointValueTypeDouble {
		return fmt.Sprintf("some=%t", p.DoubleValue() > 0)
	}
	return fmt.Sprint(p.IntValue())
}

func total(counts pcommon.UInt64Slice) (sum uint64) {
	for _, count := range counts.All() {
		sum += count
	}
	return sum
}
