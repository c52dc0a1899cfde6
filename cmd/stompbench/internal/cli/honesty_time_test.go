package cli_test

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// digits is what three digits of a histogram may take off a value.
const digits = 0.999

// every returns a decision that meets every nth SEND with a fault, and how often it
// has.
func every(n uint64, fault broker.Fault) (decide func(uint64, *frame.Frame) broker.Fault, done *atomic.Uint64) {
	var sends atomic.Uint64
	done = new(atomic.Uint64)
	return func(_ uint64, f *frame.Frame) broker.Fault {
		if f.Command != frame.CmdSend || sends.Add(1)%n != 0 {
			return broker.Fault{}
		}
		done.Add(1)
		return fault
	}, done
}

// statistics of a latency, from the least on.
var statistics = []string{"mean", "p50", "p90", "p95", "p99", "p99_9", "p99_99", "max"}

// A way to the broker that takes 200 ms is in every statistic of every latency that it
// is part of. A way out of it is not in the receipt: half of those took less than
// half of the messages.
func TestHonestDelay(t *testing.T) {
	t.Parallel()
	virtually(t, func(t testing.TB) {
		const delay = 200 * time.Millisecond
		in, out := withFaults(t, shares(t, of(1, broker.Delay(delay)))), withFaults(t, shares(t, of(1, broker.Defer(delay))))
		args := "-C 1000 -r 1k --accept-generator-limit --slo from_send.p50<200ms -u "
		atOnce := []*running{begin(t, args+in.URI()), begin(t, args+out.URI())}
		for i, way := range []string{"in", "out"} {
			r := atOnce[i].report(t, cli.ExitSLO)
			late := []string{"from_send", "from_due"}
			if way == "in" {
				late = append(late, "confirm")
			}
			for _, name := range late {
				for _, s := range statistics {
					if l := r.Latency[name]; l[s] < digits*float64(delay) || l["count"] != 1000 {
						t.Errorf("a way %s of %v: %s of %s is %v: %v", way, delay, s, name, time.Duration(l[s]), l)
					}
				}
			}
			if way == "out" && r.Latency["confirm"]["p50"] >= r.Latency["from_send"]["p50"] {
				t.Errorf("what delays messages delays receipts: %v, %v", r.Latency["confirm"], r.Latency["from_send"])
			}
			if f := [2]*broker.Broker{in, out}[i].Stats().Faults; f.Delayed+f.Deferred != 1000 || r.Totals.Received != 1000 || r.Totals.Reordered != 0 {
				t.Errorf("%+v, %+v", f, r.Totals)
			}
			t.Logf("a way %s of %v: from send %s", way, delay, row(r.Latency["from_send"]))
			t.Logf("a way %s of %v: to receipt %s", way, delay, row(r.Latency["confirm"]))
			t.Logf("a way %s of %v: send delay %s", way, delay, row(r.Latency["send_delay"]))
		}
	})
}

// Of 1000 messages 150 take 200 ms longer: so much is in p90 and p95, however the
// others fare.
func TestHonestDelayOfSome(t *testing.T) {
	t.Parallel()
	const delay = 200 * time.Millisecond
	b := withFaults(t, shares(t, of(0.15, broker.Delay(delay))))
	e := begin(t, "-C 1000 -r 1k --accept-generator-limit -u "+b.URI())
	r := e.report(t, 0)
	for _, name := range []string{"from_send", "from_due", "confirm"} {
		for _, s := range []string{"p90", "p95", "p99", "max"} {
			if r.Latency[name][s] < digits*float64(delay) {
				t.Errorf("%s of %s is %v", s, name, time.Duration(r.Latency[name][s]))
			}
		}
		if mean := r.Latency[name]["mean"]; mean < digits*0.15*float64(delay) {
			t.Errorf("the mean of %s is %v", name, time.Duration(mean))
		}
	}
	if n := b.Stats().Faults.Delayed; n != 150 {
		t.Errorf("%d were delayed, want 150", n)
	}
}

// frozen stops reading the producer for 1.4 s after its message 1000.
func frozen(t testing.TB) *broker.Broker {
	var sends atomic.Uint64
	return withFaults(t, func(_ uint64, f *frame.Frame) broker.Fault {
		if f.Command == frame.CmdSend && sends.Add(1) == 1000 {
			return broker.Freeze(1400 * time.Millisecond)
		}
		return broker.Fault{}
	})
}

// wrk2's lesson, end to end: on a schedule of 1,000 a second, message 1000+k comes
// at least 1400-k ms after it was due. That gives how many must be how late, whatever
// the machine does on top: 1400-ms of them ms or more. A closed loop sends nothing
// meanwhile, so the freeze hits one message, and no percentile shows it.
func TestHonestFreeze(t *testing.T) {
	virtually(t, func(t testing.TB) {
		dir := filepath.Join(t.TempDir(), "out")
		b, other := frozen(t), frozen(t)
		e := begin(t, "-C 3000 -r 1k --accept-generator-limit --slo from_due.max<1.39s --out "+dir+" -u "+b.URI())
		loop := begin(t, "-C 3000 -c 1 -u "+other.URI())
		open := e.report(t, cli.ExitSLO)
		kept, err := results.Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		due := kept.Histogram(metric.FromDue)
		for _, ms := range []int{100, 300, 500, 700, 900, 1100, 1300, 1390} {
			least := time.Duration(digits * float64(time.Duration(ms)*time.Millisecond))
			late, want := due.Over(least), uint64(1400-ms)
			if late < want {
				t.Errorf("%d messages came %d ms late, want at least %d", late, ms, want)
			}
			t.Logf("from due %d ms or more: %d messages, at least %d by the schedule", ms, late, want)
		}
		if due.Count() != 3000 || open.Totals.Received != 3000 || b.Stats().Faults.Frozen != 1 {
			t.Errorf("%d latencies, %+v, %+v", due.Count(), open.Totals, b.Stats().Faults)
		}
		if worst := open.Latency["from_due"]["max"]; worst < digits*1.4e9-1e6 {
			t.Errorf("the worst from due is %v", time.Duration(worst))
		}
		closed := loop.report(t, 0).Latency["from_send"]
		if closed["p99"] >= open.Latency["from_due"]["p99"] {
			t.Errorf("closed loop, from send: p99 is %v, and was to hide the freeze", time.Duration(closed["p99"]))
		}
		t.Logf("open loop, from due:     %s", row(open.Latency["from_due"]))
		t.Logf("open loop, from send:    %s", row(open.Latency["from_send"]))
		t.Logf("closed loop, from send:  %s", row(closed))
	})
}

func row(l map[string]float64) string {
	return fmt.Sprintf("p50 %v  p90 %v  p99 %v  p99.9 %v  max %v", time.Duration(l["p50"]), time.Duration(l["p90"]),
		time.Duration(l["p99"]), time.Duration(l["p99_9"]), time.Duration(l["max"]))
}
