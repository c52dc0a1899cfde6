package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
)

// books are what a report says that became of the messages.
type books struct {
	Sent, Confirmed, Rejected, Unknown, Expected, Received, Lost uint64

	ConfirmedLost   uint64 `json:"confirmed_lost"`
	UnconfirmedLost uint64 `json:"unconfirmed_lost"`

	Duplicated, Redelivered, Nacked, Reordered, Corrupt, Foreign, Unsent uint64
}

// honest is what the tests of honesty read of a report.
type honest struct {
	Totals  books
	Latency map[string]map[string]float64 `json:"latency_ns"`
}

// running is a run that goes on meanwhile. What is lost is waited for, so one after
// the other tests of losses would take as long as they are many.
type running struct {
	args           string
	over           chan struct{} // closed at the end, when there are
	code           int
	stdout, stderr string
}

// patience is for a machine that is busy elsewhere: nothing here tests timeouts.
const patience = " --connect-timeout 1m --drain-timeout 8s "

// begin starts stompbench.
func begin(t testing.TB, args string) *running {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	r := &running{args: args, over: make(chan struct{})}
	go func() {
		defer cancel()
		defer close(r.over)
		var out, err strings.Builder
		r.code = cli.Run(ctx, strings.Fields("run --json --quiet "+patience+args), &out, &err)
		r.stdout, r.stderr = out.String(), err.String()
	}()
	return r
}

// beginAll starts a run of n messages with each of the brokers, the next one when all
// messages of the one before have been sent: at any time one is busy, and the others
// wait for what does not come.
func beginAll(t testing.TB, n uint64, brokers []*broker.Broker, decide []func(uint64, *frame.Frame) broker.Fault, args []string) []*running {
	t.Helper()
	runs := make([]*running, len(brokers))
	for i, b := range brokers {
		var sends atomic.Uint64
		sent := make(chan struct{})
		b.Inject(func(session uint64, f *frame.Frame) broker.Fault {
			if f.Command == frame.CmdSend && sends.Add(1) == n {
				close(sent)
			}
			return decide[i](session, f)
		})
		runs[i] = begin(t, fmt.Sprintf("-C %d -u %s %s", n, b.URI(), args[i]))
		select {
		case <-sent:
		case <-runs[i].over: // which its report will tell
		}
	}
	return runs
}

// report waits for the end, which is to be with the exit code want, and reads the
// report.
func (e *running) report(t testing.TB, want int) (r honest) {
	t.Helper()
	<-e.over
	if e.code != want {
		t.Errorf("%s: exit code %d, want %d\n%s", e.args, e.code, want, e.stderr)
	}
	if err := json.Unmarshal([]byte(e.stdout), &r); err != nil {
		t.Fatalf("%s: %v\n%s%s", e.args, err, e.stdout, e.stderr)
	}
	return r
}

// shares is broker.Shares for those that are right.
func shares(t testing.TB, shares ...broker.Share) func(uint64, *frame.Frame) broker.Fault {
	t.Helper()
	decide, err := broker.Shares(uint64(len(shares)), shares...)
	if err != nil {
		t.Fatal(err)
	}
	return decide
}

// of is short for a share.
func of(part float64, fault broker.Fault) broker.Share { return broker.Share{Fault: fault, Of: part} }

// overtaken defers every nth SEND until long after the next ones have arrived.
func overtaken(n uint64) func(uint64, *frame.Frame) broker.Fault {
	decide, _ := every(n, broker.Defer(2*time.Second))
	return decide
}

