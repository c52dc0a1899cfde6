package conn

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// waitQueue is where senders wait while a window is full. Senders are woken one by one, and not for
// each outcome: a wake-up costs more than a message, and a sender that finds one free place can
// only send one. So a sender waits until a quarter of the window is free, or for linger, and after
// that for any free place.
type waitQueue struct {
	batch   uint64 // a quarter of the window
	waiters atomic.Int32
	eager   atomic.Int32  // waiters that take any free place
	woken   chan struct{} // 1 slot
	closed  chan struct{} // closed by close
	once    sync.Once     // for closed
	timers  sync.Pool     // stopped *time.Timer, so that waiting does not allocate
}

// linger is how long a sender waits for more than one free place. It is short compared with the
// time in which a broker confirms a full window.
const linger = time.Millisecond

func (r *waitQueue) init(window int) {
	r.batch = max(1, uint64(window)/4)
	r.woken = make(chan struct{}, 1)
	r.closed = make(chan struct{})
}

// close ends all waits, current and future.
func (r *waitQueue) close() { r.once.Do(func() { close(r.closed) }) }

func (r *waitQueue) isClosed() bool {
	select {
	case <-r.closed:
		return true
	default:
		return false
	}
}

// wake wakes one sender if free places are enough for it.
func (r *waitQueue) wake(free uint64) {
	if r.waiters.Load() == 0 || free == 0 || free < r.batch && r.eager.Load() == 0 {
		return
	}
	select {
	case r.woken <- struct{}{}:
	default:
	}
}

// wait returns when there may be room, or when done or r is closed, and ctx.Err() if ctx ends
// first. One wake-up is for one sender: the caller passes it on with wake.
func (r *waitQueue) wait(ctx context.Context, done <-chan struct{}, free func() bool) error {
	// Count first, then check: code that frees a place checks the count afterwards.
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

// linger waits for a wake-up for a while. over reports whether the whole wait is over.
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
