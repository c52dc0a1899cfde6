package cli_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// summed is what the tests read of a summary.
type summed struct {
	Partial   bool
	ExitCode  int `json:"exit_code"`
	Scenarios []struct {
		Name, Folder string
		Runs         int
		Metrics      []struct {
			Name   string
			Median *float64
			Values []*float64
		}
		Notes []string
	}
	Runs []struct {
		Scenario, Folder, Trouble string
		Made, Partial             bool
		ExitCode                  int `json:"exit_code"`
	}
	Comparisons []struct {
		A, B    string
		Metrics []struct{ Name string }
		Notes   []string
	}
}

// exitCodes are those of the runs, in their order.
func (s *summed) exitCodes() (codes []int) {
	for i := range s.Runs {
		codes = append(codes, s.Runs[i].ExitCode)
	}
	return codes
}

// order names the scenarios of the runs, in their order.
func (s *summed) order() string {
	var names []string
	for i := range s.Runs {
		names = append(names, s.Runs[i].Scenario)
	}
	return strings.Join(names, " ")
}

// runSeveral runs with --json, without pauses, and expects exit code want. Where
// nothing is to be lost, no pause of a busy machine makes it so.
func runSeveral(t *testing.T, want int, args string) (s summed, stderr string) {
	t.Helper()
	if want != cli.ExitIntegrity {
		args += " --drain-timeout 1m"
	}
	code, stdout, stderr := stompbench(t, "run --json --quiet --pause 0 "+args)
	if code != want {
		t.Fatalf("%s: exit code %d, want %d\n%s%s", args, code, want, stdout, stderr)
	}
	dec := json.NewDecoder(strings.NewReader(stdout))
	if err := dec.Decode(&s); err != nil || dec.More() {
		t.Fatalf("%s: not one JSON object: %v\n%s", args, err, stdout)
	}
	if s.ExitCode != code {
		t.Errorf("%s: exit_code is %d, the process ended with %d", args, s.ExitCode, code)
	}
	return s, stderr
}

