package session

import "time"

// CallKind says what a call waits for.
type CallKind uint8

const (
	CallSend        CallKind = iota + 1 // RECEIPT of a SEND
	CallSubscribe                       // RECEIPT of a SUBSCRIBE
	CallUnsubscribe                     // RECEIPT of an UNSUBSCRIBE
	CallTx                              // RECEIPT of COMMIT or ABORT
	CallOwed                            // RECEIPT of a SEND in a transaction, for COMMIT
	CallRequest                         // a reply
	CallDisconnect                      // RECEIPT of DISCONNECT
	CallFlush                           // outcomes of a producer
	CallShutdown                        // the end of the client
)

// Call is one wait for one answer. The caller makes it; the core owns it from
// then on until EffectComplete, or Forget.
type Call struct {
	Kind CallKind
	ID   uint64 // the number in its receipt id, or of the request
	User any    // the caller's
	Err  error  // the result, once it is done

	conn     *Conn
	at       uint64 // offset of the frame
	deadline Time
	wait     time.Duration // until its deadline, from the next tick on
	cause    error         // an ERROR without receipt-id that may be the answer
	doubtful bool          // the RECEIPT of a SUBSCRIBE has followed cause; it holds at deadline
	upTo     uint64
	quiet    bool // a flush of ours, which leaves it to the user's to tell what was not confirmed
	sub      *Sub
	tx       *Tx
	live     bool
}

// register gives the call its number.
func (c *Core) register(call *Call) {
	c.lastCall++
	call.ID = c.lastCall
	call.Err, call.conn, call.cause, call.sub, call.tx = nil, nil, nil, nil, nil
	call.at, call.deadline, call.wait, call.upTo = 0, never, 0, 0
	call.doubtful, call.quiet, call.live = false, false, true
}

// Expect registers a call whose frame, with the receipt id that ReceiptID makes of its ID,
// is about to leave on conn at offset at, and which is given up at deadline. It does not
// allocate in steady state.
func (c *Core) Expect(call *Call, kind CallKind, conn *Conn, at uint64, deadline Time) error {
	if err := conn.gone(c); err != nil {
		return err
	}
	c.register(call)
	call.Kind, call.conn, call.at, call.deadline = kind, conn, at, deadline
	c.enter(call)
	return nil
}

// SetDeadline sets when an open call is given up.
func (c *Core) SetDeadline(call *Call, deadline Time) {
	call.deadline = deadline
	c.wake(deadline)
}

// enter has the call found by its number, and given up at its deadline.
func (c *Core) enter(call *Call) {
	c.calls[call.ID] = call
	if call.conn != nil {
		call.conn.owed++
	}
	if call.deadline != never {
		c.wake(call.deadline)
	}
}

// Live reports whether the call is open.
func (call *Call) Live() bool { return call.live }

// drop takes the call out of the table: it has its answer, or needs none.
func (c *Core) drop(call *Call) {
	if call.live && call.conn != nil {
		call.conn.owed--
	}
	call.live = false
	delete(c.calls, call.ID)
}

// Forget ends a call that its caller no longer waits for, and reports whether it was still
// open. An answer that comes later is ignored. The caller may use the call for something else
// then, so nothing may refer to it any more.
func (c *Core) Forget(call *Call) bool {
	if !call.live {
		return false
	}
	c.drop(call)
	call.acquitNobody()
	if call.sub != nil {
		call.sub.forget(call)
	}
	if call.Kind == CallFlush {
		for _, p := range c.producers {
			p.flushes = remove(p.flushes, call)
		}
		for _, p := range c.leaving {
			p.flushes = remove(p.flushes, call)
		}
	}
	c.waiters = remove(c.waiters, call)
	c.advanceClosing()
	return true
}

// acquitNobody takes note that the call, if it is a suspect, ends without its answer.
func (call *Call) acquitNobody() {
	if call.conn != nil && call.cause != nil {
		call.conn.acquitNobody()
	}
}

