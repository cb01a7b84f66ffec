package console_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/daybook-apm/daybook/apm"
)

// TestDailyTop shows on paper what fits on it, says so, and gives the rest in the other forms.
func TestDailyTop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		for i := range 14 {
			_, tx := apm.StartTransaction(s.ctx, fmt.Sprintf("job %d", i))
			tx.End()
		}
		rows := func() int { return strings.Count(s.get("daily", 200), `<tr data-row="job`) }
		if n := rows(); n != 12 {
			t.Errorf("%d endpoints on the page, want 12", n)
		}
		if page := s.get("daily?lang=ko", 200); !strings.Contains(page, "전체 14개 중 시간을 가장 많이 쓴 12개입니다.") {
			t.Error("the page does not say that it leaves some out")
		}
		var data struct {
			Daily struct{ Endpoints []struct{ Route string } }
		}
		if err := json.Unmarshal([]byte(s.get("api/v1/daily", 200)), &data); err != nil || len(data.Daily.Endpoints) != 14 {
			t.Errorf("%v, endpoints %v; want 14", err, data.Daily.Endpoints)
		}
		if text := s.get("daily.txt", 200); strings.Count(text, "job ") != 14 || strings.Contains(text, "of 14") {
			t.Errorf("want all 14 endpoints in the text:\n%s", text)
		}
	})
}

// TestAtRest shows no figure that there is none of: an empty chart, or a response time without a response.
func TestAtRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		const unknown = `<dt>Mean</dt><dd>–</dd>`
		if page := s.get("daily", 200); strings.Contains(page, `class="day"`) || !strings.Contains(page, unknown) || !strings.Contains(page, "Nothing has been counted today.") {
			t.Errorf("the daily page has an empty chart or a mean, or does not say why it is empty:\n%s", page)
		}
		if page := s.get("", 200); !strings.Contains(page, unknown) || !strings.Contains(page, `<dt>p95</dt><dd>–</dd>`) || !strings.Contains(page, "Nothing has ended in the last ten minutes.") {
			t.Errorf("the first page has a response time, or does not say why it is empty:\n%s", page)
		}
	})
}
