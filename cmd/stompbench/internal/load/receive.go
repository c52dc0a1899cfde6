package load

import (
	"context"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// waitForStrangers waits while other processes send. With a count, each consumer has to receive so
// many if each gets all.
func (r *run) waitForStrangers(stop context.Context) {
	r.poll(stop, func() (sign bool, patience time.Duration) {
		a := r.arrived(nil)
		n := a.least
		if r.plan.Delivery != workload.Each {
			n = a.different + a.counts[metric.Corrupt]
		}
		if r.plan.Count > 0 && n >= r.plan.Count {
			return false, 0
		}
		return false, forever
	})
}

// awaitFirst returns when the run starts: now, or, if all messages come from other processes, at
// the first message. If none comes, it is the time when the wait was given up.
func (r *run) awaitFirst(ctx context.Context) (first int64) {
	if len(r.producers) == 0 && r.plan.Shared() {
		r.poll(ctx, func() (sign bool, patience time.Duration) {
			if first = r.arrived(nil).tally.came; first != 0 || r.cause() != nil {
				return false, 0
			}
			return false, r.plan.Await
		})
	}
	if first == 0 {
		return r.clock.Now()
	}
	return first
}

// waitForSilence waits until no message of this run has come for so long that the other processes
// must have stopped sending.
func (r *run) waitForSilence(stop context.Context) {
	last := uint64(0)
	r.poll(stop, func() (sign bool, patience time.Duration) {
		a := r.arrived(nil)
		sign, last = a.came() != last, a.came()
		if last == 0 {
			return false, 0
		}
		return sign, r.plan.DrainTimeout
	})
}
