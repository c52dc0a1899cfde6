package session

import (
	"slices"
	"time"
)

// A SUBSCRIBE that a broker such as RabbitMQ refuses ends the connection, and with it the service of all
// subscriptions there. An application that subscribes to a missing queue in a loop would starve them.
// So once a first SUBSCRIBE has done that, and until none was refused for trialFor:
//
//   - Each first SUBSCRIBE is tried on an isolated connection. If several waited for their answer when an
//     ERROR without a name ended the connection, they share one, and are asked for one at a time.
//   - One that is refused ends, and its connection with it.
//   - One that is confirmed stays, because it cannot move without a gap. When that connection ends, and
//     not because of it, it goes to the consumer connection. So each good subscription is cut once.
//
// It does not apply with OneConnection, nor where no other connection may carry the client-id: on
// ActiveMQ, which mostly stays open. Rejected: remembering which destinations were refused. Applications
// may subscribe to what their users name, and so to another missing queue each time.

const trialFor = time.Minute

// place chooses the slot of a new subscription.
func (c *Core) place(sub *Sub) {
	sub.slot = c.consumer
	if c.refusedAt == never || c.now-c.refusedAt >= trialFor || !c.canTry(sub) {
		return
	}
	sub.slot, sub.trial = c.isolated(c.consumer), true
	// A caller that tries again at once is not to hammer the broker with connections.
	sub.until = c.refusedAt + c.cfg.Backoff.Pause(1, c.rng.Float64())
	c.wake(sub.until)
}

// canTry reports whether a subscription of the consumer connection may be tried on another one. ActiveMQ
// takes the client-id only there, and what is durable would be something else without.
func (c *Core) canTry(sub *Sub) bool {
	return !c.cfg.OneConnection && !sub.Reply && (!c.consumer.exclusive || c.cfg.ClientID == "")
}

// endedOthers takes note that the refusal of sub has ended conn.
func (c *Core) endedOthers(sub *Sub, conn *Conn) {
	if sub.state == subEnded && !sub.renewed && c.serves(conn.Slot) {
		c.refusedAt = c.now
	}
}

// serves reports whether s has a producer, or a subscription that was alive once.
func (c *Core) serves(s *Slot) bool {
	return slices.ContainsFunc(c.subs, func(sub *Sub) bool { return sub.slot == s && sub.renewed }) ||
		slices.ContainsFunc(c.producers, func(p *Producer) bool { return p.slot == s })
}

// moveFirsts is for a connection that ended with an ERROR that names nothing. It moves the first
// SUBSCRIBEs among the suspects away from the others, if there are any.
func (c *Core) moveFirsts(conn *Conn, s suspects) bool {
	from := conn.Slot
	if from != c.consumer || c.phase != phaseOpen || !c.serves(from) {
		return false
	}
	var to *Slot
	rest := s.unasked
	for _, sub := range s.asking {
		if sub.renewed || sub.state == subEnded || !c.canTry(sub) {
			rest = true
			continue
		}
		if to == nil {
			to = c.isolated(from)
		}
		sub.slot, sub.trial = to, true
	}
	if to == nil {
		return false
	}
	conn.explained, to.serial = true, true
	from.serial = from.serial || rest
	c.want(to)
	if to.conn != nil {
		c.advance(to.conn)
	}
	return true
}

// bringBack is for an isolated connection that has ended. Subscriptions that had been tried there, and have
// not ended it, go to the consumer connection.
func (c *Core) bringBack(conn *Conn, s suspects) {
	from, n := conn.Slot, 0
	if from.Role != RoleIsolated || c.phase != phaseOpen {
		return
	}
	for _, sub := range c.subs {
		if sub.slot == from && sub.trial && sub.renewed && sub.refusals == 0 && sub != conn.blamed.sub && !slices.Contains(s.asking, sub) {
			sub.slot, sub.trial = c.consumer, false
			n++
		}
	}
	if n == 0 {
		return
	}
	c.want(c.consumer)
	if c.consumer.conn != nil {
		c.advance(c.consumer.conn)
	}
	c.retire(from)
}
