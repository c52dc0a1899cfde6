package session

import (
	"slices"
	"time"
)

// One bad subscription, message or producer must not stop the others. Some brokers answer a
// frame that they refuse by closing the connection, RabbitMQ after an ERROR that names
// nothing. What ended the connection is found out as follows, and then kept away from the
// rest:
//
//   - If only one frame waited for an answer, the ERROR was its answer.
//   - If several SUBSCRIBEs did, they are asked for one at a time on the next connection.
//   - If several messages of a redelivering producer did, they are sent again one at a time.
//   - A subscription that ended a connection gets a connection of its own, and is tried again
//     there; so does a producer that has done so twice without a confirmation in between. A durable
//     one stays if no other connection may carry its client-id, for it would be another one there.
//   - Once a first SUBSCRIBE has ended a connection, the next ones are tried on another one: see trial.go.
//
// A connection that ends without an ERROR speaks against what was in flight only if that
// happens repeatedly: brokers also crash.

// maxSilentEnds is how many connections in a row may end without an ERROR while a single
// frame is in flight before that frame is taken for the reason.
const maxSilentEnds = 3

// silentFor is how long that has to go on before a message is given up: a broker that is starting
// may accept and drop connections for a while.
const silentFor = 30 * time.Second

// maxIsolated bounds the connections of their own; beyond it the culprits share the last.
const maxIsolated = 8

// suspects is what waited for an answer when a connection ended.
type suspects struct {
	asking  []*Sub
	sends   []*Producer
	open    int  // sends without an outcome
	unasked bool // subscriptions without a receipt have just been asked for
	calls   bool // sends and transactions that are not in a window
}

func (c *Core) suspectsOn(conn *Conn) (s suspects) {
	for _, sub := range c.subs {
		switch {
		case sub.conn != conn:
		case sub.state == subAsking:
			s.asking = append(s.asking, sub)
		case sub.NoReceipt && c.now-sub.askedAt <= errorGrace:
			s.unasked = true
		}
	}
	for _, p := range c.producers {
		if n := p.openOn(conn); n > 0 {
			s.sends = append(s.sends, p)
			s.open += n
		}
	}
	s.calls = slices.ContainsFunc(c.callsOn(conn), (*Call).isSend)
	return s
}

// judge draws the conclusions from the end of a connection that had reached CONNECTED.
func (c *Core) judge(conn *Conn, s suspects, err error) {
	c.bringBack(conn, s)
	switch blamed := &conn.blamed; {
	case conn.said(c.now) == nil:
		c.judgeSubs(conn, s, err)
		c.judgeSilently(conn, s, err)
	case !blamed.known:
		if !c.moveFirsts(conn, s) {
			c.judgeSubs(conn, s, err)
		}
		c.judgeSends(conn, s)
	case blamed.sub != nil && blamed.sub.Reply: // the next request asks for it again
		c.isolateSub(blamed.sub, conn, err)
		c.blameSenders(conn.Slot)
	case blamed.sub != nil:
		c.endedOthers(blamed.sub, conn)
		c.isolateSub(blamed.sub, conn, err)
		conn.explained = !c.cfg.OneConnection && (blamed.sub.state == subEnded || blamed.sub.slot != conn.Slot)
	case blamed.producer != nil:
		c.blame(blamed.producer, conn.Slot)
	case blamed.call:
		c.blameSenders(conn.Slot)
	}
}

// judgeSubs has the subscriptions asked for one at a time on the next connection, so that an
// ERROR there is known to be the answer to one of them, and isolates one that was alone several
// times.
func (c *Core) judgeSubs(conn *Conn, s suspects, err error) {
	if len(s.asking) > 0 || s.unasked {
		conn.Slot.serial = true
	}
	if len(s.asking) != 1 {
		return
	}
	sub := s.asking[0]
	if sub.deaths++; sub.deaths < maxSilentEnds {
		return
	}
	sub.deaths = 0
	if sub.refusedAt == never {
		sub.refusedAt = c.now
	}
	switch {
	case sub.first == nil || c.cfg.RenewFor >= 0 && c.now-sub.refusedAt >= c.cfg.RenewFor:
		c.refuse(sub, err)
	case c.cfg.OneConnection || sub.bound:
		c.postpone(sub)
	}
	if !c.cfg.OneConnection {
		c.isolateSub(sub, conn, err)
	}
}

