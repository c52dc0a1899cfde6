package conn

import (
	"context"

	"github.com/stompwire/stompwire/conn/internal/session"
	"github.com/stompwire/stompwire/frame"
)

// waiter waits for the end of one call of the core.
type waiter struct {
	c    *Client
	call session.Call
	done chan struct{} // has an element when the call is done
}

// newWaiter takes a waiter from the client's pool. A pool of the package would carry channels from
// one testing/synctest bubble into another.
func (c *Client) newWaiter() *waiter {
	wt, _ := c.waiters.Get().(*waiter)
	if wt == nil {
		wt = &waiter{c: c, done: make(chan struct{}, 1)}
	}
	wt.call.User = wt
	return wt
}

// release returns wt to the pool. Its call must be done or forgotten, and nothing else may refer to
// it.
func (wt *waiter) release() {
	wt.call.Err = nil
	wt.c.waiters.Put(wt)
}

// wake is called with Client.mu held.
func (wt *waiter) wake() { wt.done <- struct{}{} }

// expect registers the call for a frame that is about to be committed on w, whose outbox the caller
// holds, and returns the frame's receipt header.
func (wt *waiter) expect(w *wire, kind session.CallKind) (frame.Field, error) {
	c := w.c
	c.mu.Lock()
	defer c.unlock()
	if err := c.core.Expect(&wt.call, kind, w.conn, w.l.Tail(), c.clock.now()+c.cfg.ReceiptTimeout); err != nil {
		return frame.Field{}, err
	}
	return receiptField(wt.call.ID), nil
}

func receiptField(id uint64) frame.Field {
	var room [24]byte
	return frame.Field{Name: frame.HeaderReceipt, Value: string(session.AppendReceiptID(room[:0], id))}
}

// forget withdraws the call: its frame was not sent.
func (wt *waiter) forget(c *Client) {
	c.mu.Lock()
	open := c.core.Forget(&wt.call)
	c.unlock()
	if !open {
		<-wt.done
	}
	wt.release()
}

// wait returns the result of the call, or the core's result if ctx ends first.
func (wt *waiter) wait(ctx context.Context, c *Client) error {
	select {
	case <-wt.done:
	case <-ctx.Done():
		why := ctx.Err() // user code: no lock may be held
		c.mu.Lock()
		open := wt.call.Live()
		err := c.core.Expired(&wt.call, why)
		c.unlock()
		if open {
			wt.release()
			return err
		}
		<-wt.done
	}
	err := wt.call.Err
	wt.release()
	return err
}