// scenarios writes files of these names into a folder, and returns their paths as
// --interleave takes them.
func scenarios(t *testing.T, texts ...string) string {
	t.Helper()
	dir := t.TempDir()
	var paths []string
	for i, text := range texts {
		path := filepath.Join(dir, string(rune('a'+i))+".yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return strings.Join(paths, ",")
}

func TestRepeat(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "out")
	s, stderr := runSeveral(t, 0, "-C 300 --repeat 3 --out "+dir)
	if stderr != "" {
		t.Errorf("--quiet, and yet: %q", stderr)
	}
	if len(s.Runs) != 3 || len(s.Scenarios) != 1 || s.Scenarios[0].Runs != 3 || len(s.Comparisons) != 0 || s.Partial {
		t.Errorf("%+v", s)
	}
	for _, m := range s.Scenarios[0].Metrics {
		if m.Name == "sent_per_s" && (len(m.Values) != 3 || m.Median == nil || *m.Median <= 0) {
			t.Errorf("%+v", m)
		}
	}
	var ids []string
	var seeds []uint64
	for i, name := range []string{"run-1", "run-2", "run-3"} {
		r, err := results.Read(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if r.Count(metric.Received) != 300 || r.Count(metric.Foreign) != 0 || s.Runs[i].Folder != name {
			t.Errorf("%s, called %s: %+v", name, s.Runs[i].Folder, r.Values)
		}
		ids = append(ids, r.RunIDs[0])
		seeds = append(seeds, r.Plan.Seed)
	}
	if ids[0] == ids[1] || ids[1] == ids[2] || seeds[0] != seeds[1] || seeds[1] != seeds[2] {
		t.Errorf("runs %v with seeds %d: want different runs of the same messages", ids, seeds)
	}
	kept, err := os.ReadFile(filepath.Join(dir, "summary.json"))
	if err != nil || !strings.Contains(string(kept), `"sent_per_s"`) {
		t.Errorf("%v\n%s", err, kept)
	}
	page, err := os.ReadFile(filepath.Join(dir, "report.html"))
	if err != nil || !strings.Contains(string(page), "3 runs compared") || !strings.Contains(string(page), "</i>run-3</th>") {
		t.Errorf("%v, %d bytes", err, len(page))
	}
	// The folder is a side for compare, and takes no other series.
	other := keepOne(t, t.TempDir(), "one", "-C 300")
	if code, stdout, stderr := stompbench(t, "compare "+dir+" "+other); code != 0 || !strings.Contains(stdout, "| sent_per_s ") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	if code, _, stderr := stompbench(t, "-C 10 --repeat 2 --out "+dir); code != cli.ExitUsage || !strings.Contains(stderr, "run-1") || strings.Count(stderr, "\n") != 1 {
		t.Errorf("into the same folder: exit %d, %q", code, stderr)
	}
}

// A summary for people goes to standard output, and what happens meanwhile to
// standard error. Once is a series, too.
func TestRepeatAsText(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := stompbench(t, "-C 300 --repeat 2 --pause 1ms")
	for _, want := range []string{"2 runs of 1 producer", "| sent_per_s ", "| from_send.p50 ", "median", "spread"} {
		if code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("exit %d: %q is missing in\n%s", code, want, stdout)
		}
	}
	for _, want := range []string{"2 runs, 1ms between", "run 1 of 2\n", "run 2 of 2\n", "embedded in this process", "received "} {
		if !strings.Contains(stderr, want) {
			t.Errorf("%q is missing in\n%s", want, stderr)
		}
	}
	if s, _ := runSeveral(t, 0, "-C 100 --repeat 1"); len(s.Runs) != 1 || s.Scenarios[0].Runs != 1 {
		t.Errorf("%+v", s)
	}
}

// Scenarios take turns, every other round backwards, on the wire too; and what is
// printed of their difference is what compare prints.
func TestInterleave(t *testing.T) {
	t.Parallel()
	b, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var mu sync.Mutex
	var order []string
	b.Inject(func(_ uint64, f *frame.Frame) broker.Fault {
		mu.Lock()
		defer mu.Unlock()
		if who := string(f.Header.Get("who")); f.Command == frame.CmdSend && string(f.Header.Get("number")) == "1" {
			order = append(order, who)
		}
		return broker.Fault{}
	})
	files := scenarios(t, "header: [who:a, number:%d]\nsize: 100\n", "header: [who:b, number:%d]\nsize: 200\n")
	dir := filepath.Join(t.TempDir(), "out")
	code, stdout, stderr := stompbench(t, "-q --pause 0 -C 200 --drain-timeout 1m --repeat 3 --interleave "+files+" --out "+dir+" -u "+b.URI())
	if code != 0 {
		t.Fatal(code, stdout, stderr)
	}
	if got := strings.Join(order, " "); got != "a b b a a b" {
		t.Errorf("in the order %s", got)
	}
	code, table, stderr := stompbench(t, "compare --anyway "+filepath.Join(dir, "a")+" "+filepath.Join(dir, "b"))
	if code != 0 || !strings.Contains(stdout, "A is a, B is b\n\n"+table) || !strings.Contains(table, "size_bytes") {
		t.Errorf("exit %d: compare has another table\n%s%s\nthan\n%s", code, table, stderr, stdout)
	}
	for _, want := range []string{"a, 3 runs of ", "b, 3 runs of 1 producer and 1 consumer of 200 B"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is missing in\n%s", want, stdout)
		}
	}
	page, err := os.ReadFile(filepath.Join(dir, "report.html"))
	if err != nil || !strings.Contains(string(page), "6 runs compared") || !strings.Contains(string(page), "</i>b/run-2</th>") {
		t.Errorf("%v, %d bytes", err, len(page))
	}
}

