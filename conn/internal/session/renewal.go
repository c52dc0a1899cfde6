package session

import "errors"

// subscribed takes the answer to SUBSCRIBE.
func (c *Core) subscribed(sub *Sub, conn *Conn, err error) {
	if sub.conn != conn || sub.state != subAsking {
		return
	}
	var refusal *ServerError
	switch {
	case err == nil:
		c.becameLive(sub)
	case errors.Is(err, ErrUnknownOutcome) && sub.renewed:
		c.becameLive(sub) // a confirmation that is late is no refusal: some peers send none
	case errors.As(err, &refusal) && !errors.Is(err, ErrUnknownOutcome):
		conn.blamed.sub = sub
		c.refuse(sub, err)
	default: // the caller is told that it failed, so the broker must not go on
		c.dismiss(sub, err)
	}
	if conn.state != connGone {
		c.advance(conn)
	}
}

// becameLive takes note that the broker has the subscription.
func (c *Core) becameLive(sub *Sub) {
	sub.state, sub.refusals, sub.deaths, sub.refusedAt = subLive, 0, 0, never
	if sub.first == nil && sub.renewed && !sub.unwanted {
		c.emit(Effect{Kind: EffectSubscription, Sub: sub, Conn: sub.conn})
	}
	c.answerFirst(sub, nil)
	sub.renewed = true
	if sub.unwanted {
		c.beginEnd(sub)
	}
}

// answerFirst completes the calls that wait for the subscription.
func (c *Core) answerFirst(sub *Sub, err error) {
	first, also := sub.first, sub.also
	sub.first, sub.also = nil, nil
	if first != nil {
		c.complete(first, err)
	}
	for _, call := range also {
		c.complete(call, err)
	}
}

// cancelled takes an ERROR that names the subscription.
func (c *Core) cancelled(sub *Sub, conn *Conn, e *ServerError) {
	conn.blamed.sub = sub
	switch sub.state {
	case subAsking:
		c.Forget(&sub.ask)
		c.refuse(sub, e)
		c.advance(conn)
	case subLive:
		c.refuse(sub, e)
	case subEnding:
		c.Forget(&sub.ask)
		c.unsubscribed(sub, e)
	}
}

// refuse decides what becomes of a subscription that the broker has refused or cancelled:
// its first caller gets the error; later it is renewed with a growing pause, for a node that
// fails over or an old connection that the broker still holds may be the reason, and given up
// after Config.RenewFor.
func (c *Core) refuse(sub *Sub, err error) {
	sub.conn, sub.state = nil, subWaiting
	if sub.refusedAt == never {
		sub.refusedAt = c.now
	}
	if !sub.renewed && sub.slot.Role == RoleIsolated {
		c.refusedAt = c.now
	}
	sub.refusals++
	switch {
	case sub.first != nil, sub.unwanted:
		c.endSub(sub, err)
		return
	case c.cfg.RenewFor >= 0 && c.now-sub.refusedAt >= c.cfg.RenewFor:
		c.endSub(sub, err)
		return
	}
	c.emit(Effect{Kind: EffectSubscription, Sub: sub, Err: err})
	c.answerFirst(sub, err)
	c.pause(sub)
}

// postpone has a first SUBSCRIBE that seems to end connections wait, because there is no other
// connection for it.
func (c *Core) postpone(sub *Sub) {
	sub.refusals++
	c.pause(sub)
}

// pause sets when a subscription is tried again.
func (c *Core) pause(sub *Sub) {
	sub.until = c.now + c.cfg.Backoff.Pause(sub.refusals, c.rng.Float64())
	if c.cfg.RenewFor >= 0 {
		sub.until = min(sub.until, sub.refusedAt+c.cfg.RenewFor)
	}
	c.wake(sub.until)
}

func (c *Core) tickSub(sub *Sub) {
	if sub.state != subWaiting || sub.until == 0 {
		return
	}
	if c.now < sub.until {
		c.wake(sub.until)
		return
	}
	sub.until = 0
	if sub.slot.conn != nil {
		c.advance(sub.slot.conn)
	}
}
