package session

import "slices"

// Disconnect ends the client in good order:
//
//	refuse new calls → let handlers finish → wait for outcomes and answers →
//	DISCONNECT on each connection → wait for its receipt → close
//
// A slot that is reconnecting with messages to send again goes on until the deadline.

// closing is a disconnect under way.
type closing struct {
	deadline Time
	quiet    bool // no handler runs
	goodbyes bool // DISCONNECTs are out
}

// Disconnect begins to end the client. call completes once the client has ended and the last
// outcome was reported, with an *OutcomeError if not all sends since the last flush were
// confirmed. It returns false if that is under way already; call then completes at the same end.
func (c *Core) Disconnect(call *Call, deadline, now Time) bool {
	c.at(now)
	c.register(call)
	call.Kind = CallShutdown
	if c.ended {
		c.complete(call, nil)
		return false
	}
	c.waiters = append(c.waiters, call)
	if c.phase >= phaseClosing {
		return false
	}
	c.closing = &closing{deadline: deadline}
	c.phase = phaseClosing
	c.refuseAll(c.cfg.Disconnecting)
	if deadline != never {
		c.wake(deadline)
	}
	for _, sub := range slices.Clone(c.subs) {
		if sub.first != nil {
			c.abandon(sub, c.cfg.Disconnecting)
		} else {
			c.answerFirst(sub, c.cfg.Disconnecting)
		}
	}
	c.emit(Effect{Kind: EffectQuiesce})
	return true
}

// Disconnecting reports whether Disconnect was called before the end.
func (c *Core) Disconnecting() bool { return c.closing != nil }

func (c *Core) refuseAll(err error) {
	c.refused = err
	c.emit(Effect{Kind: EffectRefuse, Err: err})
}

// Quiet takes note that no handler runs any more, and that what they have acknowledged is on
// its way.
func (c *Core) Quiet(now Time) {
	c.at(now)
	if c.closing != nil {
		c.closing.quiet = true
		c.advanceClosing()
	}
}

// advanceClosing goes on with a disconnect as far as possible.
func (c *Core) advanceClosing() {
	cl := c.closing
	if cl == nil || c.phase != phaseClosing || !cl.quiet || cl.goodbyes || c.busy() {
		return
	}
	cl.goodbyes = true
	for _, s := range slices.Clone(c.slots) {
		if s.closing {
			continue
		}
		if s.conn == nil || s.conn.state == connDialing || s.conn.ending {
			c.closeSlot(s, nil)
			continue
		}
		c.enterState(s, Effect{To: StateClosing})
		if s.conn.state == connOpen {
			c.emit(Effect{Kind: EffectShut, Slot: s, Conn: s.conn, Err: c.cfg.Disconnecting})
		}
		s.conn.state = connGoodbye
		call := new(Call)
		c.expectOn(call, CallDisconnect, nil, s.conn)
		c.emit(Effect{Kind: EffectDisconnect, Conn: s.conn, Receipt: call.ID})
	}
	c.finishIfClosed()
}

// busy reports whether an outcome or an answer is still to come.
func (c *Core) busy() bool {
	if !c.reported() {
		return true
	}
	for _, call := range c.calls {
		switch call.Kind {
		case CallSend, CallTx, CallRequest, CallUnsubscribe:
			return true
		case CallOwed: // RabbitMQ answers these after COMMIT, so nothing comes in a transaction that is open
			if call.tx.done {
				return true
			}
		}
	}
	return false
}

// tickClosing ends what takes too long.
func (c *Core) tickClosing() {
	if c.closing == nil || c.phase != phaseClosing {
		return
	}
	if c.now < c.closing.deadline {
		if c.closing.deadline != never {
			c.wake(c.closing.deadline)
		}
		return
	}
	c.shut(nil, errDrainTimeout)
}

// Close ends the client at once. Sends without an outcome are unknown, or not sent.
func (c *Core) Close(now Time) {
	c.at(now)
	if c.phase < phaseClosed {
		c.shut(nil, errClosed)
	}
}

// fail ends the client because of err.
func (c *Core) fail(err error) {
	if c.phase < phaseClosed {
		c.shut(err, err)
	}
}

// shut closes everything. cause is that of the client's end; give what becomes the cause of
// what has no outcome by then.
func (c *Core) shut(cause, give error) {
	c.phase = phaseClosed
	c.cause, c.give = cause, c.cfg.Closed(give)
	closed := c.cfg.Closed(cause)
	c.refuseAll(closed)
	c.emit(Effect{Kind: EffectQuiesce})
	for _, sub := range slices.Clone(c.subs) {
		c.endSub(sub, closed)
	}
	for _, p := range c.producers {
		p.ended = closed
		if p.conn == nil && p.resending == nil {
			c.giveUp(p, c.give, func(*record) bool { return true })
		}
	}
	for _, s := range slices.Clone(c.slots) {
		c.closeSlot(s, cause)
	}
	c.finishIfClosed()
}

// finishIfClosed gives up what has no outcome, once all connections are gone.
func (c *Core) finishIfClosed() {
	if c.err != nil || c.phase < phaseClosing || c.phase == phaseClosing && (c.closing == nil || !c.closing.goodbyes) {
		return
	}
	for _, s := range c.slots {
		if s.conn != nil {
			return
		}
	}
	if c.phase == phaseClosing { // in good order
		c.phase = phaseClosed
		c.give = c.cfg.Closed(nil)
		c.refuseAll(c.give)
		for _, sub := range slices.Clone(c.subs) {
			c.endSub(sub, c.give)
		}
	}
	c.err = c.refused
	for _, p := range c.producers {
		p.ended = c.err
		c.giveUp(p, c.give, func(*record) bool { return true })
	}
	c.endIfReported()
}

// endIfReported is the end, once the last outcome was reported.
func (c *Core) endIfReported() {
	if c.err == nil || c.ended || !c.reported() {
		return
	}
	c.ended = true
	bad := new(OutcomeError)
	for _, p := range c.producers {
		bad.merge(p.bad)
	}
	var err error
	if bad.any() {
		err = bad
	}
	for _, call := range c.waiters {
		c.complete(call, err)
	}
	c.waiters = nil
	c.emit(Effect{Kind: EffectEnded, Err: c.cause})
}

// reported reports whether all outcomes were reported.
func (c *Core) reported() bool {
	return len(c.leaving) == 0 && !slices.ContainsFunc(c.producers, func(p *Producer) bool { return p.low < p.last })
}
