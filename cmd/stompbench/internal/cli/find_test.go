package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
)

// found is what the tests read of a search.
type found struct {
	Ended    string
	Rate     float64 `json:"rate_per_s"`
	Failed   float64 `json:"failed_rate_per_s"`
	ExitCode int     `json:"exit_code"`
	Partial  bool
	Failure  string
	SLO      string
	Knee     struct {
		Low    float64 `json:"low_per_s"`
		High   float64 `json:"high_per_s"`
		Likely float64 `json:"likely_per_s"`
		Sure   float64
	}
	Rates []struct {
		Rate                      float64 `json:"rate_per_s"`
		Passed, Failed, Generator int
		Verdict                   string
	}
	Steps []struct {
		Rate  float64 `json:"rate_per_s"`
		Pass  bool
		Rules []struct {
			Rule  string
			Met   bool
			Value *float64
		}
		Latency   string
		P99       int64  `json:"p99_ns"`
		Limited   string `json:"limited_by"`
		Why       string
		Generator bool `json:"generator_limited"`
	}
}

// tidy reports whether what a search says follows from its steps.
func (r *found) tidy(t testing.TB) {
	t.Helper()
	n := 0
	for _, rate := range r.Rates {
		n += rate.Passed + rate.Failed
	}
	for _, s := range r.Steps {
		broken := 0
		for _, rule := range s.Rules {
			if !rule.Met {
				broken++
			}
		}
		if s.Pass != (broken == 0) || s.Limited == "" || s.Why == "" || s.Generator && s.Pass {
			t.Errorf("%+v", s)
		}
		if s.Generator {
			n++
		}
		if s.Pass && s.Rate > r.Rate && s.Rate < r.Failed {
			t.Logf("%v passed once and is undecided", s.Rate)
		}
	}
	if n != len(r.Steps) {
		t.Errorf("%d steps in the rates, %d in all", n, len(r.Steps))
	}
}

// What the search says follows from its steps.
func TestFind(t *testing.T) {
	t.Run("finds", func(t *testing.T) {
		t.Parallel()
		virtually(t, finds)
	})
	t.Run("finds nothing", func(t *testing.T) {
		t.Parallel()
		virtually(t, func(t testing.TB) {
			var r found
			object(t, cli.ExitSLO, "find --from 10 --to 20 --dwell 200ms --warmup 0 --max-time 1m --slo lost>0", &r)
			if r.Ended != "too_low" || r.Rate != 0 || r.Knee.Low != 0 {
				t.Errorf("%+v", r)
			}
		})
	})
	t.Run("finds the end of its range", func(t *testing.T) {
		t.Parallel()
		virtually(t, func(t testing.TB) {
			code, stdout, stderr := stompbench(t, "find --from 5 --to 10 --dwell 600ms --warmup 100ms --repeat 1 --max-time 1m --slo lost=0")
			if code != 0 || !strings.Contains(stdout, "10/s meets lost=0,backlog.slope_share<=2%: it passed ") && !strings.Contains(stdout, "undecided") ||
				!strings.Contains(stdout, "raise --to") || !strings.Contains(stdout, "the knee is above") ||
				!strings.Contains(stderr, "climb   pass") || !strings.Contains(stderr, "repeat  pass") || !strings.Contains(stderr, "met: the rate is kept (") {
				t.Errorf("exit %d\n%s%s", code, stdout, stderr)
			}
		})
	})
}

// finds holds a search to what its steps say.
func finds(t testing.TB) {
	dir := filepath.Join(t.TempDir(), "out")
	var r found
	b := withFaults(t, shares(t, of(1, broker.Delay(time.Millisecond)))) // or it would take no time at all
	object(t, 0, "find --from 5 --to 20 --dwell 600ms --warmup 0 --repeat 1 --max-time 1m --slo lost=0,sent<10 --out "+dir+" -u "+b.URI(), &r)
	r.tidy(t)
	// sent<10 in 0.6 s: up to 15 a second.
	if r.Rate < 10 || r.Rate > 15 || r.Failed <= r.Rate || r.Failed > 20 || r.SLO != "lost=0,sent<10,backlog.slope_share<=2%" || r.Knee.Low > 17.5 || r.Knee.Sure != 0.9 {
		t.Errorf("%+v", r)
	}
	for _, s := range r.Steps {
		if len(s.Rules) != 4 || s.Latency != "from_due" || s.P99 <= 0 || s.Rules[0].Value == nil {
			t.Errorf("%+v", s)
		}
	}
	for name, want := range map[string]string{
		"find.json": `"tool": "stompbench find"`, "find.csv": "phase,rate_per_s,verdict,", "report.html": `"knee":[{"label":`,
	} {
		if data, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !strings.Contains(string(data), want) {
			t.Errorf("%s: %v\n%.500s", name, err, data)
		}
	}
	before, err := os.ReadFile(filepath.Join(dir, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := stompbench(t, "report "+dir); code != 0 {
		t.Errorf("exit %d, %s", code, stderr)
	}
	if again, err := os.ReadFile(filepath.Join(dir, "report.html")); err != nil || string(again) != string(before) {
		t.Errorf("the page made again is another: %v", err)
	}
	if code, stdout, _ := stompbench(t, "report --text "+dir); code != 0 || !strings.Contains(stdout, "meets lost=0,sent<10") {
		t.Errorf("exit %d, %s", code, stdout)
	}
	code, _, stderr := stompbench(t, "find --out "+dir)
	if code != cli.ExitUsage || !strings.Contains(stderr, "holds a find.json already") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

// The plan is shown, and nothing is done: the address has no listener.
func TestFindDryRun(t *testing.T) {
	t.Parallel()
	at := nowhere(t)
	code, stdout, stderr := stompbench(t, "find --dry-run --from 1k --to 1M --repeat 3 --broker rabbitmq -u stomp://u:s3cret@"+at)
	for _, want := range []string{
		at, "from 1,000/s to 1,000,000/s", "backlog.slope_share<=2%", "3s each, after 500ms of warm-up", "tried 4 times", "about 16 steps",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is missing:\n%s", want, stdout)
		}
	}
	if code != 0 || stderr != "" || strings.Contains(stdout, "s3cret") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	var plan struct {
		Steps int
		SLO   string
		Dwell float64 `json:"dwell_s"`
		Plan  struct {
			Warmup float64 `json:"warmup_s"`
		}
	}
	object(t, 0, "find --dry-run -y 0 --dwell 1s", &plan)
	if plan.Steps < 10 || plan.SLO != "confirm.p99<100ms" || plan.Dwell != 1 || plan.Plan.Warmup != 0.5 {
		t.Errorf("%+v", plan)
	}
}

// What a step left behind is not the next one's: the broker cuts off the consumer at
// its third ACK, which leaves what was not acknowledged, and what comes then.
func TestFindDrainsBetweenSteps(t *testing.T) {
	t.Parallel()
	for _, queues := range []string{"-t /queue/a", "-t /queue/b-%d --destinations 3"} {
		t.Run(queues, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t testing.TB) { findDrains(t, queues) })
		})
	}
}

