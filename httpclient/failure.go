package httpclient

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/daybook-apm/daybook/internal/semconv"
	"github.com/daybook-apm/daybook/internal/transaction"
)

// The classes of failures that are not told by a status.
const (
	timeoutError  = transaction.TimeoutError
	canceledError = transaction.CanceledError
	refusedError  = "connection_refused"
	resetError    = "connection_reset"
	dnsError      = "dns"
	tlsError      = "tls"
	eofError      = "eof"
)

// statusFailures are the statuses that are failures, 400 to 599, so that none is formatted anew for each call.
var statusFailures = func() (s [200]string) {
	for i := range s {
		s[i] = strconv.Itoa(400 + i)
	}
	return s
}()

// statusFailure returns the error.type of a status; empty: no failure.
func statusFailure(status int) string {
	switch i := status - 400; {
	case i < 0:
		return ""
	case i < len(statusFailures):
		return statusFailures[i]
	}
	return strconv.Itoa(status)
}

// failure returns the error.type of an error that a call of req ended with. It never panics, whatever a foreign
// error's methods do.
func failure(req *http.Request, err error) (errorType string) {
	defer func() {
		if recover() != nil {
			errorType = reflect.TypeOf(err).String()
		}
	}()
	if c := class(err); c != "" {
		return c
	}
	// A context's cause can be any error, and a deadline of http.Client ends as "request canceled".
	if c := givenUp(req); c != "" {
		return c
	}
	return semconv.ErrorType(err)
}

// class returns the class of err; empty: it has none.
func class(err error) string {
	var (
		resolution *net.DNSError
		deadline   interface{ Timeout() bool }
	)
	switch {
	case errors.Is(err, context.Canceled):
		return canceledError
	case errors.Is(err, context.DeadlineExceeded):
		return timeoutError
	case errors.As(err, &resolution):
		// Its own time-out is the name server's, and nothing that a faster service would cure.
		return dnsError
	case errors.As(err, &deadline) && deadline.Timeout():
		return timeoutError
	case errors.Is(err, errRefused):
		return refusedError
	case errors.Is(err, errReset), errors.Is(err, errPipe):
		return resetError
	case isTLS(err):
		return tlsError
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return eofError
	}
	switch text := plainText(err); {
	case text == "http: server closed idle connection":
		return eofError
	case text == "http2: client connection lost":
		return resetError
	case strings.HasPrefix(text, "tls: "), strings.HasPrefix(text, "x509: "):
		return tlsError
	}
	return ""
}

// isTLS reports whether err comes from a handshake or the verification of a certificate.
func isTLS(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		record       tls.RecordHeaderError
		alert        tls.AlertError
		encrypted    *tls.ECHRejectionError
		authority    x509.UnknownAuthorityError
		hostname     x509.HostnameError
		invalid      x509.CertificateInvalidError
		operation    *net.OpError
	)
	switch {
	case errors.Is(err, http.ErrSchemeMismatch),
		errors.As(err, &verification), errors.As(err, &record), errors.As(err, &alert), errors.As(err, &encrypted),
		errors.As(err, &authority), errors.As(err, &hostname), errors.As(err, &invalid):
		return true
	case errors.As(err, &operation):
		// The alerts that crypto/tls gets and sends have a type that it does not export.
		return operation.Op == "remote error" || operation.Op == "local error"
	}
	return false
}

// plainText returns the text of the innermost error if it is one of errors.New: some of net/http's and crypto/tls's errors can
// be told by nothing else. It calls no method of a foreign error but Unwrap.
func plainText(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			break
		}
		err = inner
	}
	if reflect.TypeOf(err) != plainType {
		return ""
	}
	return err.Error()
}

var plainType = reflect.TypeOf(io.EOF)

// givenUp returns how the caller of req gave it up; empty: not at all.
func givenUp(req *http.Request) string {
	ctx := req.Context()
	switch err := ctx.Err(); {
	case errors.Is(err, context.DeadlineExceeded):
		return timeoutError
	case err != nil:
		return canceledError
	}
	select {
	case <-req.Cancel: //nolint:staticcheck // Deprecated, and still what http.Client uses for its time-out.
		// http.Client closes it at its time-out, in the moment when the deadline of the context passes.
		if d, ok := ctx.Deadline(); ok && !time.Now().Before(d) {
			return timeoutError
		}
		return canceledError
	default:
		return ""
	}
}
