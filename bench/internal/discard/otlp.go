package discard

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync/atomic"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// OTLP encodes metrics as the OTLP/HTTP exporter does, compressed with gzip, and drops the result
// where it would be sent. It is for measuring what an export costs.
type OTLP struct {
	exporter sdkmetric.Exporter
	sent     atomic.Int64
	data     metricdata.ResourceMetrics
}

// NewOTLP returns an OTLP.
func NewOTLP(ctx context.Context) (*OTLP, error) {
	o := &OTLP{}
	exporter, err := otlpmetrichttp.New(ctx,
		otlpmetrichttp.WithEndpointURL("http://collector.invalid:4318/v1/metrics"),
		otlpmetrichttp.WithCompression(otlpmetrichttp.GzipCompression),
		otlpmetrichttp.WithHTTPClient(&http.Client{Transport: o}))
	if err != nil {
		return nil, err
	}
	o.exporter = exporter
	return o, nil
}

// Collect gathers reader's metrics.
func (o *OTLP) Collect(ctx context.Context, reader sdkmetric.Reader) error {
	return reader.Collect(ctx, &o.data)
}

// Export encodes what Collect gathered last and returns the size of the compressed body in bytes.
func (o *OTLP) Export(ctx context.Context) (int, error) {
	before := o.sent.Load()
	err := o.exporter.Export(ctx, &o.data)
	return int(o.sent.Load() - before), err
}

// RoundTrip implements [http.RoundTripper].
func (o *OTLP) RoundTrip(r *http.Request) (*http.Response, error) {
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		return nil, err
	}
	o.sent.Add(n)
	return &http.Response{
		Status:     "200 OK",
		StatusCode: http.StatusOK,
		Header:     http.Header{"Content-Type": {"application/x-protobuf"}},
		Body:       io.NopCloser(bytes.NewReader(nil)),
		Request:    r,
	}, nil
}