func findDrains(t testing.TB, queues string) {
	var acks atomic.Uint64
	b := withFaults(t, func(_ uint64, f *frame.Frame) broker.Fault {
		if f.Command == frame.CmdAck && acks.Add(1) == 3 {
			return broker.Cut
		}
		return broker.Fault{}
	})
	args := "find --json -q --from 40 --to 40 --within 40% --dwell 500ms --warmup 0 --repeat 0 --ack client-individual --slo lost=0,foreign=0 " + queues + " -u " + b.URI()
	code, stdout, stderr := stompbench(t, args)
	var r found
	if err := json.Unmarshal([]byte(stdout), &r); err != nil || len(r.Steps) < 2 {
		t.Fatalf("exit %d, %v\n%s\n%s", code, err, stdout, stderr)
	}
	cut := 0
	for i, s := range r.Steps {
		if strings.Contains(s.Rules[0].Rule, "the connection holds") {
			cut++
			if s.Pass || s.Generator {
				t.Errorf("step %d: %+v", i, s)
			}
		} else if rule := s.Rules[2]; !strings.HasPrefix(rule.Rule, "foreign=0") || !rule.Met {
			t.Errorf("step %d: %+v", i, rule)
		}
	}
	if cut != 1 {
		t.Errorf("%d steps were cut off, want 1: %+v", cut, r.Steps)
	}
}

// A rate that no machine can send is not the broker's knee: the exit code says that it
// was the generator, unless that is fine.
func TestFindEndsAtTheGenerator(t *testing.T) {
	t.Parallel()
	virtuallyBusy(t, float64(runtime.GOMAXPROCS(0)), func(t testing.TB) { // all processors are used
		b := withFaults(t, slow(10*time.Millisecond))
		args := "find --from 10k --to 10k --dwell 1s --warmup 0 --max-time 1s -c 64 --slo sent>0 -u " + b.URI() + " "
		code, stdout, stderr := stompbench(t, args)
		if code != cli.ExitGenerator || !strings.Contains(stderr, "climb   void") ||
			!strings.Contains(stdout, "this machine can generate") || !strings.Contains(stdout, "nothing is known of the broker") {
			t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
		}
		if code, stdout, stderr := stompbench(t, args+"--accept-generator-limit"); code != cli.ExitSLO {
			t.Errorf("exit %d\n%s%s", code, stdout, stderr)
		}
	})
}

// A broker that goes away in the middle of a search ends it, and what was found until
// then is not lost.
func TestFindKeepsWhatItHas(t *testing.T) {
	t.Parallel()
	b, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	dir := filepath.Join(t.TempDir(), "out")
	var stdout strings.Builder
	stderr := &onWrite{of: "climb", do: sync.OnceFunc(func() { _ = b.Close() })}
	args := "find --json --from 20 --to 40 --dwell 300ms --repeat 20 --max-time 1h --slo lost=0 --out " + dir + " -u " + b.URI()
	code := cli.Run(t.Context(), strings.Fields(args), &stdout, stderr)
	var r found
	if err := json.Unmarshal([]byte(stdout.String()), &r); err != nil || code != cli.ExitCannotRun || !r.Partial || r.Failure == "" || len(r.Steps) == 0 || r.ExitCode != code {
		t.Errorf("exit %d, %v\n%s\n%s", code, err, stdout.String(), stderr.String())
	}
	if _, err := os.Stat(filepath.Join(dir, "report.html")); err != nil {
		t.Error(err)
	}
}

// onWrite does something when a text is written.
type onWrite struct {
	strings.Builder
	of string
	do func()
}

func (w *onWrite) Write(p []byte) (int, error) {
	if strings.Contains(string(p), w.of) {
		w.do()
	}
	return w.Builder.Write(p)
}
