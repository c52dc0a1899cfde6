package conn

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/stompwire/stompwire/conn/internal/session"
	"github.com/stompwire/stompwire/frame"
)

// Subscription is one subscription, renewed on each connection until it ends. Its messages go to
// its handler or, if it was made by Consume, wait in a bounded queue for Next and All. Safe for
// concurrent use.
type Subscription struct {
	c           *Client
	id          string
	destination string
	opts        SubscribeOptions
	handler     MessageHandler // nil for a queue, and for replies
	queue       *queue         // nil for a handler
	batch       *ackBatch      // nil unless AckEvery is set
	reply       bool           // it receives the replies to requests

	turn        turn
	outstanding outstanding
	acks        atomic.Pointer[ackPosition] // on the connection that SUBSCRIBE has left on; nil where it does not matter
	endedAt     atomic.Pointer[wire]        // the connection on which UNSUBSCRIBE was sent; set with its outbox held

	// Guarded by Client.mu.
	askedOn *wire // the latest connection on which SUBSCRIBE was sent
	core    *session.Sub
	done    chan struct{}
	err     error         // set before done is closed
	left    bool          // see leave
	gone    chan struct{} // closed when left is set; nil unless a call waits for that
}

// ID returns the id of the subscription on the wire.
func (s *Subscription) ID() string { return s.id }

// Destination returns the destination of the subscription.
func (s *Subscription) Destination() string { return s.destination }

// Done is closed when the subscription has ended for good.
func (s *Subscription) Done() <-chan struct{} { return s.done }

// Err returns why the subscription has ended: nil while it has not; an error that Is net.ErrClosed
// after Unsubscribe and at the end of the client; a *ServerError if the broker has ended it.
func (s *Subscription) Err() error {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	return s.err
}

// Subscribe calls h for each message of destination, on this and all later connections, one message
// at a time. It waits under ctx for a connection, and returns when the broker has confirmed the
// subscription for the first time: messages sent from then on will arrive. h may be called before
// it returns. A refusal is a *ServerError. If ctx ends first, the subscription ends, and the error
// unwraps to ctx.Err(): it Is ErrUnknownOutcome if SUBSCRIBE was sent, and ErrNotConnected if there
// was no connection.
func (c *Client) Subscribe(ctx context.Context, destination string, h MessageHandler, opts SubscribeOptions) (*Subscription, error) {
	if h == nil {
		return nil, option("stomp: Subscribe needs a handler; Consume needs none")
	}
	return c.subscribe(ctx, &Subscription{destination: destination, handler: h, opts: opts})
}

// Consume subscribes to destination, like Subscribe, and keeps the messages until Next or All
// asks for them, on any goroutine. Each message goes to one caller. In the ack modes client and
// client-individual, what waits when a connection is lost, or when the subscription ends, is
// dropped, because the broker delivers it again. In mode auto Next still returns it.
func (c *Client) Consume(ctx context.Context, destination string, opts SubscribeOptions) (*Subscription, error) {
	return c.subscribe(ctx, &Subscription{destination: destination, opts: opts, queue: new(queue)})
}

func (c *Client) subscribe(ctx context.Context, s *Subscription) (*Subscription, error) {
	s.opts = s.opts.withDefaults()
	if err := s.opts.validate(s.queue != nil); err != nil {
		return nil, err
	}
	if c.inHandler(ctx) {
		return nil, ErrWouldBlock
	}
	s.c, s.done = c, make(chan struct{})
	if err := s.encodable(); err != nil {
		return nil, err
	}
	if s.queue != nil {
		s.queue.init(&s.opts)
	}
	if s.opts.AckEvery > 1 {
		s.batch = &ackBatch{sub: s, every: s.opts.AckEvery, interval: ackInterval}
	}
	wt := c.newWaiter()
	if err := s.enterWhenFree(ctx, &wt.call); err != nil {
		wt.release()
		return nil, err
	}
	if err := c.awaitFirst(ctx, s, wt); err != nil {
		return nil, err
	}
	return s, nil
}

// enterWhenFree is enter once a subscription that is about to end has left the id free.
func (s *Subscription) enterWhenFree(ctx context.Context, first *session.Call) error {
	for {
		left, err := s.enter(first)
		if left == nil {
			return err
		}
		select {
		case <-left:
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", err, ctx.Err())
		}
	}
}

// enter adds the subscription to the core, which asks the broker for it. If the id is in use by one that
// is about to end, enter also returns what is closed when that has left.
func (s *Subscription) enter(first *session.Call) (left <-chan struct{}, err error) {
	c := s.c
	c.mu.Lock()
	defer c.unlock()
	c.start()
	if c.cfg.FailFast && c.consumer.core.Wanted() && c.consumer.cur.Load() == nil {
		return nil, notConnected(nil, c.consumer.core.Last())
	}
	core, err := c.core.Subscribe(session.SubConfig{
		ID: s.opts.ID, Destination: s.destination, Ack: s.opts.Ack, NoReceipt: s.opts.NoReceipt, Reply: s.reply,
	}, first, s, c.clock.now())
	if err != nil {
		if other := c.core.Leaving(s.opts.ID); other != nil && errors.Is(err, session.ErrIDInUse) {
			left = other.User.(*Subscription).awaitLeft()
		}
		return left, err
	}
	s.core, s.id = core, core.ID
	c.routes.Store(c.routes.Load().with(s))
	c.subs[s] = struct{}{}
	c.streamBodies(s.opts.StreamOver)
	return nil, nil
}

