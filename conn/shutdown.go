package conn

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/stompwire/stompwire/conn/internal/session"
	"github.com/stompwire/stompwire/engine/link"
)

// Disconnect ends the client in an orderly way. It refuses new calls, starts no more handlers and
// waits for running ones. It acknowledges what AckEvery has gathered, and waits for the outcomes of
// producers and the answers to calls, even over a reconnect. Then it sends DISCONNECT on each
// connection and waits for the answers. It returns after the last OnOutcome. All of that is bounded
// by ctx, or by Config.DisconnectTimeout if ctx has no deadline. Messages that were delivered and
// not acknowledged go back to the broker, including those that Next, Retain and Token have handed
// out: see Subscription.All for how to stop a pool of workers. In ack mode auto it does not have
// them any more, so those that no handler was called for are lost: call Unsubscribe first. Next
// still returns what had come.
//
// It returns an [*OutcomeError] if not all sends since the last Flush were confirmed, and an error that
// Is [ErrNotSent] if a connection ended before all that Send had queued for it was written. If a
// broker has got everything and does not answer DISCONNECT, that is not an error: the answer may be
// lost by rule (STOMP 1.2, Connection Lingering). In a handler it returns ErrWouldBlock, and nothing changes. If another
// Disconnect is in progress, it waits for the end of that.
func (c *Client) Disconnect(ctx context.Context) error {
	if c.inHandler(ctx) {
		return ErrWouldBlock
	}
	deadline := c.cfg.DisconnectTimeout
	if at, ok := ctx.Deadline(); ok {
		deadline = min(time.Until(at), longest)
	}
	wt := c.newWaiter()
	c.mu.Lock()
	now := c.clock.now()
	c.core.Disconnect(&wt.call, now+deadline, now)
	c.unlock()
	if !c.within(ctx, deadline, wt.done) {
		if err := ctx.Err(); err != nil {
			return session.Unanswered(err)
		}
		return session.Unanswered(errStuck)
	}
	err := wt.call.Err
	wt.release()
	select {
	case <-c.done: // follows the last outcome closely
	case <-ctx.Done(): // the caller may be what the end waits for
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.unsent) > 0 {
		err = errors.Join(append([]error{err}, c.unsent...)...)
	}
	return err
}

// errStuck: a handler or a callback does not return, so the client cannot end yet.
var errStuck = errors.New("stomp: a handler has not returned")

// within reports whether done is closed in time, and closes the client if it is not. The core ends
// a disconnect at the deadline, or a moment later if the process was stopped. After that only
// outcomes are reported, which waits only for user code.
func (c *Client) within(ctx context.Context, deadline time.Duration, done <-chan struct{}) bool {
	t := time.NewTimer(deadline)
	defer t.Stop()
	select {
	case <-done:
		return true
	case <-ctx.Done():
	case <-t.C:
		t.Reset(moment)
		select {
		case <-done:
			return true
		case <-ctx.Done():
		case <-t.C:
		}
	}
	_ = c.Close()
	t.Reset(moment)
	select {
	case <-done:
		return true
	case <-t.C:
		return false
	}
}

// Close ends the client at once. Sends without an outcome are Unknown or NotSent, and messages that
// wait for Next are thrown away. It may be called anywhere, more than once, and always returns nil. It
// does not wait for the end; Done does.
func (c *Client) Close() error {
	c.mu.Lock()
	c.core.Close(c.clock.now())
	for s := range c.subs {
		s.turn.close() // no handler starts any more, even for messages that were read
		if s.queue != nil {
			s.queue.keep.Store(false)
		}
	}
	var links []*link.Link
	for _, w := range c.live() {
		if w.l != nil {
			links = append(links, w.l)
		}
	}
	c.unlock()
	for _, l := range links {
		l.Close(nil) // at once, so that no more frames are accepted
	}
	return nil
}

// quiesce prevents new handlers and waits for the running ones.
func (c *Client) quiesce() {
	c.mu.Lock()
	subs := make([]*Subscription, 0, len(c.subs))
	for s := range c.subs {
		subs = append(subs, s)
	}
	wires := slices.DeleteFunc(c.live(), func(w *wire) bool { return w.l == nil }) // an attempt has no link yet
	c.mu.Unlock()
	for _, s := range subs {
		s.turn.close()
	}
	for _, w := range wires {
		w.endFlow() // receipts have to be read, even behind a slow consumer
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-c.done: // the client has ended, even if a handler still runs
			cancel()
		case <-ctx.Done():
		}
	}()
	for _, s := range subs {
		_ = s.turn.idle(ctx)
		if s.batch != nil {
			s.makeRoom(ctx)
			_ = s.batch.flush()
		}
	}
	c.mu.Lock()
	c.core.Quiet(c.clock.now())
	c.unlock()
}
