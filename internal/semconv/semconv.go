// Package semconv is the one place that names a version of the OpenTelemetry semantic conventions. It has the
// attribute keys that the library emits, and the small closed sets of values that keep them bounded.
// The complete table with units and meanings is docs/telemetry.md.
package semconv

import (
	"reflect"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// SchemaURL names the version of the conventions that all telemetry of the library follows.
const SchemaURL = semconv.SchemaURL

// Attribute keys of the conventions.
const (
	ErrorTypeKey            = semconv.ErrorTypeKey
	HTTPRequestMethodKey    = semconv.HTTPRequestMethodKey
	HTTPRouteKey            = semconv.HTTPRouteKey
	HTTPStatusCodeKey       = semconv.HTTPResponseStatusCodeKey
	HTTPRequestBodySizeKey  = semconv.HTTPRequestBodySizeKey
	HTTPResponseBodySizeKey = semconv.HTTPResponseBodySizeKey
	URLFullKey              = semconv.URLFullKey
	URLSchemeKey            = semconv.URLSchemeKey
	ServerAddressKey        = semconv.ServerAddressKey
	ServerPortKey           = semconv.ServerPortKey
	DBSystemNameKey         = semconv.DBSystemNameKey
	DBNamespaceKey          = semconv.DBNamespaceKey
	DBOperationNameKey      = semconv.DBOperationNameKey
	DBQuerySummaryKey       = semconv.DBQuerySummaryKey
	DBQueryTextKey          = semconv.DBQueryTextKey
	DBPoolNameKey           = semconv.DBClientConnectionPoolNameKey
	DBConnectionStateKey    = semconv.DBClientConnectionStateKey
	DBReturnedRowsKey       = semconv.DBResponseReturnedRowsKey
	CodeFilePathKey         = semconv.CodeFilePathKey
	CodeLineNumberKey       = semconv.CodeLineNumberKey
	CodeStacktraceKey       = semconv.CodeStacktraceKey
	ExceptionTypeKey        = semconv.ExceptionTypeKey
	ExceptionMessageKey     = semconv.ExceptionMessageKey
	ExceptionStacktraceKey  = semconv.ExceptionStacktraceKey
)

// Resource attribute keys of the conventions.
const (
	ServiceName           = semconv.ServiceNameKey
	ServiceVersion        = semconv.ServiceVersionKey
	ServiceInstanceID     = semconv.ServiceInstanceIDKey
	DeploymentEnvironment = semconv.DeploymentEnvironmentNameKey
	CPUMode               = semconv.CPUModeKey
)

// Attribute keys of our own.
const (
	PhaseKey       = attribute.Key("apm.phase")
	ElapsedBandKey = attribute.Key("apm.elapsed_band")
	SegmentNameKey = attribute.Key("apm.segment.name")
	DirectoryKey   = attribute.Key("apm.directory")
	StatementIDKey = attribute.Key("apm.statement.id")
	KeptKey        = attribute.Key("apm.kept")
)

// MethodOther stands for every method that is not one of the conventions' list.
const MethodOther = "_OTHER"

// Method returns the value of http.request.method for a request's method: itself if it is one of the
// conventions' list, else [MethodOther]. An empty method is GET, as in net/http.
// Source: https://opentelemetry.io/docs/specs/semconv/http/http-spans/
func Method(method string) string {
	switch method {
	case "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE", "QUERY":
		return method
	case "":
		return "GET"
	}
	return MethodOther
}

// ErrorType returns the value of error.type for an error: what its ErrorType method says, else its Go type without
// the wrappers of fmt.Errorf. It never panics, whatever the methods of a foreign error do, and it never calls Error.
func ErrorType(err error) (errorType string) {
	if err == nil {
		return semconv.ErrorTypeOther.Value.AsString()
	}
	defer func() {
		if recover() != nil {
			errorType = reflect.TypeOf(err).String()
		}
	}()
	return semconv.ErrorType(err).Value.AsString()
}
