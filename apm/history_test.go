package apm_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/apm"
	"github.com/daybook-apm/daybook/apm/apmtest"
)

// work runs a job that takes d.
func work(ctx context.Context, name string, d time.Duration, err error) {
	ctx, t := apm.StartTransaction(ctx, name)
	_, c := apm.StartStatement(ctx, apm.Statement{System: "sqlite", Namespace: "test", Text: "SELECT a FROM " + name})
	time.Sleep(d)
	c.End(nil)
	if err != nil {
		t.Fail(err)
	}
	t.End()
}

// TestSnapshotWindow counts what happened in the window, of endpoints and of their statements and errors.
func TestSnapshotWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, r := apmtest.New(t)
		start := time.Now()
		if s := r.Agent.Snapshot(5 * time.Minute); len(s.Endpoints) != 0 || s.Start.After(start) {
			t.Errorf("the first call: %+v", s)
		}
		time.Sleep(500 * time.Millisecond)
		work(ctx, "old", time.Second, errors.New("old trouble"))
		work(ctx, "both", time.Second, nil)
		time.Sleep(30 * time.Minute)
		for range 3 {
			work(ctx, "both", 10*time.Millisecond, errors.New("new trouble"))
		}
		s := r.Agent.Snapshot(5 * time.Minute)
		if age := s.End.Sub(s.Start); age < 5*time.Minute || age > 6*time.Minute {
			t.Errorf("five minutes reach back %v", age)
		}
		if len(s.Endpoints) != 1 || len(s.Statements) != 1 || len(s.Errors) != 1 {
			t.Fatalf("%d endpoints, %d statements, %d errors; want 1 of each: %+v", len(s.Endpoints), len(s.Statements), len(s.Errors), s)
		}
		e := s.Endpoints[0]
		if e.Route != "both" || e.Calls != 3 || e.Failures != 3 || e.SQL != 30*time.Millisecond || e.SQLCalls != 3 ||
			e.Duration.Max != 10*time.Millisecond || e.Duration.P99 > e.Duration.Max || e.Duration.P50 < 9*time.Millisecond || e.Duration.Mean != 10*time.Millisecond {
			t.Errorf("endpoint %+v", e)
		}
		if st := s.Statements[0]; st.Calls != 3 || st.Total != 30*time.Millisecond || st.Max != time.Second {
			t.Errorf("statement %+v, want three calls and the maximum of all time", st)
		}
		if len(e.Errors) != 1 || !strings.Contains(e.Errors[0].Message, "new") || e.Errors[0].Count != 3 {
			t.Errorf("errors %+v", e.Errors)
		}
		if all := r.Agent.Snapshot(time.Hour); len(all.Endpoints) != 2 || !all.Start.Equal(start) {
			t.Errorf("an hour: %d endpoints since %v, want 2 since %v", len(all.Endpoints), all.Start, start)
		}
		if all := r.Agent.Snapshot(0); len(all.Endpoints) != 2 || all.Endpoints[0].Route != "both" || all.Endpoints[0].Calls != 4 {
			t.Errorf("since the start: %+v", all.Endpoints)
		}
	})
}

