package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
)

// scenario writes a scenario file.
func scenario(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// planOf returns the plan that the arguments make.
func planOf(t *testing.T, args string) map[string]any {
	t.Helper()
	code, stdout, stderr := stompbench(t, "--dry-run --json "+args)
	var plan struct{ Plan map[string]any }
	if err := json.Unmarshal([]byte(stdout), &plan); err != nil || code != 0 {
		t.Fatalf("%s: exit %d, %v\n%s%s", args, code, err, stdout, stderr)
	}
	return plan.Plan
}

// A file says the same as the flags that it names.
func TestScenarioEqualsFlags(t *testing.T) {
	path := scenario(t, `
# A queue for each producer.
producers: 4
consumers: 8
publish-to: /queue/load-%03d
destinations: 1..4
rate: [1k..5k:10s, 5k:20s]
size: "128:80,4k:20"
header:
  - kind:order
  - number:%d
persistent: true
ack: client
ack-every: 0x20
seed: 7
`)
	path = strings.ReplaceAll(path, " ", "")
	if _, _, stderr := stompbench(t, "--dry-run -f "+path); !strings.Contains(stderr, "line 14") || !strings.Contains(stderr, "--ack-every") {
		t.Errorf("a number that is none: %q", stderr)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	path = scenario(t, strings.Replace(string(text), "0x20", "20", 1))
	got := planOf(t, "-f "+path)
	want := planOf(t, "-x 4 -y 8 -t /queue/load-%03d --destinations 1..4 -r 1k..5k:10s,5k:20s -s 128:80,4k:20 -H kind:order -H number:%d --persistent --ack client --ack-every 20 --seed 7")
	for name, value := range want {
		a, _ := json.Marshal(value)
		b, _ := json.Marshal(got[name])
		if string(a) != string(b) {
			t.Errorf("%s: %s by flags, %s by the file", name, a, b)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d entries and %d", len(got), len(want))
	}
}

// The command line goes before the environment, and that before the file.
func TestScenarioGivesWay(t *testing.T) {
	t.Setenv("STOMPBENCH_CONSUMERS", "5")
	t.Setenv("STOMPBENCH_SCENARIO", scenario(t, "producers: 2\nconsumers: 2\ncount: 40\nheader: a:b\n"))
	if p := planOf(t, "-x 3"); p["producers"] != 3.0 || p["consumers"] != 5.0 || p["count"] != 40.0 {
		t.Errorf("%v", p)
	}
}

func TestBadScenarios(t *testing.T) {
	for text, says := range map[string]string{
		"producers: 1\nconsumer: 2\n":      "line 2: there is no flag \"consumer\": did you mean consumers?",
		"x: 1\n":                           "did you mean producers?",
		"producers: 1\n\nfrobnicate: 2\n":  "line 3: there is no flag \"frobnicate\": see",
		"producers: many\n":                "line 1: --producers",
		"size:\n  fixed: 5\n":              "line 1: size: write a value",
		"producers:\n":                     "line 1: producers: it has no value",
		"producers: 1\nproducers: 2\n":     "line 2",
		"producers: [1\n":                  "line 1",
		"- producers\n":                    "line 1",
		"help: true\n":                     "command line only",
		"scenario: other.yaml\n":           "command line only",
		"? [a]\n: 5\n":                     "line 1: write flags as name: value",
		"size: 4:x\n":                      "--size: the weight after the colon: write a number above 0, such as 90",
		"uri: stomp://u:s3cret@h:99999\n":  "line 1: --uri",
		"uri: \"stomp://u:s3cret@h\nrate:": "line",
		"destinations: 3\n":                "%d",
	} {
		code, stdout, stderr := stompbench(t, "--dry-run -f "+scenario(t, text))
		if code != cli.ExitUsage || stdout != "" || !strings.Contains(stderr, says) || strings.Count(stderr, "\n") != 1 || strings.Contains(stderr, "s3cret") {
			t.Errorf("%q: exit %d, %q %q, want something about %q", text, code, stdout, stderr, says)
		}
	}
	if code, _, stderr := stompbench(t, "--dry-run -f "+scenario(t, "# nothing\n")); code != 0 {
		t.Errorf("an empty file: exit %d, %q", code, stderr)
	}
	if code, _, stderr := stompbench(t, "-f "+scenario(t, strings.Repeat("#", 2<<20))); code != cli.ExitUsage || !strings.Contains(stderr, "KiB") {
		t.Errorf("a huge file: exit %d, %q", code, stderr)
	}
}

// The file of a stranger costs little, whatever it is.
func TestScenarioBombs(t *testing.T) {
	for name, text := range map[string]string{
		"lists in lists":      "size: " + strings.Repeat("[", 60<<10),
		"closed lists":        "size: " + strings.Repeat("[", 30<<10) + strings.Repeat("]", 30<<10),
		"maps in maps":        "size: " + strings.Repeat("{a: ", 15<<10),
		"entries of entries":  strings.Repeat("- ", 30<<10),
		"keys of keys":        strings.Repeat("? ", 30<<10),
		"a laughter":          "a: &a [x,x]\nb: &b [*a,*a]\nsize: [*b,*b]\n",
		"an alias":            "size: *a\n",
		"an anchor":           "size: &a 5\n",
		"a merge":             "<<: {size: 5}\n",
		"a tag":               "size: !!binary aGVsbG8=\n",
		"a directive":         "%YAML 1.2\n---\nsize: 5\n",
		"a very long list":    "size: [" + strings.Repeat("1,", 30<<10) + "1]",
		"NULs":                "size: \x00\x00\n",
		"a list of flag maps": "size: [{a: 5}]\n",
		"no text":             strings.Repeat("\xff\xfe", 1000),
	} {
		code, stdout, stderr := stompbench(t, "--dry-run -f "+scenario(t, text))
		if code != cli.ExitUsage || stdout != "" || strings.Count(stderr, "\n") != 1 || len(stderr) > 500 {
			t.Errorf("%s: exit %d, %q %.600q", name, code, stdout, stderr)
		}
	}
	if code, _, stderr := stompbench(t, "--dry-run -f /dev/zero"); code != cli.ExitUsage || !strings.Contains(stderr, "KiB") {
		t.Errorf("an endless file: exit %d, %q", code, stderr)
	}
}
