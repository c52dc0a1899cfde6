package pacer

import (
	"context"
	"time"
)

// chunk is how long a wait may go without a look at the context.
const chunk = 10 * time.Millisecond

// Pacer waits for moments of a clock. It is for one goroutine.
type Pacer struct {
	clock func() int64 // in nanoseconds
	sleep func(time.Duration)
	timer *time.Timer // for long waits

	waited int64
}

// New returns a pacer for a clock in nanoseconds. sleep is Precise, or time.Sleep
// where a thread for each waiting producer would be too many.
func New(clock func() int64, sleep func(time.Duration)) *Pacer {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return &Pacer{clock: clock, sleep: sleep, timer: timer}
}

// Wait returns when the clock has reached due, with the time it then shows, or
// with the error of ctx. If due has passed it returns at once. It does not
// allocate.
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

// Waited returns how long Wait has waited in all, in nanoseconds.
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
