// Package pacer computes when each message is due, and waits until then.
//
// The schedule is absolute: message k of a run at rate r is due k/r seconds after the start,
// whatever happened to the ones before it (no coordinated omission). A producer that was held up
// sends everything that is due without further waiting and is then on time again. It cannot send
// ahead of the schedule. The caller records how late a message leaves: the difference between its
// due time and the time that Wait returns.
//
// Imports: the standard library only.
package pacer

import (
	"context"
	"sync"
	"time"
)

// chunk is the longest wait without a check of the context.
const chunk = 10 * time.Millisecond

// Pacer waits for times of a clock. It is for one goroutine.
type Pacer struct {
	clock func() int64 // in nanoseconds
	sleep func(time.Duration)
	timer *time.Timer // for long waits

	waited int64
}

// New returns a pacer for a clock in nanoseconds. sleep is Precise, or time.Sleep if there are too
// many producers for a thread each.
func New(clock func() int64, sleep func(time.Duration)) *Pacer {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return &Pacer{clock: clock, sleep: sleep, timer: timer}
}

// Wait returns when the clock has reached due, with the current time, or with the error of ctx. If
// due has passed it returns at once. It does not allocate.
func (p *Pacer) Wait(ctx context.Context, due int64) (now int64, err error) {
	began := p.clock()
	if began >= due {
		return began, nil
	}
	now, err = p.wait(ctx, due)
	p.waited += now - began
	return now, err
}

// Waited returns the total time that Wait has waited, in nanoseconds.
func (p *Pacer) Waited() int64 { return p.waited }

func (p *Pacer) wait(ctx context.Context, due int64) (now int64, err error) {
	for {
		now = p.clock()
		left := time.Duration(due - now)
		if left <= 0 {
			return now, nil
		}
		if left > chunk {
			p.timer.Reset(left - chunk/2)
			select {
			case <-p.timer.C:
			case <-ctx.Done():
				return now, ctx.Err()
			}
			continue
		}
		p.sleep(left)
		if err := ctx.Err(); err != nil && p.clock() < due {
			return p.clock(), err
		}
	}
}

// Every calls f at an interval, on a goroutine of its own, until stop is called. stop waits for the
// call in progress.
func Every(interval time.Duration, f func()) (stop func()) {
	var wg sync.WaitGroup
	done := make(chan struct{})
	wg.Go(func() {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				f()
			case <-done:
				return
			}
		}
	})
	return func() {
		close(done)
		wg.Wait()
	}
}
