package conn

import (
	"context"
	"sync"
	"sync/atomic"
)

// turn lets one handler of a subscription run at a time: when a new connection delivers, the
// handler of the old one may still be running. Once the turn is closed no handler starts, and idle
// waits for the running one. It costs two atomic operations per message unless something waits.
type turn struct {
	state atomic.Int32 // turnBusy | turnClosed | number of waiters times turnWaiting

	mu   sync.Mutex
	free chan struct{} // closed when the running handler returns; nil if nothing waits
}

const (
	turnBusy    = 1
	turnClosed  = 2
	turnWaiting = 4
)

// enter reports whether the handler may run. It waits for the running one, unless lost is closed
// first.
func (t *turn) enter(lost <-chan struct{}) bool {
	return t.state.CompareAndSwap(0, turnBusy) || t.enterBehind(lost)
}

// enterBehind is enter when another handler runs or waits, or the turn is closed.
func (t *turn) enterBehind(lost <-chan struct{}) bool {
	t.state.Add(turnWaiting)
	defer t.state.Add(-turnWaiting)
	for {
		t.mu.Lock()
		state := t.state.Load()
		switch {
		case state&turnClosed != 0:
			t.mu.Unlock()
			return false
		case state&turnBusy == 0:
			t.mu.Unlock()
			if t.state.CompareAndSwap(state, state|turnBusy) {
				return true
			}
			continue
		}
		free := t.wait()
		t.mu.Unlock()
		select {
		case <-free:
		case <-lost:
			return false
		}
	}
}

// leave ends the turn of a handler.
func (t *turn) leave() {
	if !t.state.CompareAndSwap(turnBusy, 0) {
		t.leaveToOthers()
	}
}

// leaveToOthers is leave when something waits, or the turn is closed.
func (t *turn) leaveToOthers() {
	t.state.And(^turnBusy)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.free != nil {
		close(t.free)
		t.free = nil
	}
}

// wait returns a channel that is closed when the running handler returns. mu is held. The caller
// must have added turnWaiting to the state before.
func (t *turn) wait() <-chan struct{} {
	if t.free == nil {
		t.free = make(chan struct{})
		if t.state.Load()&turnBusy == 0 { // the handler has returned meanwhile
			close(t.free)
			free := t.free
			t.free = nil
			return free
		}
	}
	return t.free
}

func (t *turn) isClosed() bool { return t.state.Load()&turnClosed != 0 }

// close prevents new handlers.
func (t *turn) close() {
	t.state.Or(turnClosed)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.free != nil { // handlers that wait to enter give up
		close(t.free)
		t.free = nil
	}
}

// idle returns when no handler runs, or ctx ends.
func (t *turn) idle(ctx context.Context) error {
	t.state.Add(turnWaiting)
	defer t.state.Add(-turnWaiting)
	for {
		if t.state.Load()&turnBusy == 0 {
			return nil
		}
		t.mu.Lock()
		free := t.wait()
		t.mu.Unlock()
		select {
		case <-free:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
