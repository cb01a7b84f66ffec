package recorder

import (
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/daybook-apm/daybook/internal/childspan"
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

// describe returns what the span of a child says: what the live one would, and how the child went.
func describe(e *transaction.Entry) childspan.Description {
	var d childspan.Description
	switch {
	case e.Statement != nil:
		d = childspan.Statement(e.Statement)
		if e.Statement.Operation == "SELECT" {
			d.Attributes = append(d.Attributes, semconv.DBReturnedRowsKey.Int64(e.Rows))
		}
		d.Attributes = appendCaller(d.Attributes, e.Statement.Caller())
	case e.Remote != nil:
		d = childspan.Remote(e.Remote, e.Operation)
		d.Attributes = appendInt(d.Attributes, semconv.HTTPStatusCodeKey, e.Status)
	default:
		d = childspan.Segment(e.Segment)
	}
	d.Attributes = append(d.Attributes, semconv.ErrorTypeKey.String(e.ErrorType))
	return d
}

func appendCaller(kvs []attribute.KeyValue, caller string) []attribute.KeyValue {
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
