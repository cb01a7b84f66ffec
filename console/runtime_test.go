package console_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/daybook-apm/daybook/internal/pool"
)

type unconnected struct{}

func (unconnected) Connect(context.Context) (driver.Conn, error) { return nil, errors.New("no") }
func (unconnected) Driver() driver.Driver                        { return nil }

// TestIgnoredPools says that some pools are missing. It is not parallel: pools belong to the process.
func TestIgnoredPools(t *testing.T) {
	for i := range pool.Max + 2 {
		db := sql.OpenDB(unconnected{})
		stop, _ := pool.Register(db, fmt.Sprint("db", i))
		t.Cleanup(func() {
			stop()
			_ = db.Close()
		})
	}
	s := newService(t)
	var got struct {
		Runtime struct {
			Ignored uint64 `json:"ignored_pools"`
			Pools   []struct{ Name string }
		}
	}
	if err := json.Unmarshal([]byte(s.get("api/v1/runtime", 200)), &got); err != nil || got.Runtime.Ignored < 2 || len(got.Runtime.Pools) != pool.Max {
		t.Errorf("%v, %d pools, %d ignored", err, len(got.Runtime.Pools), got.Runtime.Ignored)
	}
	want := fmt.Sprintf("%d pools beyond the first 100 are left out", got.Runtime.Ignored)
	for _, form := range []string{"runtime", "runtime.txt"} {
		if page := s.get(form, 200); !strings.Contains(page, want) {
			t.Errorf("%s does not say: %s", form, want)
		}
	}
}