func TestTimeline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, r := apmtest.New(t)
		h := r.History()
		start := time.Now()
		time.Sleep(500 * time.Millisecond)
		work(ctx, "job", 20*time.Millisecond, nil)
		time.Sleep(time.Second)
		work(ctx, "job", 30*time.Millisecond, errors.New("trouble"))

		points := h.Timeline(15*time.Minute, time.Second)
		if len(points) != 2 || !points[0].Start.Equal(start) || points[1].Step != time.Second ||
			points[0].Calls != 1 || points[0].SQL != 20*time.Millisecond || points[1].Failures != 1 {
			t.Errorf("seconds %+v", points)
		}
		points = h.EndpointTimeline("", "job", time.Hour, time.Minute)
		if len(points) != 1 || points[0].Step != time.Minute || points[0].Calls != 2 || points[0].Duration.Max != 30*time.Millisecond {
			t.Errorf("minutes %+v", points)
		}
		want := []apm.EndpointCalls{{Route: "job", Start: points[0].Start, Step: time.Minute, Calls: []uint64{2}}}
		if diff := cmp.Diff(want, h.EndpointCalls(time.Hour, time.Minute)); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		scatter := h.Scatter(start, time.Now().Add(1), 25*time.Millisecond, time.Hour)
		if len(scatter) != 1 || scatter[0].Route != "job" || !scatter[0].Failed || !scatter[0].End.Equal(time.Now()) {
			t.Fatalf("scatter %+v", scatter)
		}
		if _, ok := r.Trace(scatter[0].TraceID); !ok {
			t.Errorf("no trace %s of a failed transaction", scatter[0].TraceID)
		}
		m := h.Heatmap()
		if len(m.Columns) != 1 || len(m.Columns[0].OK) != len(m.Bounds)+1 {
			t.Fatalf("heatmap %+v", m)
		}
		var ok, failed uint32
		for i := range m.Columns[0].OK {
			ok += m.Columns[0].OK[i]
			failed += m.Columns[0].Failed[i]
		}
		if ok != 1 || failed != 1 {
			t.Errorf("the heatmap has %d and %d failed, want 1 and 1", ok, failed)
		}
	})
}

// TestDaily looks at the second of three days, hour by hour.
func TestDaily(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, r := apmtest.New(t)
		h := r.History()
		y, m, d := time.Now().Date()
		midnight := time.Date(y, m, d+1, 0, 0, 0, 0, time.Local)
		hour := func(hours int, n int, took time.Duration) {
			time.Sleep(time.Until(midnight.Add(time.Duration(hours)*time.Hour + 10*time.Minute + 50*time.Millisecond)))
			for i := range n {
				jobCtx, job := apm.StartTransaction(ctx, "job")
				apm.SetUser(jobCtx, fmt.Sprint(i))
				time.Sleep(took)
				job.End()
			}
		}
		hour(0, 10, 100*time.Millisecond)
		hour(1, 30, 100*time.Millisecond)
		hour(20, 1, 100*time.Millisecond)
		hour(24, 20, 200*time.Millisecond)
		hour(25, 4, 200*time.Millisecond)

		day := h.Daily(time.Now())
		if !day.Day.Equal(midnight.AddDate(0, 0, 1)) || len(day.Hours) != 24 || !day.Hours[1].Start.Equal(midnight.Add(25*time.Hour)) {
			t.Errorf("day %v with %d hours", day.Day, len(day.Hours))
		}
		if day.Total.Calls != 24 || day.Total.Users != 20 || !day.Total.PeakHour.Equal(day.Day) || day.Total.Peak != 5 {
			t.Errorf("today %+v", day.Total)
		}
		if rate := 24 / time.Since(day.Day).Seconds(); day.Total.MeanRate != rate {
			t.Errorf("%v calls a second, want %v", day.Total.MeanRate, rate)
		}
		if day.DayBefore.Calls != 41 || day.DayBefore.Users != 30 || !day.DayBefore.PeakHour.Equal(midnight.Add(time.Hour)) ||
			day.DayBefore.MeanRate != 41.0/86400 {
			t.Errorf("yesterday %+v", day.DayBefore)
		}
		if day.SameHours.Day.Calls != 20 || day.SameHours.DayBefore.Calls != 10 {
			t.Errorf("the hours that are over have %d calls, yesterday %d; want 20 and 10",
				day.SameHours.Day.Calls, day.SameHours.DayBefore.Calls)
		}
		if day.Hours[1].Total.Calls != 4 || day.Hours[1].DayBefore.Calls != 30 || day.Hours[1].Total.Users != 4 {
			t.Errorf("the second hour %+v", day.Hours[1])
		}
		if len(day.Endpoints) != 1 || day.Endpoints[0].Total.Calls != 24 || day.Endpoints[0].SameHours.Day.Duration.Mean != 200*time.Millisecond ||
			day.Endpoints[0].SameHours.DayBefore.Duration.Mean != 100*time.Millisecond {
			t.Errorf("endpoints %+v", day.Endpoints)
		}
		if yesterday := h.Daily(midnight); yesterday.Total.Calls != 41 || yesterday.SameHours.Day.Calls != 41 {
			t.Errorf("asked for yesterday: %+v", yesterday.Total)
		}
	})
}

