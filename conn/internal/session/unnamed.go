package session

import "time"

// RabbitMQ names no frame in its ERRORs, and Artemis not in all of them. An ERROR without a
// name belongs to the only frame that waits for an answer on the connection. If several wait,
// all of them are suspects. The ERROR is the cause of each that ends without an answer, and
// once no more suspects than ERRORs are left, these are the refused ones.
//
// RabbitMQ answers a refused SUBSCRIBE with ERROR and RECEIPT, and then closes the connection. It
// answers a good SUBSCRIBE behind a refused SEND in the same way. So the RECEIPT of a suspected
// SUBSCRIBE counts only if the connection survives it for doubtFor; if it does not, the
// SUBSCRIBEs are repeated one at a time. The RECEIPT of a take-over, which has a SUBSCRIBE, clears
// nothing at all.

const doubtFor = time.Second

// suspect takes an ERROR that names nothing, and reports whether it is known what it answers.
func (c *Core) suspect(conn *Conn, e *ServerError) (answered bool) {
	conn.doubt = e
	conn.unnamed++
	for _, call := range c.callsOn(conn) {
		if call.Kind != CallDisconnect {
			call.cause = e
		}
	}
	for _, p := range c.producers {
		if p.conn == conn || p.resending == conn {
			p.suspectTo = p.last
		}
	}
	if c.convict(conn, true); conn.doubt == nil {
		return conn.blamed.known
	}
	for _, p := range c.producers {
		if p.cumulative && p.openOn(conn) > 0 { // the next receipt would confirm the refused one, too
			c.giveUp(p, e, func(r *record) bool { return r.conn == conn.Number })
		}
	}
	return false
}

// convict refuses the suspects on conn if there are as many ERRORs, and forgets the ERRORs if
// no suspect is left. Something without a receipt may be what an ERROR is about, too, unless
// it has just come and a single frame waits.
func (c *Core) convict(conn *Conn, just bool) {
	e, suspects := conn.doubt, 0
	for _, p := range c.producers {
		if suspects += p.suspectsOn(conn, conn.unnamed-suspects); suspects > conn.unnamed {
			return
		}
	}
	var calls []*Call
	for _, call := range c.callsOn(conn) {
		if call.cause != nil {
			calls = append(calls, call)
		}
	}
	suspects += len(calls)
	if suspects > conn.unnamed || suspects > 0 && conn.plain && !(just && suspects == 1) {
		return
	}
	conn.doubt, conn.unnamed = nil, 0
	conn.blamed.known = suspects > 0
	for _, p := range c.producers {
		if p.suspectsOn(conn, 0) == 0 {
			continue
		}
		for seq := p.low + 1; seq <= p.suspectTo; seq++ {
			if r := p.find(seq); r != nil && r.conn == conn.Number {
				c.settleSend(conn, p, seq, Rejected, e)
			}
		}
		c.emit(Effect{Kind: EffectReport, Producer: p})
	}
	for _, call := range calls {
		switch {
		case call.isTakeOver(): // it goes on, or ends with the connection
			call.cause = nil
			c.takeOverRefused = c.takeOverRefused || e.Message == "access_refused"
		case call.live:
			c.settle(call, e)
		}
	}
}

// acquitNobody takes note that a suspect has gone without an answer. That only few are left
// proves nothing then.
func (conn *Conn) acquitNobody() { conn.doubt, conn.unnamed = nil, 0 }

// suspectsOn returns how many sends on conn are suspects. It may stop to count beyond enough.
func (p *Producer) suspectsOn(conn *Conn, enough int) (n int) {
	if p.open == 0 || p.suspectTo <= p.low || p.conn != conn && p.resending != conn {
		return 0
	}
	if p.conn == conn { // all open sends are on it, and these have come since
		if n = p.open - int(p.last-p.suspectTo); n > enough {
			return n
		}
	}
	n = 0
	for seq := p.low + 1; seq <= p.suspectTo && n <= enough; seq++ {
		if r := p.find(seq); r != nil && r.conn == conn.Number {
			n++
		}
	}
	return n
}

// openOn returns how many sends on conn have no outcome.
func (p *Producer) openOn(conn *Conn) (n int) {
	switch {
	case p.open == 0 || p.conn != conn && p.resending != conn:
		return 0
	case p.conn == conn:
		return p.open
	}
	for seq := p.low + 1; seq <= p.last; seq++ {
		if r := p.find(seq); r != nil && r.conn == conn.Number {
			n++
		}
	}
	return n
}
