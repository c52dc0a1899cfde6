// Package flow counts arrivals and lets one goroutine wait for them, at a cost of a few nanoseconds
// per message, the same for all libraries.
//
// Imports: the standard library only.
package flow

import (
	"fmt"
	"math"
	"sync/atomic"
	"time"
)

// Gate counts arrivals. Any number of goroutines may add; one may wait.
type Gate struct {
	count atomic.Int64
	goal  atomic.Int64 // wake the waiter when count reaches this
	wake  chan struct{}
	timer *time.Timer
}

// NewGate returns a gate at 0.
func NewGate() *Gate {
	g := &Gate{wake: make(chan struct{}, 1), timer: time.NewTimer(time.Hour)}
	g.goal.Store(math.MaxInt64)
	return g
}

// timeout bounds a wait. It is long because some libraries lose a message on a busy machine; then a
// benchmark must fail rather than hang.
const timeout = 20 * time.Second

// Count returns the number of arrivals.
func (g *Gate) Count() int64 { return g.count.Load() }

// Add counts n arrivals.
func (g *Gate) Add(n int64) {
	// This adds before it loads the goal, and Wait stores the goal before it loads the count: one
	// of the two sees the other.
	if g.count.Add(n) >= g.goal.Load() {
		select {
		case g.wake <- struct{}{}:
		default:
		}
	}
}

// Wait returns when there have been goal arrivals, or an error if they do not come in time.
func (g *Gate) Wait(goal int64) error {
	if g.count.Load() >= goal {
		return nil
	}
	g.goal.Store(goal)
	defer g.goal.Store(math.MaxInt64)
	g.timer.Reset(timeout)
	defer g.timer.Stop()
	for g.count.Load() < goal {
		select {
		case <-g.wake: // may be a late wake-up for an earlier goal
		case <-g.timer.C:
			return fmt.Errorf("%d of %d have arrived after %v", g.count.Load(), goal, timeout)
		}
	}
	return nil
}