// TestDeploy shuts a version down and starts the next one, which is slower, in the same state directory.
func TestDeploy(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		run := func(version string, took time.Duration) (deployed time.Time, agent *apm.Agent) {
			deployed = time.Now()
			ctx, r := apmtest.New(t, apm.WithServiceVersion(version), apm.WithStateDir(dir))
			for range 10 {
				begin := time.Now()
				for i := range 20 {
					work(ctx, "job", took+time.Duration(i%7)*time.Millisecond, nil)
				}
				time.Sleep(time.Minute - time.Since(begin))
			}
			if err := r.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
			return deployed, r.Agent
		}
		run("1", 20*time.Millisecond)
		deployed, agent := run("2", 40*time.Millisecond)
		c := agent.Compare(apm.Window{From: start, To: deployed}, apm.Window{From: deployed, To: time.Now()})
		if len(c.Endpoints) != 1 || c.Endpoints[0].Duration != apm.Slower || c.Endpoints[0].Failures != apm.Unchanged ||
			c.Endpoints[0].Before.Calls != 200 || c.Endpoints[0].After.Calls != 200 {
			t.Errorf("comparison %+v", c)
		}
		if diff := cmp.Diff([]apm.Version{{"1", start, deployed}, {"2", deployed, time.Now()}}, agent.History().Versions(),
			cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })); diff != "" {
			t.Errorf("versions (-want +got):\n%s", diff)
		}
		if c := agent.Compare(apm.Window{From: start, To: start.Add(time.Minute)}, apm.Window{From: deployed, To: time.Now()}); c.Endpoints[0].Duration != apm.NotEnoughCalls {
			t.Errorf("one minute before is enough: %+v", c)
		}
	})
}

// TestStateDirEnvironment takes the directory of the environment, and goes on without one that cannot be used.
func TestStateDirEnvironment(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("DAYBOOK_STATE_DIR", dir)
	_, r := apmtest.New(t)
	if err := r.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) == 0 {
		t.Errorf("files %v, %v", files, err)
	}
	var log bytes.Buffer
	_, r = apmtest.New(t, apm.WithStateDir(filepath.Join(os.DevNull, "x")), apm.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	if !strings.Contains(log.String(), "state directory") {
		t.Errorf("logged %q, want a line on the state directory", log.String())
	}
	if h := r.History(); h == nil {
		t.Error("no history")
	}
}

// TestHistoryOfNothing asks agents that record nothing, or not any more.
func TestHistoryOfNothing(t *testing.T) {
	for name, agent := range map[string]*apm.Agent{
		"disabled": func() *apm.Agent {
			t.Setenv("OTEL_SDK_DISABLED", "true")
			defer t.Setenv("OTEL_SDK_DISABLED", "")
			agent, err := apm.Start(t.Context(), apm.WithStateDir(t.TempDir()))
			if err != nil {
				t.Fatal(err)
			}
			return agent
		}(),
		"shut down": func() *apm.Agent {
			_, r := apmtest.New(t)
			if err := r.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			return r.Agent
		}(),
	} {
		h := agent.History()
		if h.Timeline(time.Hour, time.Minute) != nil || h.EndpointTimeline("GET", "/", time.Hour, time.Minute) != nil || h.EndpointCalls(time.Hour, time.Minute) != nil ||
			h.Scatter(time.Time{}, time.Now(), 0, time.Hour) != nil || h.Heatmap().Columns != nil || h.Versions() != nil ||
			h.Daily(time.Now()).Total.Calls != 0 || agent.Compare(apm.Window{}, apm.Window{}).Endpoints != nil {
			t.Errorf("%s: there is something", name)
		}
		agent.Snapshot(time.Minute)
	}
}