// awaitLeft returns a channel that is closed when the subscription leaves. Client.mu is held.
func (s *Subscription) awaitLeft() <-chan struct{} {
	if s.gone == nil {
		s.gone = make(chan struct{})
	}
	return s.gone
}

// awaitFirst waits for the first answer. If there is none, or it is a refusal, the subscription
// ends.
func (c *Client) awaitFirst(ctx context.Context, s *Subscription, wt *waiter) error {
	var err error
	select {
	case <-wt.done:
		err = wt.call.Err
	case <-ctx.Done():
		why := ctx.Err()
		if s.batch != nil {
			_ = s.batch.flush()
		}
		c.mu.Lock()
		if open := wt.call.Live(); !open {
			c.unlock()
			<-wt.done
			err = wt.call.Err
			break
		}
		switch slot := s.core.Slot(); {
		case s.core.Asked():
			err = session.Unanswered(why)
		case slot.Conn() != nil:
			err = session.NotSentBecause(why)
		default:
			err = notConnected(why, slot.Last())
		}
		c.core.Withdraw(s.core, err, c.clock.now())
		c.unlock()
	}
	wt.release()
	if err != nil {
		if s.queue != nil {
			s.queue.keep.Store(false)
		}
		s.endDelivery(err)
		c.mu.Lock()
		ended, _ := s.core.Ended()
		c.mu.Unlock()
		if ended { // else it leaves when the broker has got back what it has delivered
			s.leave(err)
		}
	}
	return err
}

// endDelivery gives no more messages to the user.
func (s *Subscription) endDelivery(err error) {
	s.turn.close()
	if s.queue != nil {
		s.queue.end(err)
	}
	if s.batch != nil {
		s.batch.stop()
	}
}

// leave removes the subscription from the tables and ends its queue, once.
func (s *Subscription) leave(err error) bool {
	c := s.c
	s.turn.close()
	c.mu.Lock()
	if s.left {
		c.mu.Unlock()
		return false
	}
	s.left = true
	if s.gone != nil {
		close(s.gone)
	}
	delete(c.subs, s)
	c.routes.Store(c.routes.Load().without(s))
	s.finish(err)
	c.unlock()
	s.endDelivery(err)
	return true
}

// finish closes Done, once. Client.mu is held.
func (s *Subscription) finish(err error) {
	if s.err == nil {
		s.err = err
		close(s.done)
	}
}

// ended is called when the core has ended the subscription: err is nil if the user asked for it.
func (s *Subscription) ended(err error) {
	asked := err == nil || s.c.refusal() != nil
	switch {
	case err == nil:
		err = errUnsubscribed
	case !asked:
		err = cause(err) // the reason itself, without the error of the closed connection around it
	}
	if !s.leave(err) || asked || s.Err() == errUnsubscribed {
		return
	}
	if s.c.cfg.Logger != nil {
		s.c.cfg.Logger.Error("stomp: subscription has ended", "destination", s.destination, "cause", err)
	}
	s.c.trace(&Event{Kind: EventSubscription, Subscription: s, Err: err})
	if s.opts.OnEnd != nil { // it may subscribe again, and so wait for this goroutine
		go s.c.guard(nil, func() { s.opts.OnEnd(s, err) })
	}
}

// changed is called when the broker has refused or cancelled the subscription, and when it is
// active again.
func (s *Subscription) changed(err error) {
	if err != nil && s.c.cfg.Logger != nil {
		s.c.cfg.Logger.Warn("stomp: subscription refused, it is tried again", "destination", s.destination, "cause", err)
	}
	s.c.trace(&Event{Kind: EventSubscription, Subscription: s, Err: err})
}

// takes reports whether a message that has come on w is to be delivered. If the subscription is
// ending it is not; if it has been taken over, it is given back at once.
func (s *Subscription) takes(w *wire, f *frame.Frame) bool {
	if s.opts.Ack != frame.AckAuto && !w.dialect.UnsubscribeRequeues {
		if key := ackKey(f.Header); !s.outstanding.add(w, key) {
			s.giveBack(w, key)
			return false
		}
	}
	return !s.turn.isClosed()
}

// deliver passes the message to the user, on the reading goroutine.
func (s *Subscription) deliver(m *Message) {
	if s.queue != nil {
		s.queue.put(m)
		return
	}
	lost := m.w.l.Done()
	if s.opts.Ack == frame.AckAuto {
		lost = nil // in mode auto the broker does not have it any more
	}
	if !s.turn.enter(lost) {
		return // the message will come again, or the subscription has ended
	}
	m.w.handle(s.handler, m) // survives a panic
	s.turn.leave()
}

// settled records that a message was acknowledged, in a transaction unless tx is nil.
func (s *Subscription) settled(w *wire, id ackID, tx *Tx) {
	if w.dialect.UnsubscribeRequeues {
		return
	}
	var undo *[]uint64
	if tx != nil {
		undo = new([]uint64)
	}
	s.outstanding.settle(w, id.key(), s.opts.Ack == frame.AckClient, undo)
	if tx != nil {
		tx.onAbort(func() { s.outstanding.restore(w, *undo) })
	}
}

// endedOn reports whether UNSUBSCRIBE was sent on w. The outbox of w is held.
func (s *Subscription) endedOn(w *wire) bool { return s.endedAt.Load() == w }
