package cli_test

import (
	"encoding/json"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
)

// judged is what the tests read of the judgement.
type judged struct {
	Verdict struct {
		Limit   string `json:"limited_by"`
		Why     string
		Invalid bool    `json:"generator_limited"`
		Window  float64 `json:"producers_window_share"`
		Send    float64 `json:"producers_send_share"`
		Linger  float64 `json:"consumers_latency_share"`
	}
	SLO []struct {
		Condition string
		Met       bool
	}
}

// judge runs with --json and --quiet, and expects exit code want, as runJSON does.
func judge(t testing.TB, want int, args string) (j judged) {
	t.Helper()
	if want != cli.ExitIntegrity && !strings.Contains(args, "--drain-timeout") {
		args += " --drain-timeout 1m"
	}
	code, stdout, stderr := stompbench(t, "run --json --quiet "+args)
	if code != want {
		t.Fatalf("%s: exit code %d, want %d\n%s%s", args, code, want, stdout, stderr)
	}
	if err := json.Unmarshal([]byte(stdout), &j); err != nil {
		t.Fatal(err)
	}
	return j
}

func TestSLO(t *testing.T) {
	t.Parallel()
	if j := judge(t, 0, "-C 2000 --slo lost=0,sent=2k,from_send.p99<1h,duplicated<1"); len(j.SLO) != 4 || !j.SLO[0].Met {
		t.Errorf("%+v", j.SLO)
	}
	if j := judge(t, cli.ExitSLO, "-C 2000 --slo lost=0,sent>2k"); !j.SLO[0].Met || j.SLO[1].Met {
		t.Errorf("%+v", j.SLO)
	}
	// Without consumers nothing arrives, and without receipts nothing is confirmed:
	// what was not measured was not achieved.
	judge(t, cli.ExitSLO, "-C 200 -y 0 --slo from_send.p50<1h")
	judge(t, cli.ExitSLO, "-C 200 -c 0 --slo confirm.p50<1h")

	code, stdout, _ := stompbench(t, "-C 2000 --quiet --slo sent=1,lost=0")
	if code != cli.ExitSLO || !strings.Contains(stdout, "NOT MET  sent=1 (2,000)") || !strings.Contains(stdout, "met      lost=0 (0)") {
		t.Errorf("exit %d\n%s", code, stdout)
	}
	code, _, stderr := stompbench(t, "--slo from_due.p99<20")
	if code != cli.ExitUsage || !strings.Contains(stderr, "--slo") || !strings.Contains(stderr, "20ms") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

// A lost message is worse than an SLO that is not met.
func TestIntegrityBeforeSLO(t *testing.T) {
	t.Parallel()
	at := proxy(t, func(n int, m []byte) []byte {
		if n == 5 {
			return nil
		}
		return m
	})
	judge(t, cli.ExitIntegrity, "-C 100 -c 10 --drain-timeout 300ms --slo lost=0,sent=1 -u stomp://"+at)
}

// withFaults starts a broker with faults.
func withFaults(t testing.TB, decide func(session uint64, f *frame.Frame) broker.Fault) *broker.Broker {
	t.Helper()
	b := started(t, broker.Config{})
	b.Inject(decide)
	return b
}

// slow does not read a connection for d after each SEND.
func slow(d time.Duration) func(uint64, *frame.Frame) broker.Fault {
	return func(_ uint64, f *frame.Frame) broker.Fault {
		if f.Command == frame.CmdSend {
			return broker.Freeze(d)
		}
		return broker.Fault{}
	}
}

// Runs that are made to be limited by one thing are said to be.
func TestVerdict(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		delay time.Duration // in which the broker does not read after each SEND
		args  string
		limit string
		code  int
		holds func(j *judged) bool
	}{
		"schedule": {args: "-z 3s -r 100", limit: "schedule"},
		"broker, at a rate": {
			delay: 10 * time.Millisecond, args: "-z 2s -r 5k -c 10", limit: "broker", code: cli.ExitRate,
			holds: func(j *judged) bool { return !j.Verdict.Invalid && j.Verdict.Window >= 0.9 },
		},
		"broker, flat out": {
			delay: 10 * time.Millisecond, args: "-z 1s -c 100", limit: "broker",
			holds: func(j *judged) bool { return j.Verdict.Window >= 0.9 },
		},
		// Without receipts nothing but the connection itself holds producers up.
		"broker, that does not read": {
			delay: 50 * time.Millisecond, args: "-z 1s -c 0 -y 0 -s 1MiB", limit: "broker",
			holds: func(j *judged) bool { return j.Verdict.Send >= 0.9 },
		},
		// 20 messages take 4 s of the consumer, and far less of a broker that takes its time
		// too: what is behind is the consumer's.
		"consumers": {
			delay: 10 * time.Millisecond, args: "-C 20 -c 1 --consumer-latency 200ms", limit: "consumers",
			holds: func(j *judged) bool {
				return strings.Contains(j.Verdict.Why, "--consumer-latency") && j.Verdict.Linger >= 0.9
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t testing.TB) {
				j := judge(t, c.code, c.args+" -u "+withFaults(t, slow(c.delay)).URI())
				if j.Verdict.Limit != c.limit || c.holds != nil && !c.holds(&j) {
					t.Errorf("%+v, want %s", j.Verdict, c.limit)
				}
			})
		})
	}
	// One message at a time over a slow network is limited by the network, not by the broker.
	t.Run("round trip", func(t *testing.T) {
		t.Parallel()
		virtually(t, func(t testing.TB) {
			if j := judge(t, 0, "-z 3s -c 1 -y 8 -u stomp://"+farAway(t, 200*time.Millisecond)); j.Verdict.Limit != "network" {
				t.Errorf("%+v", j.Verdict)
			}
		})
	})
	// All processors are used, and the rate is not kept.
	t.Run("generator", func(t *testing.T) {
		t.Parallel()
		virtuallyBusy(t, float64(runtime.GOMAXPROCS(0)), func(t testing.TB) {
			args := "-z 2s -r 5k -c 10 -u " + withFaults(t, slow(10*time.Millisecond)).URI()
			if j := judge(t, cli.ExitGenerator, args); j.Verdict.Limit != "generator" || !j.Verdict.Invalid {
				t.Errorf("%+v", j.Verdict)
			}
			judge(t, 0, args+" --accept-generator-limit")
		})
	})
}