// What a broker does to messages, and counts, the report says with the same numbers.
// Each shape of a run has 2,000 messages of its own.
func TestHonestCounts(t *testing.T) {
	t.Parallel()
	const n = 2000
	lose, drop, mute := of(0.02, broker.Lose), of(0.01, broker.Drop), of(0.005, broker.NoReceipt)
	twice, again := of(0.015, broker.Duplicate), of(0.025, broker.Redeliver)
	all := []broker.Share{lose, drop, mute, twice, again}
	met := broker.Faults{Lost: 40, Dropped: 20, Unconfirmed: 10, Duplicated: 30, Redelivered: 50}

	// told is the report on all faults, when each message has so many groups that it
	// goes to.
	told := func(f broker.Faults, groups uint64) books {
		b := books{
			Sent: n, Confirmed: n - f.Dropped - f.Unconfirmed, Unknown: f.Dropped + f.Unconfirmed, Expected: groups * n,
			ConfirmedLost: groups * f.Lost, UnconfirmedLost: groups * f.Dropped,
			Duplicated: groups * f.Duplicated, Redelivered: groups * f.Redelivered, Reordered: groups * f.Deferred,
		}
		b.Lost = b.ConfirmedLost + b.UnconfirmedLost
		b.Received = b.Expected - b.Lost
		return b
	}
	one := func(f broker.Faults) books { return told(f, 1) }
	two := func(f broker.Faults) books { return told(f, 2) }
	// committed: COMMIT answers for every message, whatever became of it.
	committed := func(f broker.Faults) books {
		b := told(f, 1)
		b.Confirmed, b.Unknown, b.ConfirmedLost, b.UnconfirmedLost = n, 0, b.Lost, 0
		return b
	}
	unasked := func(f broker.Faults) books {
		b := told(f, 1)
		b.Confirmed, b.Unknown, b.ConfirmedLost, b.UnconfirmedLost = 0, 0, 0, b.Lost
		return b
	}
	type share = []broker.Share
	cases := []struct {
		name, args string
		shares     []broker.Share
		met        broker.Faults
		want       func(broker.Faults) books
		code       int
	}{
		{name: "nothing", met: broker.Faults{}, want: one},
		{name: "confirmed and lost", shares: share{lose}, met: broker.Faults{Lost: 40}, want: one, code: cli.ExitIntegrity},
		{name: "not confirmed and lost", shares: share{drop}, met: broker.Faults{Dropped: 20}, want: one, code: cli.ExitIntegrity},
		{name: "not confirmed", shares: share{mute}, met: broker.Faults{Unconfirmed: 10}, want: one},
		{name: "not confirmed, which the SLO forbids", args: "--slo unknown=0", shares: share{mute}, met: broker.Faults{Unconfirmed: 10}, want: one, code: cli.ExitSLO},
		{name: "twice without a word", shares: share{twice}, met: broker.Faults{Duplicated: 30}, want: one, code: cli.ExitIntegrity},
		{name: "again, and marked so", shares: share{again}, met: broker.Faults{Redelivered: 50}, want: one},
		{name: "again, which the SLO forbids", args: "--slo redelivered=0", shares: share{again}, met: broker.Faults{Redelivered: 50}, want: one, code: cli.ExitSLO},
		{name: "again, which the SLO allows", args: "--slo redelivered<=50,duplicated=0", shares: share{again}, met: broker.Faults{Redelivered: 50}, want: one},
		{name: "an SLO does not hide a loss", args: "--slo lost<1k,received>=1", shares: share{lose}, met: broker.Faults{Lost: 40}, want: one, code: cli.ExitIntegrity},

		{name: "all at once", shares: all, met: met, want: one, code: cli.ExitIntegrity},
		{name: "without receipts", args: "-c 0", shares: all, met: met, want: unasked, code: cli.ExitIntegrity},
		{name: "competing consumers", args: "-x 3 -y 4", shares: all, met: met, want: one, code: cli.ExitIntegrity},
		{name: "competing consumers that acknowledge", args: "-x 2 -y 3 --ack client-individual --prefetch 20", shares: all, met: met, want: one, code: cli.ExitIntegrity},
		{name: "a topic with two groups", args: "-t /topic/t -x 2 -y 2", shares: all, met: met, want: two, code: cli.ExitIntegrity},
		{name: "many queues", args: "-t /queue/q-%d --destinations 5 -x 3 -y 7", shares: all, met: met, want: one, code: cli.ExitIntegrity},
		{name: "many topics with two groups each", args: "-t /topic/t-%d --destinations 4 -x 4 -y 8", shares: all, met: met, want: two, code: cli.ExitIntegrity},
		{name: "transactions", args: "--transaction 25 -x 2", shares: all, met: met, want: committed, code: cli.ExitIntegrity},
		{name: "stamps in headers", args: "--stamp header -s 0..300", shares: all, met: met, want: one, code: cli.ExitIntegrity},
	}
	brokers := make([]*broker.Broker, len(cases))
	decide := make([]func(uint64, *frame.Frame) broker.Fault, len(cases))
	args := make([]string, len(cases))
	for i, c := range cases {
		brokers[i], args[i], decide[i] = withFaults(t, nil), c.args, shares(t, c.shares...)
	}
	runs := beginAll(t, n, brokers, decide, args)
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := runs[i].report(t, c.code).Totals
			f := brokers[i].Stats().Faults
			if f != c.met {
				t.Errorf("the broker met %+v, want %+v", f, c.met)
			}
			if want := c.want(f); got != want {
				t.Errorf("%s:\n got %+v\nwant %+v", c.args, got, want)
			}
			t.Logf("broker: %+v", f)
			t.Logf("report: %+v", got)
		})
	}
}

// What is held back, and overtaken by what was sent later, the report says too.
func TestHonestOrder(t *testing.T) {
	t.Parallel()
	for slo, code := range map[string]int{"reordered<=9": cli.ExitOK, "reordered<9": cli.ExitSLO} {
		t.Run(slo, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t testing.TB) { // or nothing overtakes it
				b := withFaults(t, overtaken(210))
				got := begin(t, "-C 2000 --slo "+slo+" -u "+b.URI()).report(t, code).Totals
				want := books{Sent: 2000, Confirmed: 2000, Expected: 2000, Received: 2000, Reordered: 9}
				if f := b.Stats().Faults; f != (broker.Faults{Deferred: 9}) || got != want {
					t.Errorf("the broker met %+v\n got %+v\nwant %+v", f, got, want)
				}
			})
		})
	}
}
