package cli_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
)

// at meets one SEND with a fault.
func at(n uint64, fault broker.Fault) func(uint64, *frame.Frame) broker.Fault {
	var sends atomic.Uint64
	return func(_ uint64, f *frame.Frame) broker.Fault {
		if f.Command == frame.CmdSend && sends.Add(1) == n {
			return fault
		}
		return broker.Fault{}
	}
}

// One message at a time, and the connection ends with message 700: the report distinguishes refused
// messages from unanswered ones, and counts neither as lost by the broker.
func TestHonestEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault             broker.Fault
		met               broker.Faults
		rejected, unknown uint64
	}{
		"refused": {fault: broker.Refuse, met: broker.Faults{Refused: 1}, rejected: 1},
		"cut":     {fault: broker.Cut, met: broker.Faults{Cut: 1}, unknown: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := withFaults(t, at(700, c.fault))
			e := begin(t, "-C 1000 -c 1 -u "+b.URI())
			got := e.report(t, cli.ExitCannotRun).Totals
			// A refusal comes before the end of the connection, and one more may leave.
			more := got.Sent - 700
			if more > 1 || got.Confirmed != 699 || got.Rejected != c.rejected || got.Unknown != c.unknown+more || got.Expected != got.Sent-c.rejected {
				t.Errorf("%+v", got)
			}
			// The last of them may have been on their way to the consumer.
			if got.Received+got.Lost != got.Expected || got.Received > 699 || got.Duplicated+got.Corrupt+got.Foreign != 0 {
				t.Errorf("%+v", got)
			}
			if st := b.Stats(); st.Faults != c.met || st.MessagesIn != got.Confirmed {
				t.Errorf("%+v", st)
			}
		})
	}
}

// The first 300 messages are of the warm-up. What happens to them is in the books, and
// in no latency.
func TestHonestWarmup(t *testing.T) {
	t.Parallel()
	virtually(t, func(t testing.TB) {
		var sends atomic.Uint64
		b := withFaults(t, func(_ uint64, f *frame.Frame) broker.Fault {
			if f.Command != frame.CmdSend {
				return broker.Fault{}
			}
			switch n := sends.Add(1); {
			case n <= 50:
				return broker.Lose
			case n <= 80:
				return broker.Duplicate
			case n <= 100:
				return broker.Defer(3 * time.Second) // so they come long after the warm-up
			}
			return broker.Fault{}
		})
		e := begin(t, "--warmup 500ms -z 500ms -r 1k --accept-generator-limit -u "+b.URI())
		r := e.report(t, cli.ExitIntegrity)
		got, f := r.Totals, b.Stats().Faults
		if f.Lost != 50 || f.Duplicated != 30 || f.Deferred != 20 {
			t.Fatalf("the broker met %+v", f)
		}
		if got.Sent+got.Unsent != 1000 || got.Confirmed != got.Sent || got.Lost != f.Lost || got.ConfirmedLost != f.Lost ||
			got.Received != got.Sent-f.Lost || got.Duplicated != f.Duplicated || got.Reordered != f.Deferred {
			t.Errorf("%+v", got)
		}
		if got.Sent != 1000 {
			t.Errorf("%d sent", got.Sent)
		}
		for _, name := range []string{"from_send", "from_due", "send_delay"} {
			if n := r.Latency[name]["count"]; n != float64(got.Sent-500) {
				t.Errorf("%v in %s, want the %d after the warm-up", n, name, got.Sent-500)
			}
		}
	})
}

// A share of messages is refused with NACK, and comes again, marked. That is told from
// what is lost, and from what the broker repeats: with as many NACKs as it had, and as
// many redeliveries.
func TestHonestNacks(t *testing.T) {
	t.Parallel()
	cases := []struct {
		args string
		// alone: what comes again comes to whom it came before, so it has come when
		// he leaves.
		alone bool
	}{
		{"--ack client-individual", true},
		{"--ack client --prefetch 30 -x 3", true},
		{"--ack client-individual -y 4 -x 2", false},
		{"--ack client-individual -t /queue/q-%d --destinations 3 -y 3", true},
	}
	brokers := make([]*broker.Broker, len(cases))
	nacks := make([]atomic.Uint64, len(cases))
	decide := make([]func(uint64, *frame.Frame) broker.Fault, len(cases))
	args := make([]string, len(cases))
	for i, c := range cases {
		faults := shares(t, of(0.02, broker.Lose), of(0.015, broker.Duplicate), of(0.025, broker.Redeliver))
		decide[i] = func(session uint64, f *frame.Frame) broker.Fault {
			if f.Command == frame.CmdNack {
				nacks[i].Add(1)
			}
			return faults(session, f)
		}
		brokers[i], args[i] = withFaults(t, nil), "--nack 5% "+c.args
	}
	runs := beginAll(t, 2000, brokers, decide, args)
	for i, c := range cases {
		t.Run(c.args, func(t *testing.T) {
			got := runs[i].report(t, cli.ExitIntegrity).Totals
			st, refused := brokers[i].Stats(), nacks[i].Load()
			if st.Faults != (broker.Faults{Lost: 40, Duplicated: 30, Redelivered: 50}) || refused < 90 || refused > 100 {
				t.Errorf("the broker met %+v, and %d NACKs", st.Faults, refused)
			}
			want := books{
				Sent: 2000, Confirmed: 2000, Expected: 2000, Received: 1960, Lost: 40, ConfirmedLost: 40,
				Duplicated: 30, Redelivered: refused + 50, Nacked: refused, Reordered: got.Reordered,
			}
			if !c.alone {
				// The consumer that leaves first gives back what it has not taken. The next
				// consumer receives it once more.
				if got.Redelivered < 50 || got.Redelivered > 50+st.Redelivered {
					t.Errorf("%d came again, of %d and 50", got.Redelivered, st.Redelivered)
				}
				want.Redelivered = got.Redelivered
			}
			if got != want || got.Reordered != 0 {
				t.Errorf("%s:\n got %+v\nwant %+v", c.args, got, want)
			}
		})
	}
}