// Expired completes a call whose caller's context has ended with err, as its own deadline
// would, and returns what the call is to return.
func (c *Core) Expired(call *Call, err error) error {
	if !c.Forget(call) {
		return call.Err
	}
	return call.lateError(err)
}

// lateError is the result of a call that ends without its answer.
func (call *Call) lateError(err error) error {
	if call.Kind == CallFlush {
		return err
	}
	if call.cause != nil {
		err = call.cause
	}
	return unknown(err)
}

// complete ends a call with its result.
func (c *Core) complete(call *Call, err error) {
	if !call.live {
		return
	}
	c.drop(call)
	call.Err = err
	c.emit(Effect{Kind: EffectComplete, Call: call})
}

// settle takes the answer to a call: nil for RECEIPT, or the ERROR that refuses it.
func (c *Core) settle(call *Call, err error) {
	if err == nil && call.cause != nil {
		switch call.Kind {
		case CallTx:
			err = call.cause // the RECEIPT only says that COMMIT was dealt with
		case CallSubscribe:
			call.doubtful, call.deadline = true, min(call.deadline, c.now+doubtFor)
			c.wake(call.deadline)
			return
		}
	}
	if _, refused := err.(*ServerError); refused && call.isSend() {
		call.conn.blamed.call = true
	}
	switch call.Kind {
	case CallSubscribe:
		c.drop(call)
		c.subscribed(call.sub, call.conn, err)
	case CallUnsubscribe:
		c.drop(call)
		c.unsubscribed(call.sub, err)
	case CallOwed, CallTx:
		c.drop(call)
		c.settleTx(call, err)
	case CallDisconnect:
		c.drop(call)
		c.emit(Effect{Kind: EffectGoodbye, Conn: call.conn})
	default:
		c.complete(call, err)
	}
	c.advanceClosing()
}

// isSend reports whether the frame of the call carries a message, or commits some.
func (call *Call) isSend() bool {
	switch call.Kind {
	case CallSend, CallOwed, CallTx, CallRequest:
		return true
	}
	return false
}

// failCalls ends the calls of a connection that is gone.
func (c *Core) failCalls(conn *Conn, attempted uint64, cause error) {
	for _, call := range c.callsOn(conn) {
		switch {
		case call.sub != nil, call.Kind == CallDisconnect:
			c.drop(call) // see detachSubs
		default:
			err := call.failure(attempted, cause)
			if call.Kind == CallTx || call.Kind == CallOwed {
				c.drop(call)
				c.settleTx(call, err)
			} else {
				c.complete(call, err)
			}
		}
	}
}

// failure is the result of a call whose connection is gone.
func (call *Call) failure(attempted uint64, cause error) error {
	if call.at >= attempted {
		return notSent(cause)
	}
	if call.cause != nil {
		cause = call.cause
	}
	return unknown(cause)
}

// callsOn returns the calls that wait for an answer on conn, in the order of their numbers.
func (c *Core) callsOn(conn *Conn) []*Call {
	var on []*Call
	for _, call := range c.calls {
		if call.conn == conn {
			on = append(on, call)
		}
	}
	sortCalls(on)
	return on
}

// expireCalls gives up the calls that are due.
func (c *Core) expireCalls() {
	var due []*Call
	for _, call := range c.calls {
		if call.wait > 0 {
			call.deadline, call.wait = c.now+call.wait, 0
		}
		if call.deadline <= c.now {
			due = append(due, call)
		} else if call.deadline != never {
			c.wake(call.deadline)
		}
	}
	sortCalls(due)
	for _, call := range due {
		switch {
		case !call.live: // the end of another one was its end, too
		case call.doubtful:
			call.cause = nil
			c.settle(call, nil)
			if call.conn.doubt != nil {
				c.convict(call.conn, false)
			}
		case call.Kind == CallDisconnect:
			c.settle(call, nil)
		case call.Kind == CallUnsubscribe && len(call.sub.ends) > 0: // each has a bound of its own
			c.SetDeadline(call, c.now+c.cfg.ReceiptTimeout)
		default:
			call.acquitNobody()
			c.settle(call, call.lateError(ErrReceiptTimeout))
		}
	}
}
