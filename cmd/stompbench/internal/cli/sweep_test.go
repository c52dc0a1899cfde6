package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
)

// swept is what the tests read of a sweep.
type swept struct {
	Over     string
	Partial  bool
	ExitCode int `json:"exit_code"`
	Steps    []struct {
		Value    string
		ExitCode int `json:"exit_code"`
		Failure  string
		Result   *struct {
			Plan   map[string]any
			Totals struct{ Sent, Confirmed, Received, Lost uint64 }
		}
	}
}

// A step is what run would make of the value, against one broker for all of them; each
// has a row in the table.
func TestSweep(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args   string
		plan   string // what of the plan differs
		values []any
	}{
		{"--over header-count=0,1,16 --header-size 8..24 --header-escape 25%", "header_count", []any{nil, "1", "16"}},
		{"--over header-size=1..100*10 --header-count 4", "header_sizes", []any{"1", "10", "100"}},
		{"--over size=100,4k", "size_bytes", []any{100.0, 4096.0}},
		{"--over confirm=1..100*10", "receipt_window", []any{1.0, 10.0, 100.0}},
		{"--over producer-connections=1,2 -x 2", "producer_connections", []any{1.0, 2.0}},
		{"--over producers=1,3", "producers", []any{1.0, 3.0}},
		{"--over ack=auto,client", "ack", []any{"auto", "client"}},
		{"--over consumer-latency=0..200us+100us", "consumer_latency_ns", []any{0.0, 1e5, 2e5}},
	} {
		var r swept
		object(t, 0, "sweep --drain-timeout 30s -C 60 "+c.args, &r)
		if len(r.Steps) != len(c.values) || r.Partial || r.ExitCode != 0 {
			t.Errorf("%s: %+v", c.args, r)
			continue
		}
		seeds := map[any]bool{}
		for i, s := range r.Steps {
			if got := s.Result.Plan[c.plan]; got == nil && c.values[i] != nil && c.values[i] != 0.0 || got != nil && got != c.values[i] {
				t.Errorf("%s: step %s has %v, want %v", c.args, s.Value, got, c.values[i])
			}
			if s.Result.Totals.Sent != 60 || s.Result.Totals.Received != 60 || s.Failure != "" {
				t.Errorf("%s: %+v", c.args, s)
			}
			seeds[s.Result.Plan["seed"]] = true
		}
		if len(seeds) != 1 {
			t.Errorf("%s: seeds %v, want one for all", c.args, seeds)
		}
	}
	dir := filepath.Join(t.TempDir(), "out")
	code, stdout, stderr := stompbench(t, "sweep --drain-timeout 30s --over size=100,200 -C 50 --out "+dir)
	if code != 0 || strings.Count(stdout, "\n") != 5 || !strings.Contains(stdout, "cpu_ns_per_message") || !strings.Contains(stderr, "size 200: ") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	for _, name := range []string{"sweep.json", "sweep.csv", "01-size-100/result.json", "02-size-200/result.json"} {
		if data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name))); err != nil || len(data) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if code, _, stderr := stompbench(t, "sweep --drain-timeout 30s --over size=100,200 -C 50 --out "+dir); code != cli.ExitUsage {
		t.Errorf("the same folder again: exit %d, %q", code, stderr)
	}
	if code, _, stderr := stompbench(t, "compare "+filepath.Join(dir, "01-size-100")+" "+filepath.Join(dir, "01-size-100")); code != 0 {
		t.Errorf("what was kept cannot be compared: %q", stderr)
	}
}

