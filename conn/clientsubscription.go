package conn

import (
	"context"
	"errors"
	"sync"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// ClientSubscription is a subscription of a [Client], renewed on each connection.
// Safe for concurrent use.
type ClientSubscription struct {
	cl          *Client
	destination string
	handler     MessageHandler
	opts        SubscribeOptions

	turn chan struct{} // has an element while a handler runs: it may be one of the connection before

	mu    sync.Mutex
	sub   *Subscription // on the latest connection that it was asked for on; nil if there was none
	first chan asked    // for Subscribe, while it waits; nil after
	gone  bool          // unsubscribed, or refused: it is not asked for any more
}

// asked is a subscription that was asked for on a connection, by whoever.
type asked struct {
	c       *Conn
	receipt string       // to be dropped by who waits for it no longer
	outcome <-chan error // nil if there will be none: then it is err
	err     error
}

var _ member = (*ClientSubscription)(nil)

// Subscribe has h called for each message of destination, on this and all later
// connections, one message at a time. It returns when the broker has confirmed the
// subscription for the first time, waiting for a connection under ctx like Send, and
// then as long as Config.ReceiptTimeout allows. h may be called before it returns. h
// may be nil if listeners do the work.
func (cl *Client) Subscribe(ctx context.Context, destination string, h MessageHandler, opts SubscribeOptions) (*ClientSubscription, error) {
	s := &ClientSubscription{cl: cl, destination: destination, handler: h, opts: opts,
		turn: make(chan struct{}, 1), first: make(chan asked, 1)}
	if err := s.subscribe(ctx); err != nil {
		s.withdraw(err)
		return nil, err
	}
	return s, nil
}

// subscribe returns the first outcome.
func (s *ClientSubscription) subscribe(ctx context.Context) error {
	ln := s.cl.consumer
	first := s.first
	if s.cl.inHandler(ctx) {
		return ErrWouldBlock
	}
	started := ln.started()
	c, err := ln.join(s)
	if err != nil {
		return err
	}
	s.cl.startConsumer()
	if c == nil && s.cl.cfg.FailFast && started {
		return &NotConnectedError{}
	}
	if c != nil {
		if _, err := s.attach(ctx, c); err != nil && !notSent(err) {
			return err
		}
	}
	for {
		select {
		case on := <-first:
			err := on.err
			if on.outcome != nil {
				err = on.c.await(ctx, on.outcome)
				on.c.receipts.drop(on.receipt)
			}
			if err == nil && s.settled() {
				return nil
			}
			if err != nil && !s.lostBefore(on.c, err) {
				return err
			}
		case <-s.cl.Done():
			return s.cl.Err()
		case <-ctx.Done():
			return &NotConnectedError{Err: ctx.Err()}
		}
	}
}

// settled has Subscribe return, unless the subscription was asked for on the next
// connection already: nobody else looks at the outcome of that.
func (s *ClientSubscription) settled() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.first) > 0 {
		return false
	}
	s.first = nil
	return true
}

// tell has Subscribe wait for on, in place of what it may not have seen yet. mu is
// held.
func (s *ClientSubscription) tell(on asked) {
	select {
	case <-s.first:
	default:
	}
	s.first <- on
}

// lostBefore reports whether c was lost before the subscription had its outcome,
// so that it is up to the next connection. A broker that ended it with an ERROR
// meant us.
func (s *ClientSubscription) lostBefore(c *Conn, err error) bool {
	var refusal *ServerError
	return c != nil && c.Err() != nil && errors.Is(err, ErrUnknownOutcome) && !errors.As(err, &refusal)
}

// Destination returns what was subscribed to.
func (s *ClientSubscription) Destination() string { return s.destination }

// Unsubscribe ends the subscription, for good: it is not renewed, whatever the error.
// If it is live it returns when the broker has confirmed that; if ctx ends before that
// was asked for, it is asked for nevertheless. What an [Acker] has gathered is
// acknowledged before; after that nothing can be: see ErrUnsubscribed. In a handler it
// returns ErrWouldBlock, and nothing changes.
func (s *ClientSubscription) Unsubscribe(ctx context.Context) error {
	if s.cl.inHandler(ctx) {
		return ErrWouldBlock
	}
	sub := s.leave()
	if sub == nil || sub.c.Err() != nil {
		return nil
	}
	err := sub.end(ctx)
	if sub.c.Err() != nil {
		return nil // it ended with its connection
	}
	return err
}

