package cli_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/internal/calm"

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
		Making  float64 `json:"producers_making_share"`
		Starved float64 `json:"process_starved_share"`
		Linger  float64 `json:"consumers_latency_share"`
	}
	SLO []struct {
		Condition string
		Met       bool
	}
}

// limitedBy holds that the verdict is so. On a machine that leaves this process no
// processor that is the verdict, rightly, and there is nothing to test.
func (j *judged) limitedBy(t testing.TB, limit string) {
	t.Helper()
	if v := &j.Verdict; v.Limit == "generator" && v.Starved > 0.3 && limit != v.Limit {
		t.Skipf("other programs have the processors: %s", v.Why)
	} else if v.Limit != limit {
		t.Errorf("limited by %s, want %s: %+v", v.Limit, limit, v)
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
	b, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
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

// Runs that are made to be limited by one thing are said to be. The process's use of
// processors counts, so there is no other test meanwhile; those that leave them idle do
// not mind each other.
func TestVerdict(t *testing.T) {
	t.Run("idle", func(t *testing.T) {
		t.Run("schedule", func(t *testing.T) {
			t.Parallel()
			calm.Run(t, func(t testing.TB) {
				// However busy the machine: a message a second is sent.
				j := judge(t, 0, "-z 3s -r 1 --accept-generator-limit")
				j.limitedBy(t, "schedule")
			})
		})
		t.Run("broker, at a rate", func(t *testing.T) {
			t.Parallel()
			calm.Run(t, func(t testing.TB) {
				b := withFaults(t, slow(10*time.Millisecond))
				j := judge(t, 0, "-z 2s -r 5k -c 10 --accept-generator-limit -u "+b.URI())
				j.limitedBy(t, "broker")
				if j.Verdict.Invalid || j.Verdict.Window < 0.5 {
					t.Errorf("%+v", j.Verdict)
				}
			})
		})
		t.Run("broker, flat out", func(t *testing.T) {
			t.Parallel()
			calm.Run(t, func(t testing.TB) {
				b := withFaults(t, slow(10*time.Millisecond))
				j := judge(t, 0, "-z 1s -c 100 -u "+b.URI())
				j.limitedBy(t, "broker")
				if j.Verdict.Window < 0.5 {
					t.Errorf("%+v", j.Verdict)
				}
			})
		})
		t.Run("consumers", func(t *testing.T) {
			t.Parallel()
			calm.Run(t, func(t testing.TB) {
				// 20 messages take 4 s of the consumer, and far less of a broker that takes
				// its time too: what is behind is the consumer's. Each takes so long that
				// what a busy machine adds is little.
				b := withFaults(t, slow(10*time.Millisecond))
				j := judge(t, 0, "-C 20 -c 1 --consumer-latency 200ms -u "+b.URI())
				j.limitedBy(t, "consumers")
				if !strings.Contains(j.Verdict.Why, "--consumer-latency") || j.Verdict.Linger < 0.8 {
					t.Errorf("%+v", j.Verdict)
				}
			})
		})
		t.Run("round trip", func(t *testing.T) {
			t.Parallel()
			calm.Run(t, func(t testing.TB) {
				// One message at a time over a long way is limited by it, not by who
				// answers. It is so long that what a busy machine adds to a round trip,
				// before the run or in it, is less.
				j := judge(t, 0, "-z 3s -c 1 -y 8 -u stomp://"+farAway(t, 200*time.Millisecond))
				j.limitedBy(t, "network")
			})
		})
	})
	t.Run("broker, that does not read", func(t *testing.T) {
		calm.Run(t, func(t testing.TB) {
			// Without receipts nothing but the connection itself holds producers up.
			b := withFaults(t, slow(50*time.Millisecond))
			j := judge(t, 0, "-z 1s -c 0 -y 0 -s 1MiB -u "+b.URI())
			j.limitedBy(t, "broker")
			if j.Verdict.Send < 0.5 {
				t.Errorf("%+v", j.Verdict)
			}
		})
	})
	t.Run("generator", func(t *testing.T) {
		// More than any machine sends: the processors are all used, or missed.
		const args = "-z 2s -r 900M -x 8 -y 8 -s 64KiB -c 64 --drain-timeout 20s"
		t.Run("which makes it invalid", func(t *testing.T) {
			t.Parallel()
			calm.Run(t, func(t testing.TB) {
				j := judge(t, cli.ExitGenerator, args)
				if j.Verdict.Limit != "generator" || !j.Verdict.Invalid {
					t.Errorf("%+v", j.Verdict)
				}
			})
		})
		t.Run("accepted", func(t *testing.T) {
			t.Parallel()
			calm.Run(t, func(t testing.TB) {
				judge(t, 0, args+" --accept-generator-limit")
			})
		})
	})
}
