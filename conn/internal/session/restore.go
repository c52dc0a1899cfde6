package session

import "slices"

// A new connection is restored before calls may use it: subscriptions first, so that no
// answer to what is published next is missed; a connection to send on then waits, for a
// while, for the one to consume from; then comes what has to be sent again, so that nothing
// new overtakes it. Usually all subscriptions are asked for at once. After a connection that
// ended while several were asked for, they are asked for one at a time, so that the next end
// names the culprit; see suspect.go.

// advance does on conn what can be done now.
func (c *Core) advance(conn *Conn) {
	if conn.state != connRestoring && conn.state != connOpen || c.phase == phaseClosed {
		return
	}
	late := c.now >= conn.deadline
	asked := c.askAll(conn)
	if conn.state == connRestoring && !late && (!asked || c.waitsForConsumer(conn)) {
		return
	}
	if c.attachAll(conn) && conn.state == connRestoring {
		c.open(conn)
	}
	if asked && conn.state == connOpen {
		conn.Slot.serial = false
	}
}

func (c *Core) advanceAll() {
	for _, s := range slices.Clone(c.slots) {
		if s.conn != nil {
			c.advance(s.conn)
		}
	}
}

// askAll asks for the subscriptions that are due, and reports whether none is being asked for.
func (c *Core) askAll(conn *Conn) bool {
	asking := 0
	for _, sub := range slices.Clone(c.subs) {
		if sub.slot == conn.Slot && sub.state == subAsking {
			asking++
		}
	}
	for _, sub := range slices.Clone(c.subs) {
		if sub.slot != conn.Slot || sub.state != subWaiting || sub.until > c.now {
			continue
		}
		if conn.Slot.serial && asking > 0 {
			return false
		}
		if c.phase >= phaseClosing {
			continue
		}
		sub.until = 0
		c.askFor(sub, conn)
		if sub.state == subAsking {
			asking++
		}
	}
	return asking == 0
}

// waitsForConsumer reports whether the connection to consume from is about to come back, so
// that answers to what is sent here would be missed.
func (c *Core) waitsForConsumer(conn *Conn) bool {
	if conn.Slot.Role != RoleProduce || conn.waited {
		return false
	}
	s := c.consumer
	away := s.wanted && !s.closing && s.state != StateConnected && s.state < StateClosing && c.needs(s) && s.last != nil
	conn.waited = !away
	return away
}

// attachAll attaches the producers of the slot, one at a time if messages are sent again one
// at a time, and reports whether all of them are.
func (c *Core) attachAll(conn *Conn) bool {
	for _, p := range c.producers {
		if p.slot != conn.Slot || p.conn == conn {
			continue
		}
		c.attach(p, conn)
		if p.conn != conn && conn.probing {
			return false
		}
	}
	return !slices.ContainsFunc(c.producers, func(p *Producer) bool { return p.slot == conn.Slot && p.conn != conn })
}

func (c *Core) open(conn *Conn) {
	s := conn.Slot
	conn.state, conn.openedAt, conn.deadline = connOpen, c.now, never
	if conn.probing {
		conn.probing, s.probing = false, false
	}
	c.enterState(s, Effect{To: StateConnected, Conn: conn})
	c.emit(Effect{Kind: EffectOpen, Slot: s, Conn: conn})
	if s == c.consumer {
		c.advanceAll()
	}
	c.advanceClosing()
}