// Begin begins a transaction on the connection of the subscription, in which its
// messages can be acknowledged and others sent.
func (s *ClientSubscription) Begin(ctx context.Context, id string) (*Tx, error) {
	return s.cl.consumer.begin(ctx, id)
}

// leave ends the subscription on our side and returns where it is live. Where it is
// being asked for right now, attach will end it.
func (s *ClientSubscription) leave() *Subscription {
	s.cl.consumer.leave(s)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
	return s.sub
}

// withdraw ends a subscription that is reported as failed with err, also where the
// broker may have it.
func (s *ClientSubscription) withdraw(err error) {
	switch sub := s.leave(); {
	case sub == nil:
	case errors.As(err, new(*ServerError)): // there is nothing to end
		sub.c.subs.remove(sub)
	default:
		sub.c.abandon(sub)
	}
}

// handle gives the message to the user, after the one before.
func (s *ClientSubscription) handle(ctx context.Context, m *Message) {
	lost := ctx.Done()
	if s.opts.Ack == frame.AckAuto {
		lost = nil // nobody has it but us
	}
	select {
	case s.turn <- struct{}{}:
	case <-lost:
		return // it cannot be acknowledged any more, and will come again
	}
	defer func() { <-s.turn }()
	s.handler(ctx, m)
}

func (s *ClientSubscription) rank() int { return rankSubscription }

func (s *ClientSubscription) on(c *Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sub != nil && s.sub.c == c
}

// attach asks for the subscription on c. While Subscribe waits, the outcome is for that.
func (s *ClientSubscription) attach(ctx context.Context, c *Conn) (<-chan error, error) {
	s.mu.Lock()
	gone := s.gone
	s.mu.Unlock()
	if gone { // while the lane was restoring others
		return nil, nil
	}
	handler := s.handle
	if s.handler == nil {
		handler = nil
	}
	sub, fields, err := c.enterSubscription(s.destination, handler, s.opts)
	if err != nil {
		return nil, err
	}
	receipt, outcome, err := s.ask(ctx, c, fields)
	if err != nil { // the broker does not know of it
		c.subs.remove(sub)
		return nil, err
	}
	s.mu.Lock()
	gone = s.gone
	switch {
	case gone, s.sub != nil && c.Err() != nil: // or the lane was faster than Subscribe
		outcome = nil
	case s.first != nil:
		s.sub = sub
		s.tell(asked{c: c, receipt: receipt, outcome: outcome})
		outcome = nil
	default:
		s.sub = sub
	}
	s.mu.Unlock()
	if gone { // meanwhile; whoever ended it did not know of this one
		c.abandon(sub)
	}
	return outcome, nil
}

// ask sends SUBSCRIBE. Without an error it is on its way.
func (s *ClientSubscription) ask(ctx context.Context, c *Conn, fields []frame.Field) (receipt string, outcome <-chan error, err error) {
	if s.opts.NoReceipt {
		return "", nil, c.command(ctx, frame.CmdSubscribe, fields, false)
	}
	return c.order(ctx, fieldsSize(fields)+frameOverhead, func(dst []byte, receipt frame.Field) ([]byte, error) {
		return writer.AppendFrame(dst, c.version, frame.CmdSubscribe, with(fields, receipt), nil)
	})
}

// settle: only a refusal is final; a confirmation that is late or lost is not.
func (s *ClientSubscription) settle(c *Conn, err error) bool {
	if err == nil {
		return true
	}
	s.mu.Lock()
	waits, gone := s.first != nil, s.gone
	if waits {
		s.tell(asked{c: c, err: err})
	}
	s.mu.Unlock()
	if waits {
		return false
	}
	if gone || errors.Is(err, ErrUnknownOutcome) {
		return true
	}
	if sub := s.leave(); sub != nil {
		sub.c.subs.remove(sub)
		s.end(err) // there is nothing to unsubscribe from
	}
	if s.cl.defaults.Logger != nil {
		s.cl.defaults.Logger.Error("stomp: subscription lost", "destination", s.destination, "cause", err)
	}
	if s.cl.cfg.OnSubscriptionLost != nil {
		s.cl.cfg.OnSubscriptionLost(s, err)
	}
	return false
}

func (s *ClientSubscription) detach(*Conn, error) {}

// end lets go of the last connection.
func (s *ClientSubscription) end(error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sub = nil
}
