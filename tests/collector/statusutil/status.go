package statusutil

import (
	"net/http"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// NewStatusFromMsgAndHTTPCode returns the status that a receiver's answer with this HTTP code carries in its body.
// Source: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto (the HTTP mapping of each code)
func NewStatusFromMsgAndHTTPCode(message string, code int) *status.Status {
	return status.New(codeOf(code), message)
}

func codeOf(code int) codes.Code {
	switch code {
	case http.StatusBadRequest:
		return codes.InvalidArgument
	case http.StatusUnauthorized:
		return codes.Unauthenticated
	case http.StatusForbidden:
		return codes.PermissionDenied
	case http.StatusNotFound:
		return codes.Unimplemented
	case http.StatusTooManyRequests:
		return codes.ResourceExhausted
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return codes.Unavailable
	}
	if code >= http.StatusInternalServerError {
		return codes.Internal
	}
	return codes.Unknown
}

// GetRetryInfo returns the retry information that is attached to s, or nil.
func GetRetryInfo(s *status.Status) *errdetails.RetryInfo {
	for _, detail := range s.Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			return info
		}
	}
	return nil
}
