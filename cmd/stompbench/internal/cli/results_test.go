package cli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// keepOne keeps the result of a run in a folder of that name and returns its path. No
// pause of a busy machine loses it a message.
func keepOne(t *testing.T, dir, name, args string) string {
	t.Helper()
	out := filepath.Join(dir, name)
	if code, _, stderr := stompbench(t, "run -q --out "+out+" "+args+busy); code != 0 {
		t.Fatal(code, stderr)
	}
	return out
}

func TestReportVerb(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := keepOne(t, dir, "a", "-C 300 -r 1k --rate-tolerance 100%"), keepOne(t, dir, "b", "-C 300")
	page := filepath.Join(a, "report.html")
	if err := os.Remove(page); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := stompbench(t, "report "+a); code != 0 || stdout != "" || !strings.Contains(stderr, page) {
		t.Errorf("exit %d, %q %q", code, stdout, stderr)
	}
	if text, err := os.ReadFile(page); err != nil || !strings.Contains(string(text), "every message arrived once") {
		t.Errorf("%v, %d bytes", err, len(text))
	}
	code, stdout, _ := stompbench(t, "report "+a+" "+filepath.Join(b, "result.json")+" -o -")
	if code != 0 || !strings.Contains(stdout, "2 runs compared") || !strings.Contains(stdout, "</i>b</th>") {
		t.Errorf("exit %d, %d bytes", code, len(stdout))
	}
	code, stdout, _ = stompbench(t, "report --text "+a+" "+b)
	if code != 0 || strings.Count(stdout, "received 300") != 2 || strings.Contains(stdout, "</") {
		t.Errorf("exit %d, %s", code, stdout)
	}
	// A file of a stranger does not steer the terminal.
	name := filepath.Join(b, "result.json")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.ReplaceAll(text, []byte(`"server": "`), []byte(`"server": "\u001b[2J`))
	text = bytes.ReplaceAll(text, []byte(`"stomp": "`), []byte(`"stomp": "\u001b[2J`))
	if err := os.WriteFile(name, text, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, stdout, _ := stompbench(t, "report --text "+b); !strings.Contains(stdout, "STOMP  [2J") || strings.Contains(stdout, "\x1b") {
		t.Errorf("%q", stdout)
	}
	nowhere := filepath.Join(dir, "none", "x.html")
	for args, says := range map[string]string{
		"report":                         "name the folder",
		"report " + dir:                  "no such file",
		"report " + page:                 "not a result",
		"report " + a + " -o " + nowhere: "--out",
	} {
		code, stdout, stderr := stompbench(t, args)
		if code == 0 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, says) {
			t.Errorf("%s: exit %d, %q", args, code, stderr)
		}
	}
}

