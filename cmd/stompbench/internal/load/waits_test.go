package load_test

import (
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// A broker that stops for the last 2 s of 10 explains all that is missing, though producers slept for
// most of the run; one that stops before and goes on explains what left late.
func TestWhatHeldProducersUp(t *testing.T) {
	stops := func(from, to time.Duration) func(time.Duration) time.Duration {
		return func(at time.Duration) time.Duration {
			if at < from {
				return 0
			}
			return max(0, to-at)
		}
	}
	for name, c := range map[string]struct {
		frozen       func(time.Duration) time.Duration
		receipt      func(int) time.Duration
		send, window time.Duration // of Last
		behind       time.Duration // of the whole run
	}{
		"at the end, and reads nothing": {frozen: stops(8*time.Second, 12*time.Second), send: 4 * time.Second, behind: 4 * time.Second},
		"at the end, without receipts": {receipt: func(n int) time.Duration {
			if n > 8000 {
				return -1
			}
			return time.Millisecond / 10
		}, window: 2 * time.Second, behind: 2 * time.Second},
		"in between": {frozen: stops(3*time.Second, 5*time.Second), behind: 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			p := plan(t, 0, func(p *workload.Plan) {
				p.Rate, p.Duration, p.Window, p.DrainTimeout = 1000, 10*time.Second, 10, 6*time.Second
			})
			w := virtually(t, &fakeBroker{frozen: c.frozen, receiptAfter: c.receipt}, p, nil).Waits
			const slack = 50 * time.Millisecond
			between(t, "send", w.Last.Send, c.send-slack, c.send+slack)
			between(t, "window", w.Last.Window, c.window-slack, c.window+slack)
			between(t, "asleep and making", w.Last.Asleep+w.Last.Making, 0, slack)
			between(t, "behind", w.Behind.Sum(), c.behind-slack, c.behind+slack)
		})
	}
}

// Time in which a loop that should go on every 10 ms did not is time in which the process did not run.
func TestStandstills(t *testing.T) {
	const ms = int64(time.Millisecond)
	var s load.Standstills
	for _, at := range []int64{0, 10, 60, 2060, 2070} {
		s.Look(at*ms, (at+10)*ms, 10*time.Millisecond)
	}
	s.Look(100*ms, 2100*ms, 10*time.Millisecond)
	for from, want := range map[int64]time.Duration{0: 2 * time.Second, 1100: time.Second, 3000: 0} {
		if got := s.Since(from * ms); got != want {
			t.Errorf("%v from %d ms on, want %v", got, from, want)
		}
	}
}
