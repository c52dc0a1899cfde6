package load

import (
	"context"
	"math"
	"sync/atomic"
)

// gate keeps a producer to its window of sends without an outcome. The client has a window, too,
// but a producer that waits there has stamped its message already. Waiting here, before the stamp,
// keeps the time of sending right.
type gate struct {
	size    uint64
	batch   uint64 // how many places must be free before a full gate opens
	entered uint64 // by the producer's goroutine only
	left    atomic.Uint64
	wakeAt  atomic.Uint64 // the value of left that a waiting producer waits for
	open    chan struct{}

	clock  func() int64
	waited *int64 // the sum of the times that enter waited
}

// never is the value of wakeAt while no producer waits.
const never = math.MaxUint64

func newGate(window int, clock func() int64, waited *int64) *gate {
	g := &gate{
		size: uint64(window),
		// Waking the producer for each receipt would cost more than sending.
		batch: max(1, uint64(window)/4),
		open:  make(chan struct{}, 1),
		clock: clock, waited: waited,
	}
	g.wakeAt.Store(never)
	return g
}

// enter waits for a free place and takes it. It is for the producer's goroutine.
func (g *gate) enter(ctx context.Context) error {
	if g.entered-g.left.Load() >= g.size {
		began := g.clock()
		err := g.wait(ctx, g.entered-g.size+g.batch)
		*g.waited += g.clock() - began
		if err != nil {
			return err
		}
	}
	g.entered++
	return nil
}

// wait returns when left has reached at.
func (g *gate) wait(ctx context.Context, at uint64) error {
	for {
		g.wakeAt.Store(at)
		if g.left.Load() >= at {
			g.wakeAt.Store(never)
			return nil
		}
		select {
		case <-g.open: // may be a late wake-up of an earlier wait
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// leave frees a place, from any goroutine.
func (g *gate) leave() {
	left := g.left.Add(1)
	if left >= g.wakeAt.Load() && g.wakeAt.Swap(never) != never {
		select {
		case g.open <- struct{}{}:
		default:
		}
	}
}
