package conn

import (
	"context"
	"errors"
)

// Unsubscribe ends the subscription. It starts no more handlers, waits for the one that runs,
// acknowledges what AckEvery has gathered, and returns when the broker has confirmed the end.
// Messages that were delivered and not acknowledged go back to the broker, at once. All of that is
// bounded by ctx, or by Config.ReceiptTimeout if ctx has no deadline; the subscription ends
// whatever the error. A durable subscription goes on at the broker: see EndDurable. In a handler
// of the client it returns ErrWouldBlock, and nothing changes. Unsubscribing again does no harm.
func (s *Subscription) Unsubscribe(ctx context.Context) error { return s.end(ctx, false) }

// EndDurable is Unsubscribe that ends a durable subscription for good: the broker stops storing
// messages for it. See dialect.Durable.
func (s *Subscription) EndDurable(ctx context.Context) error { return s.end(ctx, true) }

func (s *Subscription) end(ctx context.Context, durable bool) error {
	c := s.c
	if c.inHandler(ctx) {
		return ErrWouldBlock
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.cfg.ReceiptTimeout, errUnsubscribeTimeout)
		defer cancel()
	}
	s.turn.close()
	idle := s.turn.idle(ctx)
	s.makeRoom(ctx)
	if s.batch != nil {
		_ = s.batch.flush()
	}
	if s.queue != nil {
		s.queue.end(errUnsubscribed)
	}
	wt := c.newWaiter()
	c.mu.Lock()
	c.core.Unsubscribe(s.core, s.outstanding.any(), durable, &wt.call, c.clock.now())
	c.unlock()
	err := wt.wait(ctx, c)
	if err == nil {
		err = idle
	}
	return err
}

// makeRoom waits until the outbox is not full: what AckEvery has gathered and UNSUBSCRIBE are put
// there without waiting.
func (s *Subscription) makeRoom(ctx context.Context) {
	s.c.mu.Lock()
	w := s.askedOn
	s.c.mu.Unlock()
	if w == nil {
		return
	}
	if buf, err := w.reserve(ctx, 0); err == nil {
		w.l.Commit(buf)
	}
}

var errUnsubscribeTimeout = errors.New("stomp: not unsubscribed within Config.ReceiptTimeout")
