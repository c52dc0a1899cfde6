package session

import (
	"slices"

	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
)

// Unsubscribe ends sub, and completes call when the broker has confirmed that. The caller has
// seen to it that no handler runs any more; in mode auto it goes on handling messages until then,
// and bounds the wait. durable ends a durable subscription for good. All brokers can do that while
// it is alive, and some only then, so it is renewed first if it is not.
func (c *Core) Unsubscribe(sub *Sub, durable bool, call *Call, now Time) {
	c.at(now)
	c.register(call)
	call.Kind, call.sub = CallShutdown, sub
	if sub.state == subEnded {
		c.complete(call, nil)
		return
	}
	sub.ends, sub.unwanted, sub.durable = append(sub.ends, call), true, durable || sub.durable
	switch {
	case sub.state == subWaiting && !sub.durable:
		c.endSub(sub, nil)
		if sub.slot.conn != nil {
			c.advance(sub.slot.conn)
		}
	case sub.state == subLive:
		c.beginEnd(sub)
	}
}

// beginEnd ends a live subscription.
func (c *Core) beginEnd(sub *Sub) {
	switch {
	case !c.takesOver(sub):
		c.sendUnsubscribe(sub, sub.durable && !sub.conn.Dialect.EndDurableSecond)
	case sub.Ack == frame.AckAuto: // there is nothing to give back, so once is enough
		sub.state = subLeft
		c.takeOver(sub)
	default:
		sub.state = subLeaving
		c.takeOver(sub)
	}
}

// takesOver reports whether the end of sub begins with EffectTakeOver. On STOMP 1.0 there is no NACK
// to give anything back with.
func (c *Core) takesOver(sub *Sub) bool {
	conn := sub.conn
	switch {
	case sub.durable || conn.Dialect.UnsubscribeRequeues || conn.Dialect.Nack != dialect.Requeues:
		return false
	case sub.Ack == frame.AckAuto:
		return !c.takeOverRefused
	}
	return conn.Version != frame.Version10
}

func (c *Core) takeOver(sub *Sub) {
	c.expectOn(&sub.ask, CallUnsubscribe, sub, sub.conn)
	c.emit(Effect{Kind: EffectTakeOver, Sub: sub, Conn: sub.conn, Receipt: sub.ask.ID})
}

func (c *Core) sendUnsubscribe(sub *Sub, durable bool) {
	sub.state = subEnding
	c.expectOn(&sub.ask, CallUnsubscribe, sub, sub.conn)
	c.emit(Effect{Kind: EffectUnsubscribe, Sub: sub, Conn: sub.conn, Receipt: sub.ask.ID, Durable: durable})
	sub.forGood = durable
}

// unsubscribed takes the answer to UNSUBSCRIBE, or to the take-over before it. An ERROR says
// that the broker had ended the subscription already, so it is no failure, unless a durable one
// was to end for good.
func (c *Core) unsubscribed(sub *Sub, err error) {
	if sub.state == subEnded {
		return // with the client, whose connection has not ended yet
	}
	if _, refused := err.(*ServerError); refused && !sub.forGood {
		err = nil
	}
	switch {
	case err != nil:
	case sub.state == subLeaving:
		// What RabbitMQ had delivered by then may wait behind that answer to be sent, but not
		// behind the answer to a frame that was sent afterwards. So it is taken over twice.
		sub.state = subLeft
		c.takeOver(sub)
		return
	case sub.state == subLeft:
		c.sendUnsubscribe(sub, false)
		return
	case sub.durable && !sub.forGood: // ActiveMQ wants a second one, once the subscription is idle
		c.sendUnsubscribe(sub, true)
		return
	}
	for _, call := range sub.ends {
		c.complete(call, err)
	}
	sub.ends = nil
	c.endSub(sub, nil)
}

// UnsubscribeFailed takes note that EffectUnsubscribe could not be carried out: the frame
// cannot be made.
func (c *Core) UnsubscribeFailed(sub *Sub, err error, now Time) {
	c.at(now)
	if sub.state == subEnding {
		c.drop(&sub.ask)
		c.unsubscribed(sub, err)
	}
}

// detachSubs takes subscriptions off a connection that is gone.
func (c *Core) detachSubs(conn *Conn) {
	for _, sub := range slices.Clone(c.subs) {
		if sub.conn != conn {
			continue
		}
		sub.conn = nil
		if sub.unwanted && !sub.durable {
			c.endSub(sub, nil) // it has ended with its connection
		} else {
			sub.state = subWaiting
		}
	}
}