// Without --repeat there are two rounds, forth and back. The same file twice is two
// scenarios.
func TestInterleaveForthAndBack(t *testing.T) {
	t.Parallel()
	file := scenarios(t, "count: 50\n")
	s, stderr := runSeveral(t, 0, "--interleave "+file+","+file)
	if s.order() != "a a-2 a-2 a" || len(s.Comparisons) != 1 || s.Comparisons[0].B != "a-2" || stderr != "" {
		t.Errorf("%+v\n%s", s, stderr)
	}
	for _, note := range s.Comparisons[0].Notes {
		if strings.Contains(note, "plans differ") {
			t.Errorf("the same plan twice, and yet: %s", note)
		}
	}
}

// What is asked for may be said in every way.
func TestRepeatByFileAndEnvironment(t *testing.T) {
	files := scenarios(t, "size: 10\n", "size: 20\n")
	t.Setenv("STOMPBENCH_SCENARIO", scenario(t, "repeat: 3\ninterleave: ["+strings.ReplaceAll(files, ",", ", ")+"]\ncount: 20\n"))
	t.Setenv("STOMPBENCH_REPEAT", "1")
	if s, _ := runSeveral(t, 0, ""); s.order() != "a b" {
		t.Errorf("in the order %s", s.order())
	}
}

// The exit code is that of the worst run, and which run it was is said.
func TestRepeatExitCodes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		fault broker.Fault
		run   int // with the fault
		slo   string
		want  int
		codes []int
		says  string
	}{
		{"all is well", broker.Fault{}, 1, "lost=0", cli.ExitOK, []int{0, 0, 0}, ""},
		{"not met", broker.Fault{}, 1, "received<1", cli.ExitSLO, []int{99, 99, 99}, "run 3 of 3: not met: received<1"},
		{"one loses", broker.Lose, 2, "received>=1", cli.ExitIntegrity, []int{0, 3, 0}, "run 2 of 3: 1 lost"},
		{"a loss is worse than slow", broker.Lose, 3, "received<1", cli.ExitIntegrity, []int{99, 99, 3}, "run 3 of 3: 1 lost"},
		{"one breaks off", broker.Cut, 2, "lost=0", cli.ExitCannotRun, []int{0, 1, 0}, "run 2 of 3: it broke off: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b, err := broker.Start(broker.Config{})
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			var mu sync.Mutex
			runs := 0
			b.Inject(func(_ uint64, f *frame.Frame) broker.Fault {
				mu.Lock()
				defer mu.Unlock()
				if f.Command != frame.CmdSend {
					return broker.Fault{}
				}
				switch string(f.Header.Get("n")) {
				case "1":
					runs++
				case "50":
					if runs == c.run {
						return c.fault
					}
				}
				return broker.Fault{}
			})
			args := "-C 100 -c 1 -H n:%d --repeat 3 --slo " + c.slo + " -u " + b.URI()
			if c.want == cli.ExitIntegrity {
				args += " --drain-timeout 8s"
			}
			s, stderr := runSeveral(t, c.want, args)
			if !slices.Equal(s.exitCodes(), c.codes) || !strings.Contains(stderr, c.says) {
				t.Errorf("exit codes %v, want %v; %q, want something about %q", s.exitCodes(), c.codes, stderr, c.says)
			}
			if broken := slices.Contains(c.codes, 1); s.Partial != broken || broken && (s.Scenarios[0].Runs != 2 || !s.Runs[1].Partial || !strings.Contains(strings.Join(s.Scenarios[0].Notes, " "), "1 of 3")) {
				t.Errorf("%+v", s)
			}
		})
	}
}

