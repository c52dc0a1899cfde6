package session

// Unsubscribe ends sub, and completes call when the broker has confirmed that. The caller has
// seen to it that no handler runs any more. giveBack says that messages of sub were delivered
// and not acknowledged, which matters where UNSUBSCRIBE alone does not requeue them. durable
// ends a durable subscription for good; it has to be alive.
func (c *Core) Unsubscribe(sub *Sub, giveBack, durable bool, call *Call, now Time) {
	c.at(now)
	c.register(call)
	call.Kind = CallShutdown
	if sub.state == subEnded {
		c.complete(call, nil)
		return
	}
	if sub.end != nil { // somebody else is at it; the latest caller gets the answer, too
		c.complete(sub.end, nil)
	}
	sub.end, sub.giveBack, sub.durable = call, giveBack, durable
	switch sub.state {
	case subWaiting:
		c.endSub(sub, nil)
	case subLive:
		c.beginEnd(sub)
	}
}

// beginEnd ends a live subscription. RabbitMQ does not requeue on UNSUBSCRIBE what it had
// delivered; see EffectTakeOver.
func (c *Core) beginEnd(sub *Sub) {
	if sub.giveBack && !sub.conn.Dialect.UnsubscribeRequeues && !sub.durable {
		sub.state = subLeaving
		c.expectOn(&sub.ask, CallUnsubscribe, sub, sub.conn)
		c.emit(Effect{Kind: EffectTakeOver, Sub: sub, Conn: sub.conn, Receipt: sub.ask.ID})
		return
	}
	c.sendUnsubscribe(sub, sub.durable && !sub.conn.Dialect.EndDurableSecond)
}

func (c *Core) sendUnsubscribe(sub *Sub, durable bool) {
	sub.state = subEnding
	c.expectOn(&sub.ask, CallUnsubscribe, sub, sub.conn)
	c.emit(Effect{Kind: EffectUnsubscribe, Sub: sub, Conn: sub.conn, Receipt: sub.ask.ID, Durable: durable})
	if durable {
		sub.durable = false
	}
}

// unsubscribed takes the answer to UNSUBSCRIBE, or to the take-over before it. An ERROR says
// that the broker had ended the subscription already, so it is no failure.
func (c *Core) unsubscribed(sub *Sub, err error) {
	if sub.conn != nil && sub.conn.state != connGone && err == nil {
		switch {
		case sub.state == subLeaving:
			c.sendUnsubscribe(sub, false)
			return
		case sub.durable: // ActiveMQ wants a second one, once the subscription is idle
			c.sendUnsubscribe(sub, true)
			return
		}
	}
	if end := sub.end; end != nil && err != nil {
		sub.end = nil
		c.complete(end, err)
	}
	c.endSub(sub, nil)
}

// detachSubs takes subscriptions off a connection that is gone.
func (c *Core) detachSubs(conn *Conn) {
	for _, sub := range append([]*Sub(nil), c.subs...) {
		if sub.conn != conn {
			continue
		}
		sub.conn = nil
		switch {
		case sub.state == subLeaving || sub.state == subEnding || sub.end != nil:
			c.endSub(sub, nil) // it has ended with its connection
		case sub.state != subEnded:
			sub.state = subWaiting
		}
	}
}
