package conn

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// waitQueue is where senders wait for a window that is full. They are woken one by one,
// and not for each outcome: a wake-up costs more than a message, and a sender that
// finds room for one can only write one. So they wait until a quarter of the window is free, or
// for linger, and from then on for any room at all.
type waitQueue struct {
	batch   uint64 // that quarter
	waiters atomic.Int32
	eager   atomic.Int32  // those of them that take any room
	woken   chan struct{} // 1 slot
	closed  chan struct{} // closed when waiting is over
	once    sync.Once     // for closed
	timers  sync.Pool     // *time.Timer that are stopped, so that waiting does not allocate
}

// linger is how long a sender waits for more than a little room. It is short beside
// what a full window says of the broker.
const linger = time.Millisecond

func (r *waitQueue) init(window int) {
	r.batch = max(1, uint64(window)/4)
	r.woken = make(chan struct{}, 1)
	r.closed = make(chan struct{})
}

// close ends all waits, those to come included.
func (r *waitQueue) close() { r.once.Do(func() { close(r.closed) }) }

func (r *waitQueue) isClosed() bool {
	select {
	case <-r.closed:
		return true
	default:
		return false
	}
}

// wake wakes one sender if the room that is free now is worth it.
func (r *waitQueue) wake(free uint64) {
	if r.waiters.Load() == 0 || free == 0 || free < r.batch && r.eager.Load() == 0 {
		return
	}
	select {
	case r.woken <- struct{}{}:
	default:
	}
}

// wait returns when there may be room or done or r is closed, and ctx.Err() if ctx ends
// first. A wake-up is for one sender: the caller passes it on, with wake.
func (r *waitQueue) wait(ctx context.Context, done <-chan struct{}, free func() bool) error {
	// Count first, look then: what makes room looks at the count afterwards.
	r.waiters.Add(1)
	defer r.waiters.Add(-1)
	if free() {
		return nil
	}
	if r.batch > 1 {
		if over, err := r.linger(ctx, done); over {
			return err
		}
	}
	r.eager.Add(1)
	defer r.eager.Add(-1)
	if free() {
		return nil
	}
	select {
	case <-r.woken:
		return nil
	case <-done:
		return nil
	case <-r.closed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// linger waits for a wake-up for a while, and says whether that was all.
func (r *waitQueue) linger(ctx context.Context, done <-chan struct{}) (over bool, err error) {
	t, _ := r.timers.Get().(*time.Timer)
	if t == nil {
		t = time.NewTimer(linger)
	} else {
		t.Reset(linger)
	}
	defer func() {
		t.Stop()
		r.timers.Put(t)
	}()
	select {
	case <-r.woken:
		return true, nil
	case <-done:
		return true, nil
	case <-r.closed:
		return true, nil
	case <-ctx.Done():
		return true, ctx.Err()
	case <-t.C:
		return false, nil
	}
}
