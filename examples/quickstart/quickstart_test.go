package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sqlCalls is how many statements the handler of each endpoint runs when nothing fails.
var sqlCalls = map[string]float64{
	"POST /api/v1/AddDownloadHistory":              2,
	"POST /api/v2/AddConfirmInfo":                  2,
	"POST /api/v2/AddLikeHistory":                  2,
	"GET /api/v2/GetConfirmPhoto/{lang}/{user}":    1,
	"GET /api/v4/GetNowLiveVoteInfo/{lang}/{user}": 2,
	"GET /api/v6/GetHaveDungdung/{user}":           1,
	"POST /api/v1/Signin":                          1,
	"POST /api/v2/SetUserFCMToken":                 1,
	"POST /api/v1/SetUserLang":                     1,
	"GET /":                                        0,
	"GET /Login":                                   0,
}

// readsRows are the endpoints whose handlers read a list of rows.
var readsRows = []string{
	"GET /api/v2/GetConfirmPhoto/{lang}/{user}",
	"GET /api/v4/GetNowLiveVoteInfo/{lang}/{user}",
}

// TestJSON runs the program as a script would, and checks what it prints against what the handlers do.
func TestJSON(t *testing.T) {
	cmd := command(t, "-addr", "127.0.0.1:0", "-console", "127.0.0.1:0", "-load", "100", "-duration", "2s", "-json")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("quickstart: %v\n%s", err, &stderr)
	}

	var table []map[string]any
	if err := json.Unmarshal(stdout.Bytes(), &table); err != nil {
		t.Fatalf("standard output is no JSON array: %v\n%s", err, &stdout)
	}
	var endpoints []string
	var calls float64
	for _, row := range table {
		endpoint := fmt.Sprint(row["method"], " ", row["route"])
		endpoints = append(endpoints, endpoint)
		calls += checkRow(t, endpoint, row)
	}

	want := make([]string, 0, len(sqlCalls))
	for endpoint := range sqlCalls {
		want = append(want, endpoint)
	}
	slices.Sort(want)
	slices.Sort(endpoints)
	if diff := cmp.Diff(want, endpoints); diff != "" {
		t.Errorf("endpoints (-want +got):\n%s", diff)
	}
	var sent, heldBack float64
	line := regexp.MustCompile(`load: .*`).FindString(stderr.String())
	if _, err := fmt.Sscanf(line, "load: %g requests sent, %g held back", &sent, &heldBack); err != nil {
		t.Fatalf("no line about the load: %v\n%s", err, &stderr)
	}
	if calls != sent || sent < 100 {
		t.Errorf("%g calls in the table, %g requests sent, want the same and at least 100\n%s", calls, sent, &stderr)
	}
}

// checkRow checks one endpoint and returns its number of calls.
func checkRow(t *testing.T, endpoint string, row map[string]any) float64 {
	t.Helper()
	fields := []string{
		"app_seconds_per_call", "calls", "external_seconds_per_call", "failures", "fetch_seconds_per_call",
		"max_seconds", "mean_seconds", "method", "p95_seconds", "route", "slow", "sql_calls_per_call",
		"sql_seconds_per_call", "stddev_seconds",
	}
	var got []string
	number := make(map[string]float64)
	for name, value := range row {
		got = append(got, name)
		if n, ok := value.(float64); ok {
			number[name] = n
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(fields, got); diff != "" {
		t.Errorf("%s: fields (-want +got):\n%s", endpoint, diff)
	}

	calls, failures := number["calls"], number["failures"]
	if calls == 0 {
		t.Errorf("%s: no calls", endpoint)
	}
	signin := endpoint == "POST /api/v1/Signin"
	if !signin && failures != 0 {
		t.Errorf("%s: %g failures", endpoint, failures)
	}
	// A sign-in that the identity provider fails never comes to its statement.
	if want := sqlCalls[endpoint] * (calls - failures); math.Round(number["sql_calls_per_call"]*calls) != want {
		t.Errorf("%s: %g SQL calls per call in %g calls with %g failures, want %g in all",
			endpoint, number["sql_calls_per_call"], calls, failures, want)
	}
	if external := number["external_seconds_per_call"]; signin != (external > 0.1) || !signin && external != 0 {
		t.Errorf("%s: %g s external per call", endpoint, external)
	}
	if sql := number["sql_seconds_per_call"]; (sql > 0) != (sqlCalls[endpoint] > 0) {
		t.Errorf("%s: %g s of SQL per call", endpoint, sql)
	}
	if fetch := number["fetch_seconds_per_call"]; slices.Contains(readsRows, endpoint) && fetch <= 0 {
		t.Errorf("%s: %g s of fetching per call", endpoint, fetch)
	}
	phases := number["sql_seconds_per_call"] + number["fetch_seconds_per_call"] +
		number["external_seconds_per_call"] + number["app_seconds_per_call"]
	if mean := number["mean_seconds"]; math.Abs(phases-mean) > 1e-6 || mean > number["max_seconds"] {
		t.Errorf("%s: phases add up to %g s, mean %g s, max %g s", endpoint, phases, mean, number["max_seconds"])
	}
	return calls
}

// TestInterrupt serves one request of ours and no other, and stops when it is told to, leaving nothing behind.
func TestInterrupt(t *testing.T) {
	cmd := command(t, "-addr", "127.0.0.1:0", "-console", "", "-load", "0")
	temporary := t.TempDir()
	cmd.Env = append(cmd.Env, "TMPDIR="+temporary)
	var stdout bytes.Buffer
	cmd.Stdout = &stdout
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}

	lines := bufio.NewReader(stderr)
	var base string
	for base == "" {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("no address on standard error: %v", err)
		}
		base = regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(line)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/api/v6/GetHaveDungdung/17", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if want := "{\"result\":17}\n"; err != nil || string(body) != want {
		t.Errorf("GetHaveDungdung of user 17: %q, %v, want %q", body, err, want)
	}

	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(lines)
	if err := cmd.Wait(); err != nil {
		t.Errorf("after an interrupt: %v\n%s", err, rest)
	}
	if !strings.Contains(stdout.String(), "GET /api/v6/GetHaveDungdung/{user}") {
		t.Errorf("the last table lacks the request:\n%s", &stdout)
	}
	left, err := os.ReadDir(temporary)
	if err != nil || len(left) > 0 {
		t.Errorf("left in the temporary folder: %v, %v", left, err)
	}
}

// command returns the program, ready to start without any OTEL_* setting. It is built without the race detector,
// under which this SQLite, translated from C, is some thirty times slower.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	program := filepath.Join(t.TempDir(), "quickstart")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(setting string) bool {
		return strings.HasPrefix(setting, "OTEL_") || strings.HasPrefix(setting, "DAYBOOK_")
	})
	return cmd
}
