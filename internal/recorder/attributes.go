package recorder

import (
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/semconv"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// name returns the span name of the transaction.
// Source: https://opentelemetry.io/docs/specs/semconv/http/http-spans/#name
func (t *Trace) name() string {
	method := t.Endpoint.Method
	switch method {
	case "":
		return t.Endpoint.Route
	case semconv.MethodOther:
		method = "HTTP"
	}
	if t.Endpoint.Route == transaction.Unmatched {
		return method
	}
	return method + " " + t.Endpoint.Route
}

func (t *Trace) spanKind() trace.SpanKind {
	switch t.Kind {
	case transaction.Server:
		return trace.SpanKindServer
	case transaction.Consumer:
		return trace.SpanKindConsumer
	}
	return trace.SpanKindInternal
}

// attributes returns the attributes of the span of the transaction.
func (t *Trace) attributes() []attribute.KeyValue {
	kvs := make([]attribute.KeyValue, 0, 8)
	kvs = append(kvs, semconv.KeptKey.String(string(t.Reason)))
	if t.Endpoint.Method != "" {
		kvs = append(kvs, semconv.HTTPRequestMethodKey.String(t.Endpoint.Method))
		if t.Endpoint.Route != transaction.Unmatched {
			kvs = append(kvs, semconv.HTTPRouteKey.String(t.Endpoint.Route))
		}
		kvs = appendString(kvs, semconv.URLSchemeKey, t.Scheme)
		kvs = appendInt(kvs, semconv.HTTPStatusCodeKey, t.Outcome.Status)
		kvs = appendInt(kvs, semconv.HTTPRequestBodySizeKey, int(t.Outcome.RequestSize))
		kvs = appendInt(kvs, semconv.HTTPResponseBodySizeKey, int(t.Outcome.ResponseSize))
	}
	return appendString(kvs, semconv.ErrorTypeKey, t.Outcome.ErrorType)
}

// entryName returns the span name of a child.
// Source: https://opentelemetry.io/docs/specs/semconv/database/database-spans/#name
func entryName(e *transaction.Entry) string {
	switch {
	case e.Statement != nil:
		if e.Statement.Summary != "" {
			return e.Statement.Summary
		}
		return e.Statement.Database.System
	case e.Remote == nil:
		return e.Segment
	case e.Remote.System == transaction.HTTP:
		return e.Operation
	default:
		return strings.TrimSpace(e.Remote.System + " " + e.Operation)
	}
}

// entryAttributes returns the attributes of the span of a child.
func entryAttributes(e *transaction.Entry) []attribute.KeyValue {
	kvs := make([]attribute.KeyValue, 0, 10)
	switch {
	case e.Statement != nil:
		kvs = appendStatement(kvs, e)
	case e.Remote != nil:
		if e.Remote.System == transaction.HTTP {
			kvs = appendString(kvs, semconv.HTTPRequestMethodKey, e.Operation)
		}
		kvs = appendString(kvs, semconv.ServerAddressKey, e.Remote.Host)
		kvs = appendInt(kvs, semconv.ServerPortKey, e.Remote.Port)
		kvs = appendInt(kvs, semconv.HTTPStatusCodeKey, e.Status)
	default:
		kvs = appendString(kvs, semconv.SegmentNameKey, e.Segment)
	}
	return appendString(kvs, semconv.ErrorTypeKey, e.ErrorType)
}

func appendStatement(kvs []attribute.KeyValue, e *transaction.Entry) []attribute.KeyValue {
	st := e.Statement
	kvs = appendString(kvs, semconv.DBSystemNameKey, st.Database.System)
	kvs = appendString(kvs, semconv.DBNamespaceKey, st.Database.Namespace)
	kvs = appendString(kvs, semconv.DBOperationNameKey, st.Operation)
	kvs = appendString(kvs, semconv.DBQuerySummaryKey, st.Summary)
	kvs = appendString(kvs, semconv.DBQueryTextKey, st.Text)
	if st.Operation == "SELECT" {
		kvs = append(kvs, semconv.DBReturnedRowsKey.Int64(e.Rows))
	}
	caller := st.Caller()
	colon := strings.LastIndexByte(caller, ':')
	if colon < 0 {
		return kvs
	}
	kvs = append(kvs, semconv.CodeFilePathKey.String(caller[:colon]))
	if line, err := strconv.Atoi(caller[colon+1:]); err == nil {
		kvs = append(kvs, semconv.CodeLineNumberKey.Int(line))
	}
	return kvs
}

func appendString(kvs []attribute.KeyValue, key attribute.Key, value string) []attribute.KeyValue {
	if value == "" {
		return kvs
	}
	return append(kvs, key.String(value))
}

// appendInt leaves out what is zero or not known.
func appendInt(kvs []attribute.KeyValue, key attribute.Key, value int) []attribute.KeyValue {
	if value <= 0 {
		return kvs
	}
	return append(kvs, key.Int(value))
}