func TestCompareVerb(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a1, a2 := keepOne(t, dir, "base/1", "-C 300 -r 1k --rate-tolerance 100%"), keepOne(t, dir, "base/2", "-C 300 -r 1k --rate-tolerance 100%")
	b := keepOne(t, dir, "new", "-C 300 -r 1k --rate-tolerance 100%")
	other := keepOne(t, dir, "other", "-C 400 -r 1k --rate-tolerance 100%")
	base := filepath.Join(dir, "base")
	for args, want := range map[string]struct {
		code int
		says string
	}{
		base + " " + b:                     {0, "| sent_per_s "},
		a1 + "," + a2 + " " + b:            {0, "few of them do not tell"},
		a1 + " " + b + " --fail-if lost>0": {0, "| from_due.p50 "},
		a1 + " " + b + " --fail-if lost>0 --fail-if from_send.p50>0.001us": {99, "failed: from_send.p50>0.001us"},
		a1 + " " + b + " --fail-if lost":                                   {cli.ExitUsage, "--fail-if"},
		a1 + " " + other:                                                   {cli.ExitUsage, "count is 300 and 400"},
		a1 + " " + other + " --anyway":                                     {0, "the plans differ: count is 300 and 400"},
		a1 + " " + b + " --skip 1h":                                        {cli.ExitCannotRun, "nothing is left"},
		a1:                                                                 {cli.ExitUsage, "two sides"},
		a1 + " " + dir:                                                     {cli.ExitUsage, "count is 300 and 400"}, // of new and other: those of base lie deeper
		a1 + " " + filepath.Join(dir, "none"):                              {cli.ExitCannotRun, "no such file"},
	} {
		code, stdout, stderr := stompbench(t, "compare "+args)
		if code != want.code || !strings.Contains(stdout+stderr, want.says) {
			t.Errorf("%s: exit %d, want %d and %q\n%s%s", args, code, want.code, want.says, stdout, stderr)
		}
	}
	code, stdout, _ := stompbench(t, "compare --json --fail-if sent_per_s>1 "+a1+" "+b)
	var got struct {
		Metrics []struct{ Name string }
		Notes   []string
		Failed  []string
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || code != 99 || len(got.Metrics) < 10 || len(got.Failed) != 1 {
		t.Errorf("exit %d, %v\n%s", code, err, stdout)
	}
}

func TestMergeVerb(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a := keepOne(t, dir, "a", "-C 300 -r 1k --rate-tolerance 100%")
	// The other machine's: as if it had run at the same time.
	r, err := results.Read(keepOne(t, dir, "b", "-C 200 -r 1k --rate-tolerance 100%"))
	if err != nil {
		t.Fatal(err)
	}
	first, err := results.Read(a)
	if err != nil {
		t.Fatal(err)
	}
	r.StartedAt = first.StartedAt
	b := filepath.Join(dir, "elsewhere")
	if err := os.Mkdir(b, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := r.Write(b); err != nil {
		t.Fatal(err)
	}
	sum := filepath.Join(dir, "sum")
	code, stdout, stderr := stompbench(t, "merge "+a+" "+b+" --out "+sum)
	if code != 0 || !strings.Contains(stdout, "sent 500") || !strings.Contains(stdout, "2 producers and 2 consumers") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	if got, err := results.Read(sum); err != nil || got.Count(metric.Received) != 500 || len(got.Machines) != 2 {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(filepath.Join(sum, "report.html")); err != nil {
		t.Error(err)
	}
	for args, want := range map[string]int{
		a + " " + b:                                                   cli.ExitUsage,
		a + " --out " + filepath.Join(dir, "x"):                       cli.ExitUsage,
		a + " " + a + " --out " + filepath.Join(dir, "x"):             cli.ExitUsage,
		a + " " + b + " --out " + sum:                                 cli.ExitUsage,
		a + " " + dir + " --out " + filepath.Join(dir, "x"):           cli.ExitCannotRun,
		a + " " + b + " --out " + filepath.Join(a, "result.json/sub"): cli.ExitCannotRun,
	} {
		if code, stdout, stderr := stompbench(t, "merge "+args); code != want || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("merge %s: exit %d, want %d: %s", args, code, want, stderr)
		}
	}
}

func TestSchemaVerb(t *testing.T) {
	code, stdout, _ := stompbench(t, "schema")
	if code != 0 || !json.Valid([]byte(stdout)) || !strings.Contains(stdout, "json-schema.org") {
		t.Errorf("exit %d, %.100s", code, stdout)
	}
	if code, _, stderr := stompbench(t, "schema x"); code != cli.ExitUsage {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

// Latencies of the warm-up and those that count are, together, those of all messages.
func TestWarmupIsKept(t *testing.T) {
	t.Parallel()
	dir := keepOne(t, t.TempDir(), "a", "-r 500 -C 1500 --warmup 1s --rate-tolerance 100%")
	r, err := results.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	for kind, all := range map[metric.Latency]uint64{
		metric.FromSend: r.Count(metric.Received), metric.FromDue: r.Count(metric.Received), metric.Confirm: r.Count(metric.Confirmed), metric.SendDelay: r.Count(metric.Sent),
	} {
		warmup, inSeconds, measured := uint64(0), uint64(0), r.Histogram(kind).Count()
		for i := range r.Series.Intervals {
			if l := r.Series.Intervals[i].Warmup[kind]; l != nil {
				warmup += l.Count
			}
			if l := r.Series.Intervals[i].Latency[kind]; l != nil {
				inSeconds += l.Count
			}
		}
		// By receipts a message of the warm-up is one that was sent in it.
		if kind != metric.Confirm && (warmup != 500 || measured != 1000) || warmup+measured != all || r.Latency[kind].Count != measured || inSeconds != measured {
			t.Errorf("%s: %d of the warm-up and %d measured of %d", kind, warmup, measured, all)
		}
		text, err := os.ReadFile(filepath.Join(dir, string(kind)+".hlog"))
		if err != nil || (warmup > 0) != strings.Contains(string(text), "\nTag=warmup."+string(kind)+",") {
			t.Errorf("%v\n%s", err, text)
		}
	}
	if code, _, stderr := stompbench(t, "report --text "+dir); code != 0 {
		t.Error(stderr)
	}
}
