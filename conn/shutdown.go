package conn

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/stompwire/stompwire/conn/internal/session"
	"github.com/stompwire/stompwire/engine/link"
)

// Disconnect ends the client in good order. It takes nothing new, starts no more handlers and
// waits for those that run, acknowledges what AckEvery has gathered, waits for the outcomes of
// producers and the answers to calls, even over a reconnect, then sends DISCONNECT on each
// connection and waits for the answers. It returns after the last OnOutcome. All of that is bounded
// by ctx, or by Config.DisconnectTimeout if ctx has no deadline. What was delivered and not
// acknowledged goes back to the broker.
//
// It returns an [*OutcomeError] if not all sends since the last Flush were confirmed. A broker that
// does not answer DISCONNECT is no error: the answer may be lost by rule (STOMP 1.2, Connection
// Lingering). In a handler it returns ErrWouldBlock, and nothing changes. If it runs already, it
// waits for the end.
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
	case <-c.done: // a moment after the last outcome
	case <-ctx.Done(): // or it is called by what the end waits for
	}
	return err
}

// errStuck: a handler or a callback does not return, so the client has no end yet.
var errStuck = errors.New("stomp: a handler has not returned")

// within reports whether done comes in time, and closes the client if it does not. The core ends a
// disconnect at the deadline, or a moment later if the process was stopped. What is left then is
// to report what is unknown, which waits only for user code.
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

// Close ends the client at once. Sends without an outcome are Unknown or NotSent. It may be
// called anywhere, more than once, and always returns nil. It does not wait for the end; Done
// does.
func (c *Client) Close() error {
	c.mu.Lock()
	c.core.Close(c.clock.now())
	for s := range c.subs {
		s.turn.close() // no handler starts any more, whatever was read already
	}
	var links []*link.Link
	for _, w := range c.live() {
		if w.l != nil {
			links = append(links, w.l)
		}
	}
	c.unlock()
	for _, l := range links {
		l.Close(nil) // now, so that nothing more is taken
	}
	return nil
}

// quiesce lets no handler start any more and waits for those that run.
func (c *Client) quiesce() {
	c.mu.Lock()
	subs := make([]*Subscription, 0, len(c.subs))
	for s := range c.subs {
		subs = append(subs, s)
	}
	wires := slices.DeleteFunc(c.live(), func(w *wire) bool { return w.l == nil }) // an attempt has none yet
	c.mu.Unlock()
	for _, s := range subs {
		s.turn.close()
	}
	for _, w := range wires {
		w.flow.end(w.l) // receipts have to be read, however slow a consumer is
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-c.done: // the wait is over, whatever runs
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
