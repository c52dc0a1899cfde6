package conn

import (
	"context"
	"sync"
	"sync/atomic"
)

// turn lets one handler of a subscription run at a time: the one of the connection before may
// still be busy when the new connection delivers. Once it is closed no handler starts any more,
// and idle waits for the one that runs. It costs two atomic operations per message unless
// something waits.
type turn struct {
	state atomic.Int32 // turnBusy | turnClosed | the number that waits, times turnWaiting

	mu   sync.Mutex
	free chan struct{} // closed when the handler that runs returns; nil if nothing waits
}

const (
	turnBusy    = 1
	turnClosed  = 2
	turnWaiting = 4
)

// enter reports whether the handler may run. It waits for the one that runs, unless lost is
// closed first.
func (t *turn) enter(lost <-chan struct{}) bool {
	return t.state.CompareAndSwap(0, turnBusy) || t.enterBehind(lost)
}

// enterBehind is enter where another handler runs, or waits, or the turn is closed.
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

// leaveToOthers is leave where something waits, or the turn is closed.
func (t *turn) leaveToOthers() {
	t.state.And(^turnBusy)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.free != nil {
		close(t.free)
		t.free = nil
	}
}

// wait returns what is closed when the handler that runs returns. mu is held. The waiter has
// counted itself before it looked at the state.
func (t *turn) wait() <-chan struct{} {
	if t.free == nil {
		t.free = make(chan struct{})
		if t.state.Load()&turnBusy == 0 { // it has returned meanwhile
			close(t.free)
			free := t.free
			t.free = nil
			return free
		}
	}
	return t.free
}

func (t *turn) isClosed() bool { return t.state.Load()&turnClosed != 0 }

// close lets no handler start any more.
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
