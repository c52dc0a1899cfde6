package cli_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
)

// serving makes a broker of so many messages a second: each SEND waits until those
// before it have had their turn, and takes one of equal length. What a machine is late
// by is made up for, since the turns are by the clock.
func serving(perSecond float64) func(uint64, *frame.Frame) broker.Fault {
	var mu sync.Mutex
	turn := time.Duration(float64(time.Second) / perSecond)
	free := time.Now() // when the broker has done all that it has
	return func(_ uint64, f *frame.Frame) broker.Fault {
		if f.Command != frame.CmdSend {
			return broker.Fault{}
		}
		mu.Lock()
		defer mu.Unlock()
		now := time.Now()
		if free.Before(now) {
			free = now
		}
		free = free.Add(turn)
		return broker.Delay(free.Sub(now))
	}
}

// A broker that serves 400 messages a second has its knee there: what is sent faster
// waits, for as long as it goes on. The SLO allows a backlog to grow by a quarter of the
// rate, so the rate at which it fails is 400/0.75 a second.
func TestFindsTheKnee(t *testing.T) {
	t.Parallel()
	const served, allowed = 400.0, 0.25
	const fails = served / (1 - allowed)
	virtually(t, func(t testing.TB) {
		b := withFaults(t, serving(served))
		var r found
		object(t, cli.ExitOK, "find --from 100 --to 10k --within 10% --dwell 1s --warmup 200ms --repeat 1 --max-time 80s --slo lost=0,backlog.slope_share<=25%"+
			" --drain-timeout 30s --connect-timeout 1m -u "+b.URI(), &r)
		r.tidy(t)
		t.Logf("%d steps, %s: the knee is from %.0f to %.0f, about %.0f; up to %.0f passed, from %.0f failed",
			len(r.Steps), r.Ended, r.Knee.Low, r.Knee.High, r.Knee.Likely, r.Rate, r.Failed)
		if r.Rate >= fails || r.Failed <= fails || r.Failed > 1.1*r.Rate || r.Knee.Low > fails || r.Knee.High < fails || r.Knee.High > 1.5*r.Knee.Low {
			t.Errorf("the knee is at %v, and the search says %+v of %+v", fails, r.Knee, r.Rates)
		}
	})
}

// Whatever a search demands, it ends near the capacity of the broker: without --slo, and with one
// that allows any latency, however many receipts may be outstanding.
func TestFindsTheCapacity(t *testing.T) {
	t.Parallel()
	const served = 400.0
	for name, args := range map[string]string{
		"the default SLO":    "",
		"any latency":        "--slo lost=0",
		"a window of 10":     "--slo lost=0 -c 10",
		"a window of 100":    "--slo lost=0 -c 100",
		"without receipts":   "--slo lost=0 -c 0",
		"a window for two":   "--slo lost=0 -c 10 -x 2 -y 2",
		"no SLO to speak of": "-y 0 -c 10 --slo sent>0",
		"a long dwell":       "--dwell 10s --max-time 1h",
	} {
		if raceDetector && name != "a window for two" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t testing.TB) {
				b := withFaults(t, serving(served))
				var r found
				object(t, cli.ExitOK, "find --from 100 --to 10k --within 2% --repeat 1 --drain-timeout 30s --connect-timeout 1m "+args+" -u "+b.URI(), &r)
				for _, s := range r.Steps {
					if s.Generator {
						t.Errorf("%.0f/s is blamed on the %s: %s", s.Rate, s.Limited, s.Why)
					}
				}
				if r.Rate < 0.95*served || r.Rate > 1.03*served || r.Failed > 1.06*served || r.Ended != "found" {
					t.Errorf("%s: %.0f passed and %.0f failed of a capacity of %.0f", r.Ended, r.Rate, r.Failed, served)
				}
			})
		})
	}
}

// If the broker keeps no rate, and nothing else is wrong, the exit code says that.
func TestFindsNoRateThatIsKept(t *testing.T) {
	t.Parallel()
	virtually(t, func(t testing.TB) {
		b := withFaults(t, serving(1))
		var r found
		object(t, cli.ExitRate, "find -y 0 -c 1 --from 4k --to 8k --repeat 0 --drain-timeout 30s --connect-timeout 1m --max-time 1h --slo sent>0 -u "+b.URI(), &r)
		if r.Ended != "too_low" || r.Rate != 0 {
			t.Errorf("%+v", r)
		}
	})
}

// A rate that the broker does not keep is a row that says so, and the worst row is the exit code.
func TestSweepOverTheCapacity(t *testing.T) {
	t.Parallel()
	virtually(t, func(t testing.TB) {
		b := withFaults(t, serving(400))
		code, stdout, stderr := stompbench(t, "sweep -q --over rate=200,800,100 -z 2s -c 10 --drain-timeout 30s --connect-timeout 1m -u "+b.URI())
		if code != cli.ExitRate || strings.Count(stdout, "rate of 800/s not kept, limited by broker") != 1 || strings.Count(stdout, "not kept") != 1 ||
			!strings.Contains(stdout, "unsent") || strings.Count(stdout, "  0  limited by schedule") != 2 {
			t.Errorf("exit %d\n%s%s", code, stdout, stderr)
		}
	})
}

// What a search cannot do is refused before it connects.
func TestFindUsage(t *testing.T) {
	t.Parallel()
	for args, says := range map[string]string{
		"--from -5":                  "--from",
		"--from 1e308":               "--from",
		"--to 2G":                    "--to",
		"--within 0":                 "--within",
		"--within 100%":              "--within",
		"--dwell 100ms":              "--dwell",
		"--dwell 2h":                 "--dwell",
		"--warmup 2h":                "--warmup",
		"--max-time 0":               "--max-time",
		"--max-time 2s":              "not one step would fit",
		"--rate-tolerance -1":        "--rate-tolerance",
		"--slo lost=0 --publish-to=": "--publish-to",
	} {
		code, stdout, stderr := stompbench(t, "find -u stomp://192.0.2.1 "+args)
		if code != cli.ExitUsage || !strings.Contains(stderr, says) || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit %d, %q %q, want 2 and something about %q", args, code, stdout, stderr, says)
		}
	}
	code, stdout, _ := stompbench(t, "find --dry-run --max-time 10s")
	if code != 0 || !strings.Contains(stdout, "at least 35s") || !strings.Contains(stdout, "--max-time ends it early") {
		t.Errorf("exit %d\n%s", code, stdout)
	}
}
