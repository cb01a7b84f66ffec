package httpclient_test

import (
	"net/http"
	"testing"

	"github.com/daybook-apm/daybook/httpclient"
	"github.com/daybook-apm/daybook/internal/transaction/transactiontest"
)

// capture keeps the request that it was sent.
type capture struct{ request *http.Request }

func (c *capture) RoundTrip(req *http.Request) (*http.Response, error) {
	c.request = req
	return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: req}, nil
}

func TestPropagationTo(t *testing.T) {
	type options []httpclient.Option
	for _, c := range []struct {
		name    string
		options options
		url     string
		want    bool
	}{
		{"by default", nil, "http://example.com/", true},
		{"without", options{httpclient.WithoutPropagation()}, "http://example.com/", false},
		{"exact", options{httpclient.WithPropagationTo("example.com")}, "http://example.com/", true},
		{"case", options{httpclient.WithPropagationTo("Example.com")}, "http://EXAMPLE.com/", true},
		{"any port", options{httpclient.WithPropagationTo("example.com")}, "https://example.com:8443/", true},
		{"this port", options{httpclient.WithPropagationTo("example.com:8443")}, "https://example.com:8443/", true},
		{"default port", options{httpclient.WithPropagationTo("example.com:443")}, "https://example.com/", true},
		{"other port", options{httpclient.WithPropagationTo("example.com:8443")}, "https://example.com/", false},
		{"other host", options{httpclient.WithPropagationTo("example.com")}, "http://example.org/", false},
		{"name below an exact one", options{httpclient.WithPropagationTo("example.com")}, "http://api.example.com/", false},
		{"name that ends alike", options{httpclient.WithPropagationTo(".example.com")}, "http://badexample.com/", false},
		{"below", options{httpclient.WithPropagationTo(".example.com")}, "http://api.v2.example.com/", true},
		{"below, not itself", options{httpclient.WithPropagationTo(".example.com")}, "http://example.com/", false},
		{"IPv6", options{httpclient.WithPropagationTo("[::1]:8080")}, "http://[::1]:8080/", true},
		{"none named", options{httpclient.WithPropagationTo()}, "http://example.com/", false},
		{"several", options{httpclient.WithPropagationTo("a.test", "b.test")}, "http://b.test/", true},
		{"adding up", options{httpclient.WithPropagationTo("a.test"), httpclient.WithPropagationTo("b.test")}, "http://a.test/", true},
		{"exception", options{httpclient.WithPropagationTo("a.test"), httpclient.WithoutPropagation()}, "http://a.test/", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, _ := transactiontest.New(t)
			tx := begin(ctx)
			defer tx.End()
			base := &capture{}
			req, err := http.NewRequestWithContext(tx, http.MethodGet, c.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := httpclient.NewTransport(base, c.options...).RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if got := base.request.Header.Get("Traceparent") != ""; got != c.want {
				t.Errorf("traceparent sent to %s: %v, want %v", c.url, got, c.want)
			}
			if !c.want && base.request != req {
				t.Error("the request was copied, with nothing to add to it")
			}
		})
	}
}

// Options of a transport that is wrapped again reach neither the one it was made from nor another one.
func TestOptionsAreNotShared(t *testing.T) {
	ctx, _ := transactiontest.New(t)
	tx := begin(ctx)
	defer tx.End()
	base := &capture{}
	first := httpclient.NewTransport(base, httpclient.WithPropagationTo("a.test", "b.test", "c.test"))
	second := httpclient.NewTransport(first, httpclient.WithPropagationTo("d.test"))
	httpclient.NewTransport(first, httpclient.WithPropagationTo("e.test"))
	for _, c := range []struct {
		name string
		rt   http.RoundTripper
		want bool
	}{{"first", first, false}, {"second", second, true}} {
		req, err := http.NewRequestWithContext(tx, http.MethodGet, "http://d.test/", nil)
		if err != nil {
			t.Fatal(err)
		}
		call(t, c.rt, req)
		if got := base.request.Header.Get("Traceparent") != ""; got != c.want {
			t.Errorf("%s: traceparent sent: %v, want %v", c.name, got, c.want)
		}
	}
}
