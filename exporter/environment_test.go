package exporter_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daybook-apm/daybook/exporter"
	"github.com/daybook-apm/daybook/internal/otlptest"
)

func TestWrongSettings(t *testing.T) {
	notPEM := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(notPEM, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	https := []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://localhost:1"}
	for _, test := range []struct {
		name string
		env  []string
		// want are parts of the error: the variable and what it accepts.
		want []string
	}{
		{"no scheme", []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318"}, []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://host:port"}},
		{"no host", []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://:4318"}, []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://host:port"}},
		{"other scheme", []string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "unix:///run/otel"}, []string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://host:port"}},
		{"no URL", []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://[::1"}, []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://host:port"}},
		{"user", []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://me:SECRET@host:4318"}, []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS"}},
		{"gRPC", []string{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}, []string{`OTEL_EXPORTER_OTLP_PROTOCOL is "grpc"`, "http/protobuf"}},
		{"JSON", []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"}, []string{`OTEL_EXPORTER_OTLP_TRACES_PROTOCOL is "http/json"`, "http/protobuf"}},
		{"compression", []string{"OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"}, []string{`OTEL_EXPORTER_OTLP_COMPRESSION is "zstd"`, "gzip or none"}},
		{"timeout", []string{"OTEL_EXPORTER_OTLP_TIMEOUT", "10s"}, []string{`OTEL_EXPORTER_OTLP_TIMEOUT is "10s"`, "number of milliseconds"}},
		{"no time", []string{"OTEL_METRIC_EXPORT_INTERVAL", "0"}, []string{`OTEL_METRIC_EXPORT_INTERVAL is "0"`, "from 1 to"}},
		{"export timeout", []string{"OTEL_METRIC_EXPORT_TIMEOUT", "-1"}, []string{`OTEL_METRIC_EXPORT_TIMEOUT is "-1"`, "from 1 to"}},
		{"delay", []string{"OTEL_BSP_SCHEDULE_DELAY", "x"}, []string{`OTEL_BSP_SCHEDULE_DELAY is "x"`, "number of milliseconds"}},
		{"queue", []string{"OTEL_BSP_MAX_QUEUE_SIZE", "99999999999"}, []string{"OTEL_BSP_MAX_QUEUE_SIZE", "number of spans"}},
		{"header", []string{"OTEL_EXPORTER_OTLP_HEADERS", "a=b,SECRET"}, []string{"OTEL_EXPORTER_OTLP_HEADERS: header 2", "key=value"}},
		{"header value", []string{"OTEL_EXPORTER_OTLP_METRICS_HEADERS", "a=SECRET%0ax"}, []string{"OTEL_EXPORTER_OTLP_METRICS_HEADERS: header 1", "key=value"}},
		{"temporality", []string{"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "both"}, []string{"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "cumulative or delta or lowmemory"}},
		{"histograms", []string{"OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", "exponential"}, []string{"OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", "base2_exponential_bucket_histogram"}},
		{"certificate without TLS", []string{"OTEL_EXPORTER_OTLP_CERTIFICATE", notPEM}, []string{"OTEL_EXPORTER_OTLP_CERTIFICATE", "https://"}},
		{"no such file", append(https, "OTEL_EXPORTER_OTLP_CERTIFICATE", "/nonexistent"), []string{"OTEL_EXPORTER_OTLP_CERTIFICATE", "/nonexistent"}},
		{"no certificate", append(https, "OTEL_EXPORTER_OTLP_CERTIFICATE", notPEM), []string{"OTEL_EXPORTER_OTLP_CERTIFICATE", "PEM"}},
		{"certificate without key", append(https, "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", notPEM), []string{"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "OTEL_EXPORTER_OTLP_CLIENT_KEY"}},
		{"no key", append(https, "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", notPEM, "OTEL_EXPORTER_OTLP_CLIENT_KEY", notPEM), []string{"OTEL_EXPORTER_OTLP_CLIENT_KEY"}},
		{
			"all at once",
			[]string{"OTEL_EXPORTER_OTLP_TIMEOUT", "x", "OTEL_EXPORTER_OTLP_ENDPOINT", "y", "OTEL_BSP_EXPORT_TIMEOUT", "z"},
			[]string{"OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_BSP_EXPORT_TIMEOUT"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			environ(t, test.env...)
			otlp, err := exporter.NewOTLP(t.Context())
			if err == nil {
				otlp.Shutdown(t.Context())
				t.Fatal("no error")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "SECRET") {
				t.Errorf("error %q tells a secret", err)
			}
		})
	}
}

// TestNobodyNeedsToListen: a receiver that cannot be reached is no error at the start.
func TestNobodyNeedsToListen(t *testing.T) {
	environ(t)
	otlp, err := exporter.NewOTLP(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := otlp.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

// certificate writes a self-signed certificate and its key, and returns their files.
func certificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: cert},
		keyFile:  {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

func TestMutualTLS(t *testing.T) {
	serverCert, serverKey := certificate(t)
	clientCert, clientKey := certificate(t)
	pair, err := tls.LoadX509KeyPair(serverCert, serverKey)
	if err != nil {
		t.Fatal(err)
	}
	clients := x509.NewCertPool()
	clientPEM, err := os.ReadFile(clientCert)
	if err != nil {
		t.Fatal(err)
	}
	clients.AppendCertsFromPEM(clientPEM)
	r := otlptest.New(t)
	server := httptest.NewUnstartedServer(r)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()

	for _, test := range []struct {
		name    string
		env     []string
		succeed bool
	}{
		{"both", []string{"OTEL_EXPORTER_OTLP_CERTIFICATE", serverCert, "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", clientCert, "OTEL_EXPORTER_OTLP_CLIENT_KEY", clientKey}, true},
		{"no client certificate", []string{"OTEL_EXPORTER_OTLP_CERTIFICATE", serverCert}, false},
		{"unknown server", nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			environ(t, append(test.env, "OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)...)
			s := start(t, &producer{})
			s.span("s")
			r.Reset()
			if err := s.flush(t); (err == nil) != test.succeed {
				t.Errorf("ForceFlush: %v, want success %v", err, test.succeed)
			}
			if got := len(r.Requests()); (got == 2) != test.succeed {
				t.Errorf("%d requests arrived, want success %v", got, test.succeed)
			}
		})
	}
}
