package collector_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// receivedSpan is a span and where it came from.
type receivedSpan struct {
	ptrace.Span
	scope ptrace.ScopeSpans
}

// traceText writes all that was received as trees. What depends on the clock or the machine is a truth value.
func traceText(received []ptrace.Traces) string {
	resources := map[string]bool{}
	var spans []receivedSpan
	for _, request := range received {
		for _, source := range request.ResourceSpans().All() {
			resources["resource "+source.SchemaUrl()+"\n"+attributeLines(source.Resource().Attributes())] = true
			for _, scope := range source.ScopeSpans().All() {
				for _, span := range scope.Spans().All() {
					spans = append(spans, receivedSpan{span, scope})
				}
			}
		}
	}
	var b strings.Builder
	for resource := range resources { // All spans have the same one, or the golden file differs.
		b.WriteString(resource)
	}
	slices.SortStableFunc(spans, func(a, b receivedSpan) int { return cmp.Compare(a.StartTimestamp(), b.StartTimestamp()) })
	writeTrees(&b, spans)
	return b.String()
}

func writeTrees(b *strings.Builder, spans []receivedSpan) {
	known := map[pcommon.SpanID]receivedSpan{}
	for _, s := range spans {
		known[s.SpanID()] = s
	}
	var write func(s receivedSpan, indent string)
	write = func(s receivedSpan, indent string) {
		writeSpan(b, s, known, indent)
		for _, child := range spans {
			if child.ParentSpanID() == s.SpanID() {
				write(child, indent+"    ")
			}
		}
	}
	for _, s := range spans {
		if _, ok := known[s.ParentSpanID()]; !ok {
			write(s, "")
		}
	}
}

func writeSpan(b *strings.Builder, s receivedSpan, known map[pcommon.SpanID]receivedSpan, indent string) {
	fmt.Fprintf(b, "%s%s %q status %s %q\n", indent, s.Kind(), s.Name(), s.Status().Code(), s.Status().Message())
	indent += "  "
	fmt.Fprintf(b, "%sscope %s version=%t %s\n", indent, s.scope.Scope().Name(), s.scope.Scope().Version() != "", s.scope.SchemaUrl())
	parent, inside := known[s.ParentSpanID()]
	switch {
	case inside:
		fmt.Fprintf(b, "%sin the same trace=%t, begins after its parent=%t, ends before it=%t\n", indent, s.TraceID() == parent.TraceID(),
			s.StartTimestamp() >= parent.StartTimestamp(), s.EndTimestamp() <= parent.EndTimestamp())
	case !s.ParentSpanID().IsEmpty():
		fmt.Fprintf(b, "%sparent %s in trace %s\n", indent, s.ParentSpanID(), s.TraceID())
	}
	fmt.Fprintf(b, "%slasted=%t\n", indent, s.EndTimestamp() > s.StartTimestamp())
	for _, line := range strings.SplitAfter(attributeLines(s.Attributes()), "\n") {
		if line != "" {
			b.WriteString(indent + line)
		}
	}
	for _, event := range s.Events().All() {
		fmt.Fprintf(b, "%sevent %s, within the span=%t\n", indent, event.Name(),
			event.Timestamp() >= s.StartTimestamp() && event.Timestamp() <= s.EndTimestamp())
		for _, line := range strings.SplitAfter(attributeLines(event.Attributes()), "\n") {
			if line != "" {
				b.WriteString(indent + line)
			}
		}
	}
	for _, link := range s.Links().All() {
		fmt.Fprintf(b, "%slink %s\n", indent, link.SpanID())
	}
}

// machine are the attributes whose values depend on where the test runs.
var machine = []string{
	"service.instance.id", "host.name", "os.type", "process.pid", "process.executable.name", "process.runtime.name",
	"process.runtime.version", "telemetry.sdk.version", "exception.stacktrace", "code.file.path", "code.line.number",
}

func attributeLines(attributes pcommon.Map) string {
	var lines []string
	for key, value := range attributes.All() {
		switch {
		case key == "container.id": // Only in a container.
		case slices.Contains(machine, key):
			lines = append(lines, fmt.Sprintf("  %s some=%t\n", key, value.AsString() != ""))
		default:
			lines = append(lines, fmt.Sprintf("  %s=%s (%s)\n", key, value.AsString(), value.Type()))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}
