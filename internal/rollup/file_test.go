package rollup_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/daybook-apm/daybook/internal/rollup"
	"github.com/daybook-apm/daybook/internal/state"
	"github.com/daybook-apm/daybook/internal/transaction"
)

func directory(tb testing.TB, path string) *state.Dir {
	d, err := state.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = d.Close() })
	return d
}

// figures returns all of a history that is to survive.
func figures(h *rollup.History, since time.Time) map[string][]rollup.Figures {
	all := map[string][]rollup.Figures{}
	for name, e := range map[string]*transaction.Endpoint{"": nil, "/x": key("/x")} {
		for hour := since; hour.Before(time.Now()); hour = hour.Add(time.Hour) {
			all[name] = append(all[name], h.Sum(e, hour, hour.Add(time.Hour)))
		}
	}
	return all
}

// TestRestart ends a process in good order, in another version, and goes on: hours and minutes, users of the hour and the day.
func TestRestart(t *testing.T) {
	path := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		process := func(version string, users ...string) *rollup.History {
			dir := directory(t, path)
			defer func() { _ = dir.Close() }()
			l, ctx := open(t)
			c := config(t, l)
			c.State, c.Version = dir, version
			h := rollup.Open(c)
			time.Sleep(500 * ms)
			for _, u := range users {
				serve(ctx, "/x", 70*ms, func(tx *transaction.Transaction) { tx.SetUser(transaction.HashUser(u)) })
			}
			time.Sleep(90 * time.Second)
			h.Close()
			return h
		}
		first := process("1", "a", "b")
		before := figures(first, start)
		time.Sleep(10 * time.Second)
		deploy := time.Now()
		second := process("2", "b", "c", "d")
		got := second.Sum(nil, start, start.Add(time.Hour))
		if got.Calls != 5 || got.Time != 350*ms || got.Users != 4 || got.Durations.Count() != 5 {
			t.Errorf("the hour has %d calls, %v, %d users; want 5, 350ms, 4", got.Calls, got.Time, got.Users)
		}
		if n := second.Sum(key("/x"), start, start.Add(time.Hour)).Calls; n != 5 {
			t.Errorf("the hour of the endpoint has %d calls, want 5", n)
		}
		if n := second.DayUsers(start.In(seoul).Truncate(24 * time.Hour).Add(-9 * time.Hour)); n != 4 {
			t.Errorf("the day has %d users, want 4", n)
		}
		if diff := cmp.Diff([]uint64{2, 3, 0, 0}, calls(second, time.Now(), key("/x"), time.Hour, time.Minute)); diff != "" {
			t.Errorf("minutes (-want +got):\n%s", diff)
		}
		if got := accounts(second, time.Hour)["/x"]; got.Totals.Calls != 3 || got.since.Before(deploy) {
			t.Errorf("the window has %d calls since %v; want the 3 of this process", got.Totals.Calls, got.since)
		}
		versions := second.Versions()
		want := []rollup.Version{{Version: "1", Since: start}, {Version: "2", Since: deploy}}
		if len(versions) != 2 || versions[0].Version != "1" || !versions[0].Since.Equal(start) || !versions[1].Since.Equal(deploy) ||
			versions[0].Until.After(deploy) || versions[0].Until.Before(start.Add(time.Minute)) {
			t.Errorf("versions %+v, want %+v", versions, want)
		}
		if len(before[""]) != 1 || before[""][0].Calls != 2 {
			t.Errorf("the first process had %+v", before)
		}
		time.Sleep(60 * time.Hour)
		third := process("2")
		if got := third.Sum(nil, start, start.Add(time.Hour)).Calls; got != 5 {
			t.Errorf("two days later the hour has %d calls, want 5", got)
		}
		if list := third.Endpoints(); len(list) != 0 {
			t.Errorf("endpoints %v, of which nothing is left", list)
		}
		if versions := third.Versions(); len(versions) != 2 || time.Since(versions[1].Until) > time.Minute {
			t.Errorf("versions %+v, want the second one to go on", versions)
		}
	})
}

// TestCrash loses at most a minute, and the minutes.
func TestCrash(t *testing.T) {
	path := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		dir := directory(t, path)
		l, ctx := open(t)
		c := config(t, l)
		c.State = dir
		h := rollup.Begin(c, start)
		for range 3 {
			serve(ctx, "/x", 0, nil)
			time.Sleep(time.Minute)
			h.Tick(time.Now())
		}
		serve(ctx, "/x", 0, nil)
		if err := dir.Close(); err != nil {
			t.Fatal(err)
		}
		l, _ = open(t)
		c = config(t, l)
		c.State = directory(t, path)
		again := rollup.Open(c)
		defer again.Close()
		if n := again.Sum(key("/x"), start, start.Add(time.Hour)).Calls; n != 3 {
			t.Errorf("%d calls after a crash, want 3", n)
		}
		if !again.Since().Equal(start) {
			t.Errorf("hours are known since %v, want %v", again.Since(), start)
		}
		if list := calls(again, time.Now(), nil, time.Hour, time.Minute); len(list) != 1 {
			t.Errorf("minutes %v, want the one that runs", list)
		}
	})
}