// isolateSub gives a subscription that ended conn one of its own.
func (c *Core) isolateSub(sub *Sub, conn *Conn, err error) {
	sub.trial = false
	switch {
	case sub.state == subEnded || sub.slot.Role == RoleIsolated || c.phase != phaseOpen:
	case c.cfg.OneConnection || sub.Reply: // there is no other place for it
		c.endSub(sub, err)
	case sub.bound: // it is tried again where it is
	default:
		sub.slot = c.isolated(conn.Slot)
		c.want(sub.slot)
		if sub.slot.conn != nil {
			c.advance(sub.slot.conn)
		}
	}
}

// judgeSends is for a connection that ended with an ERROR that names nothing.
func (c *Core) judgeSends(conn *Conn, s suspects) {
	slot := conn.Slot
	for _, p := range s.sends {
		c.blame(p, slot)
	}
	if len(s.sends) == 0 && len(s.asking) == 0 && (conn.plain || s.calls) {
		c.blameSenders(slot)
	}
	slot.probing = slot.probing || s.open > 0
}

// judgeSilently is for a connection that ended without a word.
func (c *Core) judgeSilently(conn *Conn, s suspects, err error) {
	slot := conn.Slot
	if conn.confirmed || s.open == 0 {
		slot.shaky = 0
		return
	}
	slot.shaky++
	slot.probing = slot.probing || slot.shaky > 1
	if len(s.sends) == 1 && s.open == 1 {
		c.blameSilently(s.sends[0], err)
	}
}

// blameSilently gives up the only message in flight if it was so when several connections
// ended without a word, as RabbitMQ ends one that brings a frame above its limit.
func (c *Core) blameSilently(p *Producer, err error) {
	seq := p.low + 1
	for seq <= p.last && p.find(seq) == nil {
		seq++
	}
	r := p.find(seq)
	if r == nil || !r.left {
		return
	}
	if p.stuck != seq {
		p.stuck, p.stuckTimes, p.stuckSince = seq, 0, c.now
	}
	if p.stuckTimes++; p.stuckTimes >= maxSilentEnds && c.now-p.stuckSince >= silentFor {
		p.stuckTimes = 0
		c.giveUp(p, err, func(r *record) bool { return r.seq == seq })
	}
}

// blame isolates a producer whose sends have ended two connections.
func (c *Core) blame(p *Producer, slot *Slot) {
	p.deaths++
	if p.deaths < 2 || p.ended != nil || c.cfg.OneConnection || slot.Role == RoleIsolated || p.slot != slot {
		return
	}
	c.move(p)
}

// blameSenders moves the producers of a slot away from senders without a window that have ended
// two of its connections.
func (c *Core) blameSenders(slot *Slot) {
	if slot.senderDeaths++; slot.senderDeaths < 2 || c.cfg.OneConnection || slot.Role == RoleIsolated {
		return
	}
	slot.senderDeaths = 0
	for _, p := range c.producers {
		if p.slot == slot {
			c.move(p)
		}
	}
}

func (c *Core) move(p *Producer) {
	p.deaths = 0
	p.slot = c.isolated(p.slot)
	p.slot.probing = true
	c.emit(Effect{Kind: EffectMove, Producer: p, Slot: p.slot})
	c.want(p.slot)
	if p.slot.conn != nil {
		c.advance(p.slot.conn)
	}
}

// isolated returns a slot for a culprit. It may carry the client-id unless that is taken by the
// connections of from.
func (c *Core) isolated(from *Slot) *Slot {
	if c.countIsolated() >= maxIsolated {
		return c.sharedIsolated()
	}
	c.lastIsolated++
	s := c.addSlot("isolated "+itoa(c.lastIsolated), RoleIsolated)
	s.named = !from.exclusive
	return s
}

func (c *Core) countIsolated() (n int) {
	for _, s := range c.slots {
		if s.isIsolated() {
			n++
		}
	}
	return n
}

// sharedIsolated returns an isolated slot that serves nothing good, or else the last one.
func (c *Core) sharedIsolated() (shared *Slot) {
	for _, s := range c.slots {
		if s.isIsolated() && (shared == nil || c.serves(shared)) {
			shared = s
		}
	}
	shared.serial = true
	return shared
}

func (s *Slot) isIsolated() bool { return s.Role == RoleIsolated && !s.closing }

// SentPlain notes that something without a receipt was sent on conn.
func (c *Core) SentPlain(conn *Conn) { conn.plain = true }
