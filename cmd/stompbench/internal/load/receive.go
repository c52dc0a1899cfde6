package load

import (
	"context"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/pause"
)

// waitForStrangers waits while other processes send.
func (r *run) waitForStrangers(stop context.Context) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for stop.Err() == nil {
		if r.plan.Count > 0 && r.receivedFromStrangers(r.plan.Count) {
			return
		}
		select {
		case <-tick.C:
		case <-stop.Done():
		}
	}
}

// awaitFirst returns when the run starts: now, or, if all messages come from other processes, at
// the first message. If none comes, it is the time when the wait was given up.
func (r *run) awaitFirst(ctx context.Context) int64 {
	if len(r.producers) > 0 || !r.plan.Shared() {
		return r.clock.Now()
	}
	tick := time.NewTicker(poll)
	defer tick.Stop()
	var silence pause.Silence
	for silence.Look(false) < r.plan.Await {
		if first := r.firstCame(); first != 0 {
			return first
		}
		select {
		case <-tick.C:
		case <-r.failed:
			return r.clock.Now()
		case <-ctx.Done():
			return r.clock.Now()
		}
	}
	return r.clock.Now()
}

// firstCame returns when the first message came, 0 if none has.
func (r *run) firstCame() (at int64) {
	for _, c := range r.consumers {
		c.mu.Lock()
		if first := c.came; first != 0 && (at == 0 || first < at) {
			at = first
		}
		c.mu.Unlock()
	}
	return at
}

// waitForSilence waits until no message of this run has come for so long that the other processes
// must have stopped sending.
func (r *run) waitForSilence(stop context.Context) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	var silence pause.Silence
	last := r.came()
	silent := silence.Look(true)
	for last > 0 && stop.Err() == nil && silent < r.plan.DrainTimeout {
		select {
		case <-tick.C:
		case <-stop.Done():
		}
		n := r.came()
		silent = silence.Look(n != last)
		last = n
	}
}

// came counts the received messages of this run, including damaged ones.
func (r *run) came() (n uint64) {
	for _, c := range r.consumers {
		c.mu.Lock()
		n += c.tally.intact + c.tally.counts[metric.Corrupt]
		c.mu.Unlock()
	}
	return n
}
