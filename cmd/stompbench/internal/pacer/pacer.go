package pacer

import (
	"context"
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
	now = p.clock()
	if now >= due {
		return now, nil
	}
	began := now
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