// What a run left behind does not get into the next one.
func TestRepeatClearsAway(t *testing.T) {
	t.Parallel()
	b, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var mu sync.Mutex
	cut := false
	b.Inject(func(_ uint64, f *frame.Frame) broker.Fault {
		mu.Lock()
		defer mu.Unlock()
		if f.Command == frame.CmdAck && !cut { // of the first message: most are still there
			cut = true
			return broker.Cut
		}
		return broker.Fault{}
	})
	dir := filepath.Join(t.TempDir(), "out")
	runSeveral(t, cli.ExitCannotRun, "-C 400 --repeat 2 -t /queue/left-%d --destinations 4 --ack client-individual --prefetch 1 -u "+b.URI()+" --out "+dir)
	if r, err := results.Read(filepath.Join(dir, "run-2")); err != nil || r.Count(metric.Received) != 400 || r.Count(metric.Foreign) != 0 {
		t.Errorf("%v, %+v", err, r)
	}
}

// A scenario that cannot start ends the series: it is the scenario that is wrong.
func TestInterleaveCannotStart(t *testing.T) {
	t.Parallel()
	files := scenarios(t, "count: 100\n", "count: 100\nuri: stomp://"+nowhere(t)+"\n")
	s, stderr := runSeveral(t, cli.ExitCannotRun, "--repeat 3 --interleave "+files)
	if !strings.Contains(stderr, "run 2 of 6 (b): cannot connect: nothing listens") || strings.Count(stderr, "\n") != 1 {
		t.Errorf("%q", stderr)
	}
	if !slices.Equal(s.exitCodes(), []int{0, 1, 0, 0, 0, 0}) || !s.Partial || s.Scenarios[0].Runs != 1 || s.Runs[1].Made || s.Runs[2].Made {
		t.Errorf("%+v", s)
	}
	files = scenarios(t, "count: 100\nuri: stomp://"+nowhere(t)+"\n", "count: 100\n")
	code, stdout, stderr := stompbench(t, "-q --interleave "+files)
	if code != cli.ExitCannotRun || stdout != "" || strings.Count(stderr, "\n") != 1 {
		t.Errorf("exit %d, %q %q", code, stdout, stderr)
	}
}

// A broker that is gone in a later round does not end the series: the others go on.
func TestInterleaveGoesOn(t *testing.T) {
	t.Parallel()
	b, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	files := scenarios(t, "count: 100\n", "count: 100\nuri: "+b.URI()+"\n")
	var stdout strings.Builder
	stderr := &until{what: regexp.MustCompile(`(?s)run 2 of 4.* received `), do: func() { _ = b.Close() }}
	code := cli.Run(t.Context(), strings.Fields("--json --pause 0 --drain-timeout 1m --interleave "+files), &stdout, stderr)
	var s summed
	if err := json.Unmarshal([]byte(stdout.String()), &s); err != nil {
		t.Fatalf("exit %d, %v\n%s%s", code, err, stdout.String(), stderr)
	}
	if code != cli.ExitCannotRun || s.order() != "a b b a" || !slices.Equal(s.exitCodes(), []int{0, 0, 1, 0}) ||
		s.Scenarios[0].Runs != 2 || s.Scenarios[1].Runs != 1 || len(s.Comparisons) != 1 || !s.Partial {
		t.Errorf("exit %d, %+v", code, s)
	}
	if !strings.Contains(stderr.String(), "stompbench: run 3 of 4 (b): cannot connect: ") {
		t.Errorf("%s", stderr)
	}
}

