package console_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestLivePauses keeps the percentile when some seconds pass without a call, and draws no fall of the response time to zero.
func TestLivePauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		s.get("", 200) // From now on there is a history.
		for range 2 {
			s.serve("POST", "/likes") // 12 ms, in a bucket whose share is counted up to 11.5 ms
			time.Sleep(21 * time.Second)
		}
		page := s.get("?lang=en", 200)
		if !strings.Contains(page, `<dt>p95</dt><dd>11.5<small>ms</small></dd>`) {
			t.Errorf("no p95 of the last calls:\n%s", page)
		}
		_, path, _ := strings.Cut(page, `<path class="l-mean" d="`)
		path, _, _ = strings.Cut(path, `"`)
		if want := "M0.0 0.0L342.9 0.0"; path != want {
			t.Errorf("the mean is drawn as %s, want %s: from call to call", path, want)
		}
	})
}
