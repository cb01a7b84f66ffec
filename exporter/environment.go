package exporter

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

// spanSettings are those of the batch span processor.
// Source: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#batch-span-processor
type spanSettings struct {
	delay   time.Duration // between two exports
	timeout time.Duration // of one export, retries included
	queue   int           // spans
	batch   int           // spans
}

// metricSettings are those of the periodic reader.
// Source: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#periodic-exporting-metricreader
type metricSettings struct {
	interval time.Duration
	timeout  time.Duration // of one collection and export, retries included
}

// otlpSettings are those of one signal of the OTLP exporter. Headers, temporality and histogram kind are read by the
// exporter itself: here they are only checked, since it ignores what it does not understand.
// Source: https://opentelemetry.io/docs/specs/otel/protocol/exporter/
type otlpSettings struct {
	endpoint string // whole URL
	timeout  time.Duration
	gzip     bool
	tls      *tls.Config // nil: the defaults
}

func readSpanSettings() (spanSettings, error) {
	delay, err1 := milliseconds("OTEL_BSP_SCHEDULE_DELAY", 5*time.Second)
	timeout, err2 := milliseconds("OTEL_BSP_EXPORT_TIMEOUT", 30*time.Second)
	queue, err3 := positive("OTEL_BSP_MAX_QUEUE_SIZE", "spans", 2048)
	batch, err4 := positive("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "spans", 512)
	return spanSettings{delay, timeout, queue, min(batch, queue)}, errors.Join(err1, err2, err3, err4)
}

func readMetricSettings() (metricSettings, error) {
	interval, err1 := milliseconds("OTEL_METRIC_EXPORT_INTERVAL", time.Minute)
	timeout, err2 := milliseconds("OTEL_METRIC_EXPORT_TIMEOUT", 30*time.Second)
	return metricSettings{interval, timeout}, errors.Join(err1, err2)
}

// signal is a kind of telemetry, as its variables and paths name it.
type signal string

const (
	traces  signal = "traces"
	metrics signal = "metrics"
)

func readOTLPSettings(s signal) (otlpSettings, error) {
	var o otlpSettings
	errs := make([]error, 0, 8)
	check := func(err error) { errs = append(errs, err) }

	name, value := s.lookup("PROTOCOL")
	check(oneOf(name, value, "http/protobuf"))
	name, value = s.lookup("COMPRESSION")
	check(oneOf(name, value, "gzip", "none"))
	o.gzip = !strings.EqualFold(value, "none")
	if s == metrics {
		for name, accepted := range metricPreferences {
			check(oneOf(name, environment(name), accepted...))
		}
	}
	name, _ = s.lookup("TIMEOUT")
	var err error
	o.timeout, err = milliseconds(name, 10*time.Second)
	check(err)
	o.endpoint, err = s.endpoint()
	check(err)
	o.tls, err = s.tls(o.endpoint)
	check(err)
	check(s.checkHeaders())
	return o, errors.Join(errs...)
}

// metricPreferences are the variables that only metrics have, and their values.
var metricPreferences = map[string][]string{
	"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE":        {"cumulative", "delta", "lowmemory"},
	"OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION": {"explicit_bucket_histogram", "base2_exponential_bucket_histogram"},
}

// lookup returns the variable that holds a setting of the signal, and its value: the signal's own if it is set, else
// the one of all signals. An empty variable counts as not set.
func (s signal) lookup(setting string) (name, value string) {
	name = "OTEL_EXPORTER_OTLP_" + strings.ToUpper(string(s)) + "_" + setting
	if value = environment(name); value != "" {
		return name, value
	}
	name = "OTEL_EXPORTER_OTLP_" + setting
	return name, environment(name)
}

// endpoint returns the URL of the signal. The variable of all signals holds a base URL, the signal's own the whole.
func (s signal) endpoint() (string, error) {
	name, value := s.lookup("ENDPOINT")
	if value == "" {
		return "http://localhost:4318/v1/" + string(s), nil
	}
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" ||
		u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		// The value is not repeated: it may hold a password.
		return "", fmt.Errorf("%s is no http://host:port or https://host:port, with a path or without, "+
			"no user, query or fragment (credentials belong in OTEL_EXPORTER_OTLP_HEADERS)", name)
	}
	if name == "OTEL_EXPORTER_OTLP_ENDPOINT" {
		u.Path = path.Join("/", u.Path, "v1", string(s))
	}
	return u.String(), nil
}

// checkHeaders never repeats a value: headers hold credentials.
func (s signal) checkHeaders() error {
	name, value := s.lookup("HEADERS")
	if value == "" {
		return nil
	}
	for i, pair := range strings.Split(value, ",") {
		key, escaped, found := strings.Cut(pair, "=")
		plain, err := url.PathUnescape(escaped)
		if !found || err != nil || !httpguts.ValidHeaderFieldName(strings.TrimSpace(key)) ||
			!httpguts.ValidHeaderFieldValue(strings.TrimSpace(plain)) {
			return fmt.Errorf("%s: header %d is not of the form key=value, with the value percent-encoded and commas between headers", name, i+1)
		}
	}
	return nil
}

// tls returns the certificates to use. The official exporters would read them too, but leave them to the HTTP client
// if they are given one.
func (s signal) tls(endpoint string) (*tls.Config, error) {
	caName, caFile := s.lookup("CERTIFICATE")
	certName, certFile := s.lookup("CLIENT_CERTIFICATE")
	keyName, keyFile := s.lookup("CLIENT_KEY")
	if caFile == "" && certFile == "" && keyFile == "" {
		return nil, nil
	}
	if strings.HasPrefix(endpoint, "http:") {
		return nil, fmt.Errorf("%s, %s or %s is set, but the endpoint of the %s is no https:// URL", caName, certName, keyName, s)
	}
	c := &tls.Config{}
	if caFile != "" {
		pem, err := os.ReadFile(caFile)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", caName, err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: %s holds no certificate in PEM form", caName, caFile)
		}
	}
	if (certFile == "") != (keyFile == "") {
		return nil, fmt.Errorf("%s and %s go together, only one is set", certName, keyName)
	}
	if certFile != "" {
		pair, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", certName, keyName, err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// oneOf returns an error if value is neither empty, that is not set, nor accepted in any case of letters.
func oneOf(name, value string, accepted ...string) error {
	if value == "" || slices.Contains(accepted, strings.ToLower(value)) {
		return nil
	}
	return fmt.Errorf("%s is %q, want %s", name, value, strings.Join(accepted, " or "))
}

func milliseconds(name string, unset time.Duration) (time.Duration, error) {
	n, err := positive(name, "milliseconds", int(unset.Milliseconds()))
	return time.Duration(n) * time.Millisecond, err
}

func positive(name, unit string, unset int) (int, error) {
	value := environment(name)
	if value == "" {
		return unset, nil
	}
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil || n <= 0 {
		return 0, fmt.Errorf("%s is %q, want a number of %s from 1 to 2147483647", name, value, unit)
	}
	return int(n), nil
}

func environment(name string) string { return strings.TrimSpace(os.Getenv(name)) }