// ^C ends the series; what is done is kept and told.
func TestRepeatInterrupted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, args, when string
		whole            []int // runs of each scenario
		folders          int
	}{
		{"in a run", "--interleave " + scenarios(t, "count: 100\n", "duration: 1h\nrate: 1k\n"), `(?s)run 2 of 4.*\n +\d+\.\ds `, []int{1, 0}, 2},
		{"in a pause", "--repeat 3 --pause 1h -C 100", `(?s)run 1 of 3.* received `, []int{1}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "out")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var stdout strings.Builder
			stderr := &until{what: regexp.MustCompile(c.when), do: cancel}
			if code := cli.Run(ctx, strings.Fields(c.args+" --drain-timeout 1m --out "+dir), &stdout, stderr); code != cli.ExitInterrupted {
				t.Fatalf("exit %d\n%s%s", code, stdout.String(), stderr)
			}
			if !strings.Contains(stdout.String(), "PARTIAL RESULT: 1 of ") {
				t.Errorf("%s", stdout.String())
			}
			text, err := os.ReadFile(filepath.Join(dir, "summary.json"))
			if err != nil {
				t.Fatal(err)
			}
			var s summed
			if err := json.Unmarshal(text, &s); err != nil || !s.Partial || s.ExitCode != cli.ExitInterrupted {
				t.Errorf("%v\n%s", err, text)
			}
			for i, want := range c.whole {
				if got := s.Scenarios[i].Runs; got != want {
					t.Errorf("%d whole runs of scenario %d, want %d", got, i+1, want)
				}
			}
			made := 0
			for i := range s.Runs {
				if !s.Runs[i].Made {
					continue
				}
				made++
				if _, err := results.Read(filepath.Join(dir, s.Runs[i].Folder)); err != nil {
					t.Error(err)
				}
			}
			if made != c.folders {
				t.Errorf("%d runs have a result, want %d", made, c.folders)
			}
			if _, err := os.Stat(filepath.Join(dir, "report.html")); err != nil {
				t.Error(err)
			}
		})
	}
}

// A series that is interrupted before anything was sent has nothing to tell.
func TestRepeatInterruptedAtOnce(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr strings.Builder
	code := cli.Run(ctx, strings.Fields("-q --repeat 3 -u stomp://"+silent(t)), &stdout, &stderr)
	if code != cli.ExitInterrupted || stdout.Len() > 0 || !strings.Contains(stderr.String(), "interrupted before the first message") {
		t.Errorf("exit %d, %q %q", code, stdout.String(), stderr.String())
	}
}

// What contradicts itself is said before any load.
func TestRepeatUsage(t *testing.T) {
	ab := scenarios(t, "rate: 1k\n", "rate: 2k\n")
	a, _, _ := strings.Cut(ab, ",")
	dir := t.TempDir()
	base := scenario(t, "rate: 5k\n")
	for args, says := range map[string]string{
		"--repeat 0":     "--repeat: 0 is out of range: choose from 1",
		"--repeat -1":    "--repeat",
		"--repeat 1001":  "1000",
		"--repeat often": "--repeat",
		"--repeat 2 --run-id x --out " + filepath.Join(dir, "x"): "--run-id is the name of one run",
		"--pause 2s":                                                                    "--pause is between runs, and there is one",
		"--repeat 2 --pause -1s":                                                        "from 0s",
		"--interleave " + a:                                                             "is alone",
		"--interleave " + a + ",":                                                       "--interleave: a name is missing",
		"--interleave " + a + ",/nonexistent":                                           "--interleave cannot be read",
		"--interleave " + ab + " -r 5":                                                  "a.yaml, line 1: rate is set for all runs already",
		"--interleave " + ab + " -f " + base:                                            "a.yaml, line 1: rate is set for all runs already",
		"--interleave " + ab + " -z 0":                                                  "a.yaml: ",
		"--interleave " + ab + " now":                                                   "neither a flag nor a command",
		"--interleave " + ab + " --repeat 0":                                            "--repeat",
		"--repeat 2 --out " + dir + " -x 0 -y 0":                                        "nothing to do",
		"--interleave " + a + "," + strings.Repeat(a+",", 30) + a:                       "up to 26",
		"--interleave " + a + "," + scenarios(t, "count: 3\nout: x\n"):                  "line 2: out is for all runs together",
		"--interleave " + a + "," + scenarios(t, "interleave: [x, y]\n"):                "line 1: interleave is for all runs together",
		"--interleave " + a + "," + scenarios(t, "scenario: x\n"):                       "command line only",
		"--interleave " + a + "," + scenarios(t, "rates: 5\n"):                          "did you mean rate?",
		"--interleave " + a + "," + scenarios(t, "uri: stomp://u:s3cret@h:99999\n"):     "line 1: --uri",
		"--interleave " + a + "," + scenarios(t, "ack: client\nstomp: 1.0\nnack: 1%\n"): "a.yaml: --nack",
	} {
		for _, dry := range []string{"", "--dry-run "} {
			code, stdout, stderr := stompbench(t, dry+args)
			if code != cli.ExitUsage || stdout != "" || !strings.Contains(stderr, says) || strings.Count(stderr, "\n") != 1 || strings.Contains(stderr, "s3cret") {
				t.Errorf("%s%s: exit %d, %q %q, want something about %q", dry, args, code, stdout, stderr, says)
			}
		}
	}
	if code, _, stderr := stompbench(t, "--interleave "+ab+" --out "+filepath.Join(a, "sub")); code != cli.ExitCannotRun || strings.Count(stderr, "\n") != 1 {
		t.Errorf("exit %d, %q", code, stderr)
	}
	t.Setenv("STOMPBENCH_RATE", "5k")
	if code, _, stderr := stompbench(t, "--dry-run --interleave "+ab); code != cli.ExitUsage || !strings.Contains(stderr, "environment") {
		t.Errorf("exit %d, %q", code, stderr)
	}
}

