package datadog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/tinylib/msgp/msgp"

	"github.com/daybook-apm/daybook/bench"
)

// intake is the tracer's transport, and answers in the agent's place.
type intake struct {
	inspect bool

	mu  sync.Mutex
	sum bench.Records
	err error
}

const (
	infoReply   = `{"version":"7.79.0","endpoints":["/v0.4/traces","/v0.6/stats"],"client_drop_p0s":true}`
	tracesReply = `{"rate_by_service":{"service:,env:":1}}`
)

// RoundTrip implements [http.RoundTripper].
func (in *intake) RoundTrip(r *http.Request) (*http.Response, error) {
	reply := "{}"
	switch r.URL.Path {
	case "/info":
		reply = infoReply
	case "/v0.4/traces":
		reply = tracesReply
		if err := in.traces(r); err != nil {
			in.mu.Lock()
			in.err = err
			in.mu.Unlock()
		}
	}
	if r.Body != nil {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, err
		}
		r.Body.Close()
	}
	return &http.Response{
		StatusCode: http.StatusOK,
		Header:     http.Header{},
		Body:       io.NopCloser(strings.NewReader(reply)),
		Request:    r,
	}, nil
}

// traces counts what a body holds; without inspect only its traces, which the header tells.
func (in *intake) traces(r *http.Request) error {
	if !in.inspect {
		n, err := strconv.ParseInt(r.Header.Get("X-Datadog-Trace-Count"), 10, 64)
		if err != nil {
			return fmt.Errorf("datadog: trace count: %w", err)
		}
		in.mu.Lock()
		in.sum.Requests += n
		in.mu.Unlock()
		return nil
	}
	var text bytes.Buffer
	if _, err := msgp.CopyToJSON(&text, r.Body); err != nil {
		return fmt.Errorf("datadog: decode traces: %w", err)
	}
	var traces [][]struct {
		Type string            `json:"type"`
		Meta map[string]string `json:"meta"`
	}
	if err := json.Unmarshal(text.Bytes(), &traces); err != nil {
		return fmt.Errorf("datadog: read traces: %w", err)
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, trace := range traces {
		for _, span := range trace {
			switch {
			case span.Type == "web":
				in.sum.Requests++
			case span.Type == "http":
				in.sum.Calls++
			case span.Type == "sql" && isStatement(span.Meta["sql.query_type"]):
				in.sum.Statements++
			}
		}
	}
	return nil
}

// isStatement tells statements from the spans for connections.
func isStatement(queryType string) bool { return queryType == "Query" || queryType == "Exec" }

func (in *intake) recorded() bench.Records {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.sum
}

func (in *intake) failure() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.err
}