// TestDamagedFile begins anew and says so, in one line.
func TestDamagedFile(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, d *state.Dir){
		"empty": func(t *testing.T, d *state.Dir) {
			if err := os.WriteFile(d.Path(rollup.FileName), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"other release": func(t *testing.T, d *state.Dir) {
			if err := d.Write(rollup.FileName, rollup.FileVersion+1, nil); err != nil {
				t.Fatal(err)
			}
		},
		"nonsense": func(t *testing.T, d *state.Dir) {
			if err := d.Write(rollup.FileName, rollup.FileVersion, []byte("nonsense")); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := directory(t, t.TempDir())
			damage(t, dir)
			l, ctx := open(t)
			var log bytes.Buffer
			c := config(t, l)
			c.State, c.Logger = dir, slog.New(slog.NewTextHandler(&log, nil))
			h := rollup.Open(c)
			serve(ctx, "/x", 0, nil)
			h.Close()
			if lines := strings.Count(log.String(), "\n"); lines != 1 || !strings.Contains(log.String(), dir.Path(rollup.FileName)) {
				t.Errorf("logged %q, want one line that names the file", log.String())
			}
			if f := h.Sum(nil, time.Now().Add(-2*time.Hour), time.Now().Add(time.Hour)); f.Calls != 1 {
				t.Errorf("%d calls, want 1", f.Calls)
			}
			if _, _, err := dir.Read(rollup.FileName); err != nil {
				t.Errorf("the file was not replaced: %v", err)
			}
		})
	}
}

// TestDiskFails logs the first of several failures.
func TestDiskFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := directory(t, t.TempDir())
		if err := os.Mkdir(dir.Path(rollup.FileName)+".new", 0o700); err != nil {
			t.Fatal(err)
		}
		l, _ := open(t)
		var log bytes.Buffer
		c := config(t, l)
		c.State, c.Logger = dir, slog.New(slog.NewTextHandler(&log, nil))
		h := rollup.Open(c)
		time.Sleep(5 * time.Minute)
		h.Close()
		if lines := strings.Count(log.String(), "\n"); lines != 1 {
			t.Errorf("logged %d lines, want 1:\n%s", lines, log.String())
		}
	})
}

// saved returns a file with something in all its parts.
func saved(tb testing.TB) []byte {
	dir := directory(tb, tb.TempDir())
	l, ctx := open(tb)
	c := config(tb, l)
	c.State = dir
	h := rollup.Begin(c, time.Now())
	for i := range 5 {
		serve(ctx, fmt.Sprint("/", i), 0, func(tx *transaction.Transaction) { tx.SetUser(transaction.HashUser(fmt.Sprint(i))) })
	}
	h.Finish(time.Now())
	_, content, err := dir.Read(rollup.FileName)
	if err != nil {
		tb.Fatal(err)
	}
	return content
}

// TestEveryPrefix finds that each shorter file is damaged.
func TestEveryPrefix(t *testing.T) {
	content := saved(t)
	l, _ := open(t)
	h := rollup.Begin(config(t, l), time.Now())
	for i := range content {
		if h.Read(slices.Clone(content[:i])) == nil {
			t.Fatalf("the first %d bytes of %d were read", i, len(content))
		}
	}
	if err := h.Read(content); err != nil || len(h.Endpoints()) != 5 {
		t.Errorf("the whole file: %d endpoints, %v", len(h.Endpoints()), err)
	}
}

// FuzzRead reads files that somebody else has written: never a panic, and never more than there is room for.
func FuzzRead(f *testing.F) {
	f.Add(saved(f))
	f.Add([]byte{0, 0, 0})
	l, _ := open(f)
	f.Fuzz(func(t *testing.T, content []byte) {
		h := rollup.Begin(config(t, l), time.Now())
		if h.Read(content) != nil {
			return
		}
		h.Tick(time.Now().Add(time.Minute))
		h.Timeline(time.Now(), nil, 24*time.Hour, time.Hour, func(_ time.Time, f *rollup.Figures) { f.Durations.Quantile(0.5) })
	})
}