// What one value does to the broker is a row of the table, not the end of the sweep; the
// exit code is that of the worst step, and what is left in the queue is not the next
// step's.
func TestSweepGoesOn(t *testing.T) {
	t.Parallel()
	b, err := broker.Start(broker.Config{Limits: frame.Limits{Headers: 30}})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var r swept
	object(t, cli.ExitCannotRun, "sweep --over header-count=1,40,2 -C 50 --drain-timeout 10s -u "+b.URI(), &r)
	for i, want := range []struct {
		exit   int
		failed bool
	}{{0, false}, {cli.ExitCannotRun, true}, {0, false}} {
		if s := r.Steps[i]; s.ExitCode != want.exit || (s.Failure != "") != want.failed {
			t.Errorf("step %s: %+v", s.Value, s)
		}
	}

	b.Inject(func(_ uint64, f *frame.Frame) broker.Fault {
		if _, extra := f.Header.Lookup("hdr002"); f.Command == frame.CmdSend && extra {
			return broker.Lose
		}
		return broker.Fault{}
	})
	object(t, cli.ExitIntegrity, "sweep --over header-count=1,2,0 -C 50 --drain-timeout 10s -u "+b.URI(), &r)
	for i, lost := range []uint64{0, 50, 0} {
		if s := r.Steps[i]; s.Result.Totals.Lost != lost || s.Result.Totals.Sent != 50 {
			t.Errorf("step %s: %+v, want %d lost", s.Value, s.Result.Totals, lost)
		}
	}
	// An SLO is held against each step.
	object(t, cli.ExitSLO, "sweep --over header-count=0,1 -C 50 --drain-timeout 30s --slo sent<10 -u "+b.URI(), &r)
	code, stdout, _ := stompbench(t, "sweep -q --over header-count=0,1 -C 50 --drain-timeout 30s --slo sent<10 -u "+b.URI())
	if code != cli.ExitSLO || strings.Count(stdout, "not met: sent<10 (50)") != 2 {
		t.Errorf("exit %d\n%s", code, stdout)
	}
}

func TestSweepUsage(t *testing.T) {
	t.Parallel()
	for args, says := range map[string]string{
		"":                           "--over",
		"--over size":                "--over",
		"--over window=1,2":          "no flag",
		"--over uri=a,b":             "no flag",
		"--over tls-ca=a,b":          "no flag",
		"--over over=a,b":            "no flag",
		"--over size=1,x":            "--over: --size",
		"--over size=1,2 --size 3":   "contradict",
		"--over header-size=1,2":     "--header-count",
		"--over header-count=1,1001": "--header-count: 1001 is out of range",
		"--over header-size=0,8 --header-count 1 --header-escape 10%": "--header-escape",
		"--over confirm=1,0 --transaction 5":                          "--confirm 0",
		"--over producers=1,0 --persistent":                           "--persistent",
		"size=1,2":                                                    "write --over size=1,2",
		"--over producer-connections=1,2":                             "--producer-connections is 2",
		"--over size=1,2 --repeat 3":                                  "repeat",
		"--over size=1,2 --run-id a":                                  "run-id",
		"--over header-values=random,odd --header-count 2":            "random or fixed",
	} {
		code, stdout, stderr := stompbench(t, strings.TrimSpace("sweep "+args))
		if code != cli.ExitUsage || !strings.Contains(stderr, says) || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit %d, %q %q, want 2 and something about %q", args, code, stdout, stderr, says)
		}
	}
	code, stdout, stderr := stompbench(t, "sweep -q --connect-timeout 2s --over size=1,2 -u stomp://"+nowhere(t))
	if code != cli.ExitCannotRun || stdout != "" || strings.Count(stderr, "\n") != 1 {
		t.Errorf("where nobody listens: exit %d, %q %q", code, stdout, stderr)
	}
}

// The flags of a sweep may come from the environment and from a file as well; a dry run
// shows every step and does nothing.
func TestSweepDryRun(t *testing.T) {
	t.Setenv("STOMPBENCH_HEADER_SIZE", "8")
	path := scenario(t, "over: header-count=1,4\nheader-escape: 50%\nheader-values: fixed\nrate: 100\n")
	args := "sweep --dry-run -u stomp://u:s3cret@192.0.2.1 -f " + path
	code, stdout, stderr := stompbench(t, args)
	if code != 0 || strings.Contains(stdout, "s3cret") || !strings.Contains(stdout, "1 fixed headers of 8 B, 50% of them with escapes") || !strings.Contains(stdout, "header-count 4") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	code, stdout, _ = stompbench(t, args+" --json")
	var r struct {
		Over  string
		Steps []struct {
			Value string
			Plan  map[string]any
		}
	}
	if err := json.Unmarshal([]byte(stdout), &r); err != nil || code != 0 || len(r.Steps) != 2 || r.Over != "header-count=1,4" {
		t.Fatalf("exit %d, %v\n%s", code, err, stdout)
	}
	for i, n := range []string{"1", "4"} {
		if p := r.Steps[i].Plan; p["header_count"] != n || p["header_values"] != "fixed" || p["rate_per_s"] != 100.0 || r.Steps[i].Value != n {
			t.Errorf("%+v", r.Steps[i])
		}
	}
}
