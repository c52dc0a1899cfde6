package session

import "github.com/stompwire/stompwire/pool"

// attach lets p send on conn, once everything that has to be sent again has been.
func (c *Core) attach(p *Producer, conn *Conn) {
	if p.ended != nil || p.conn == conn || p.resending == conn {
		return
	}
	p.cumulative = p.Every(conn) > 1
	if p.hasResends() {
		p.resending = conn
		p.expiry.attach(c.now)
		c.emit(Effect{Kind: EffectResend, Producer: p, Conn: conn, Serial: conn.probing})
		return
	}
	p.conn = conn
	p.expiry.attach(c.now)
}

func (p *Producer) hasResends() bool {
	if p.open == 0 {
		return false
	}
	for seq := p.low + 1; seq <= p.last; seq++ {
		if r := p.find(seq); r != nil && r.conn == 0 {
			return true
		}
	}
	return false
}

// Resend is a message that has to be sent again.
type Resend struct {
	Seq       uint64
	Copied    *pool.Buffer // borrowed until Resent, and only under the caller's lock
	Duplicate bool         // the broker may have it already
}

// NextResend returns the first message after number after that has to be sent again by p
// on conn.
func (c *Core) NextResend(p *Producer, conn *Conn, after uint64) (Resend, bool) {
	if p.resending != conn || conn.state == connGone {
		return Resend{}, false
	}
	for seq := max(after, p.low) + 1; seq <= p.last; seq++ {
		if r := p.find(seq); r != nil && r.conn == 0 {
			return Resend{Seq: seq, Copied: r.copied, Duplicate: r.left}, true
		}
	}
	return Resend{}, false
}

// Resend notes that seq is about to leave again on conn, at offset at. It returns false if
// it has its outcome meanwhile.
func (c *Core) Resend(p *Producer, conn *Conn, seq, at uint64) bool {
	r := p.find(seq)
	if r == nil || p.resending != conn || conn.state == connGone {
		return false
	}
	r.conn, r.at = conn.Number, at
	return true
}

// CannotResend gives up seq, which conn cannot carry: it is too large for this broker, or
// its version cannot write it.
func (c *Core) CannotResend(p *Producer, seq uint64, err error) {
	c.giveUp(p, err, func(r *record) bool { return r.seq == seq })
}

// Resent notes that EffectResend has been carried out.
func (c *Core) Resent(p *Producer, conn *Conn) {
	if p.resending != conn {
		return
	}
	p.resending = nil
	if conn.state == connGone || p.ended != nil {
		return
	}
	p.conn = conn
	c.advance(conn)
}

// detachProducer takes p off conn, which is gone. attempted is the offset up to which bytes
// were handed to the kernel.
func (c *Core) detachProducer(p *Producer, conn *Conn, attempted uint64, cause error) {
	if p.conn != conn && p.resending != conn {
		return
	}
	p.conn, p.resending = nil, nil
	p.expiry.detach(c.now)
	for seq := p.low + 1; seq <= p.last; seq++ {
		if r := p.find(seq); r != nil && r.conn == conn.Number {
			r.left = r.left || r.at < attempted
			r.conn = 0
		}
	}
	if !p.cfg.Redeliver {
		c.giveUp(p, cause, func(r *record) bool { return r.conn == 0 })
	}
}

// Attached reports whether p sends on conn.
func (p *Producer) Attached(conn *Conn) bool { return p.conn == conn }