// A dry run shows the whole series: each plan, the order, and the time.
func TestRepeatDryRun(t *testing.T) {
	ab := scenarios(t, "rate: 1k\nwarmup: 2s\n", "count: 3k\nrate: 1k\n")
	for args, says := range map[string][]string{
		"--repeat 3 -z 10s":                   {"3 runs, 1s between", "32s, and"},
		"--repeat 3 -z 10s --pause 0 -C 100":  {"3 runs, 0s between", "30s, and"},
		"--repeat 3 -C 100 -r 10 --pause 10s": {"50s, and"},
		"--repeat 3 -C 100":                   {"open: as long as"},
		"--repeat 1 -z 10s":                   {"1 run\n", "10s, and"},
		"--repeat 2 -z 1m -y 0 -u stomp://h":  {"no consumers"},
		"--interleave " + ab + " -z 10s":      {"4 runs, 2 of each in turns: a b b a, 1s between", "33s, and", "a, by ", "b, by ", "1,000/s", "after 2s of warm-up", "3,000 messages"},
		"--interleave " + ab + "," + scenarios(t, "count: 1\n") + " --repeat 3": {"9 runs, 3 of each in turns: a b a-2 a-2 b a a b a-2, "},
		"--interleave " + ab + " --repeat 9":                                    {"18 runs, 9 of each in turns: a b b a a b b a a b b a …, "},
	} {
		code, stdout, stderr := stompbench(t, "--dry-run "+args)
		for _, want := range says {
			if code != 0 || !strings.Contains(stdout, want) || stderr != "" {
				t.Errorf("%s: exit %d, %q is missing in\n%s%s", args, code, want, stdout, stderr)
			}
		}
	}
	var plan struct {
		Runs      int
		Order     []string
		Pause     float64  `json:"pause_s"`
		Total     *float64 `json:"total_s"`
		Scenarios []struct {
			Name, File string
			Plan       map[string]any
		}
	}
	code, stdout, _ := stompbench(t, "--dry-run --json --interleave "+ab+" -z 10s")
	if err := json.Unmarshal([]byte(stdout), &plan); err != nil || code != 0 {
		t.Fatalf("exit %d, %v\n%s", code, err, stdout)
	}
	if plan.Runs != 4 || strings.Join(plan.Order, " ") != "a b b a" || plan.Pause != 1 || *plan.Total != 33 ||
		len(plan.Scenarios) != 2 || plan.Scenarios[1].Plan["count"] != 3000.0 || plan.Scenarios[0].Plan["seed"] != plan.Scenarios[1].Plan["seed"] {
		t.Errorf("%s", stdout)
	}
}
