package conn

import (
	"context"
	"errors"

	"github.com/stompwire/stompwire/frame"
)

// Unsubscribe ends the subscription. It returns when the broker has confirmed the end and no handler
// runs.
//
// In the ack modes client and client-individual it starts no more handlers, waits for the running
// one, and acknowledges what AckEvery has gathered. Messages that were delivered and not
// acknowledged go back to the broker at once, including those that Next, Retain and Token have
// handed out: see All for how to stop a pool of workers. On STOMP 1.0, RabbitMQ takes them back when
// the connection ends.
//
// In mode auto the broker forgets a message when it sends it. So messages that are on their way are
// still handled, or queued for Next, until the broker has confirmed the end. They may exceed
// MaxMessages and MaxBytes, unless DropOverflow is set. Messages that arrive after ctx has ended are
// lost. ActiveMQ and Artemis may deliver the last messages again.
//
// All of that is bounded by ctx, or by Config.ReceiptTimeout if ctx has no deadline; the
// subscription ends whatever the error, and Done is closed when Unsubscribe returns. A durable
// subscription goes on at the broker: see EndDurable. In a handler of the client it returns
// ErrWouldBlock, and nothing changes. Unsubscribing again does no harm.
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
	auto := s.opts.Ack == frame.AckAuto // then it goes on taking messages until the answer
	var idle error
	switch {
	case !auto:
		idle = s.stop(ctx)
	case s.queue != nil:
		s.queue.unbound()
	}
	s.makeRoom(ctx)
	if s.batch != nil {
		_ = s.batch.flush()
	}
	wt := c.newWaiter()
	c.mu.Lock()
	c.core.Unsubscribe(s.core, durable, &wt.call, c.clock.now())
	c.unlock()
	err := wt.wait(ctx, c)
	if auto {
		idle = s.stop(ctx)
	}
	if err == nil {
		err = idle
	}
	s.over()
	return err
}

// over closes Done, whether or not the broker has confirmed the end. If it has not, the subscription
// stays in the tables, because messages may still have to be given back.
func (s *Subscription) over() {
	c := s.c
	c.mu.Lock()
	ended, why := s.core.Ended()
	if ended && why == nil {
		c.mu.Unlock()
		s.leave(errUnsubscribed)
		return
	}
	defer c.mu.Unlock()
	switch {
	case !ended:
		why = errUnsubscribed
	case c.core.Refused() == nil:
		why = cause(why)
	}
	s.finish(why)
}

// stop takes no more messages, and waits for the handler that runs.
func (s *Subscription) stop(ctx context.Context) error {
	s.turn.close()
	err := s.turn.idle(ctx)
	if s.queue != nil {
		s.queue.end(errUnsubscribed)
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
