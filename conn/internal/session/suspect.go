package session

// One bad subscription, message or producer must not stop the others. Some brokers answer a
// frame that they refuse by closing the connection, RabbitMQ after an ERROR that names
// nothing. What ended the connection is found out as follows, and then kept away from the
// rest:
//
//   - If only one frame waited for an answer, the ERROR was its answer.
//   - If several SUBSCRIBEs did, they are asked for one at a time on the next connection.
//   - If several messages of a redelivering producer did, they are sent again one at a time.
//   - A subscription that ended a connection gets a connection of its own, and is tried again
//     there; so does a producer that has done so twice without a confirmation in between.
//
// A connection that ends without an ERROR speaks against what was in flight only if that
// happens repeatedly: brokers also crash.

// maxSilentEnds is how many connections in a row may end without an ERROR while a single
// frame is in flight before that frame is given up.
const maxSilentEnds = 3

// maxIsolated bounds the connections of their own; beyond it the culprits share the last.
const maxIsolated = 8

// suspects is what waited for an answer when a connection ended.
type suspects struct {
	asking []*Sub
	sends  []*Producer
	open   int // sends without an outcome
}

func (c *Core) suspectsOn(conn *Conn) (s suspects) {
	for _, sub := range c.subs {
		if sub.conn == conn && sub.state == subAsking {
			s.asking = append(s.asking, sub)
		}
	}
	for _, p := range c.producers {
		if n, _ := p.openOn(conn); n > 0 {
			s.sends = append(s.sends, p)
			s.open += n
		}
	}
	return s
}

// judge draws the conclusions from the end of a connection that had reached CONNECTED.
func (c *Core) judge(conn *Conn, was connState, s suspects, err error) {
	said := conn.said(c.now) != nil
	if sub := conn.blamedSub; said && sub != nil {
		c.isolateSub(sub, err)
		return
	}
	c.judgeSubs(conn, s, said, err)
	c.judgeProducers(conn, s, said, err)
}

func (c *Core) judgeSubs(conn *Conn, s suspects, said bool, err error) {
	slot := conn.Slot
	switch len(s.asking) {
	case 0:
	case 1:
		sub := s.asking[0]
		sub.deaths++
		if said || sub.deaths >= maxSilentEnds {
			sub.deaths = 0
			c.refuse(sub, err)
			c.isolateSub(sub, err)
		}
	default:
		slot.serial = true
	}
}

// isolateSub gives a subscription that ended a connection one of its own.
func (c *Core) isolateSub(sub *Sub, err error) {
	if sub.state == subEnded || sub.slot.Role == RoleIsolated {
		return
	}
	if c.cfg.OneConnection {
		c.endSub(sub, err) // there is no other place for it
		return
	}
	sub.slot = c.isolated()
	c.want(sub.slot)
}

func (c *Core) judgeProducers(conn *Conn, s suspects, said bool, err error) {
	slot := conn.Slot
	if p := conn.blamedProducer; said && p != nil {
		c.blame(p, slot)
		return
	}
	if said {
		for _, p := range s.sends {
			c.blame(p, slot)
		}
		if len(s.sends) == 0 && conn.plain {
			c.blamePlain(slot)
		}
		slot.probing = slot.probing || s.open > 1
		return
	}
	if conn.proven || s.open == 0 {
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
	for p.find(seq) == nil {
		seq++
	}
	if p.stuck != seq {
		p.stuck, p.stuckTimes = seq, 0
	}
	if p.stuckTimes++; p.stuckTimes >= maxSilentEnds {
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

// blamePlain moves the producers of a slot away from senders who ask for no receipt and have
// ended two of its connections.
func (c *Core) blamePlain(slot *Slot) {
	if slot.plainDeaths++; slot.plainDeaths < 2 || c.cfg.OneConnection || slot.Role == RoleIsolated {
		return
	}
	slot.plainDeaths = 0
	for _, p := range c.producers {
		if p.slot == slot {
			c.move(p)
		}
	}
}

func (c *Core) move(p *Producer) {
	p.deaths = 0
	p.slot = c.isolated()
	c.emit(Effect{Kind: EffectMove, Producer: p, Slot: p.slot})
	c.want(p.slot)
	if p.slot.conn != nil {
		c.advance(p.slot.conn)
	}
}

// isolated returns a slot for a culprit.
func (c *Core) isolated() *Slot {
	var last *Slot
	n := 0
	for _, s := range c.slots {
		if s.Role == RoleIsolated && !s.closing {
			last = s
			n++
		}
	}
	if n >= maxIsolated {
		return last
	}
	c.lastIsolated++
	return c.addSlot("isolated "+itoa(c.lastIsolated), RoleIsolated)
}

// SentPlain notes that something without a receipt was sent on conn.
func (c *Core) SentPlain(conn *Conn) { conn.plain = true }
