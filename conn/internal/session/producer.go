package session

import (
	"time"

	"github.com/stompwire/stompwire/pool"
)

// ProducerConfig says what a producer promises.
type ProducerConfig struct {
	Window    int           // sends without an outcome at a time
	Timeout   time.Duration // after which the outcome is Unknown; 0 for never
	Redeliver bool          // send again on the next connection what has no outcome
	MaxBytes  int           // of the copies that Redeliver needs
	InOrder   bool          // report outcomes in the order of the sends, one at a time
	Silent    bool          // there are no reports

	// ReceiptEvery says that only every so many sends ask for a receipt, where one holds for all
	// before it. See Producer.Every.
	ReceiptEvery int
}

// Producer is the window of one producer, and where it sends.
type Producer struct {
	ID   uint64 // in receipt ids
	User any    // the caller's

	cfg ProducerConfig
	window
	expiry
	slot       *Slot
	conn       *Conn // attached to; nil while there is none, or something has to be sent again first
	resending  *Conn // where that is under way
	cumulative bool  // a receipt on conn holds for all sends before it, too
	closing    bool
	ended      error
	flushes    []*Call
	suspectTo  uint64 // sends on conn up to here may be what an ERROR without a name is about
	deaths     int    // connections that the broker ended with an ERROR while sends were open, none confirmed
	stuck      uint64 // the number that was alone in flight when connections ended
	stuckTimes int    // how many of them
	stuckSince Time   // when the first of them did
}

// NewProducer adds a producer on slot.
func (c *Core) NewProducer(slot *Slot, cfg ProducerConfig, user any) (*Producer, error) {
	if c.refused != nil {
		return nil, c.refused
	}
	c.lastProducer++
	p := &Producer{ID: c.lastProducer, User: user, cfg: cfg, slot: slot}
	p.window.init(cfg.Window)
	p.expiry.init(cfg.Timeout)
	c.producers = append(c.producers, p)
	c.byID[p.ID] = p
	if conn := slot.conn; conn != nil && conn.state == connOpen {
		c.attach(p, conn)
	}
	return p, nil
}

// Slot returns where the producer sends.
func (p *Producer) Slot() *Slot { return p.slot }

// Every returns n if each n-th send on conn has to ask for a receipt: 1 where a receipt does
// not hold for the sends before it. It needs no lock: conn is connected, and stays what it is.
func (p *Producer) Every(conn *Conn) int {
	if p.cfg.ReceiptEvery > 1 && conn.Dialect.ReceiptsCumulative {
		return p.cfg.ReceiptEvery
	}
	return 1
}

// Last returns the highest number that was opened.
func (p *Producer) Last() uint64 { return p.last }

// Free returns how many more sends the window has room for.
func (p *Producer) Free() int { return int(p.size - (p.last - p.low)) }

// Tally returns the counts of outcomes, and Unsettled how many sends have none.
func (p *Producer) Tally() Tally { return p.tally }

// Unsettled returns how many sends have no outcome.
func (p *Producer) Unsettled() int { return p.open }

// Verdict is the answer of Open.
type Verdict uint8

const (
	Opened   Verdict = iota // the frame may leave
	Full                    // wait for room
	Detached                // the producer is not attached to that connection, or seq is taken
	Ended                   // the producer has ended: see Core.EndOf
)

// Open notes that frame seq, which has to be the next number, is about to leave on conn at
// offset at. copied is what to send again, nil without redelivery; the window owns it once
// the verdict is Opened. It does not allocate once the window has reached its size.
func (c *Core) Open(p *Producer, conn *Conn, seq, at uint64, copied *pool.Buffer) Verdict {
	size := 0
	if copied != nil {
		size = len(copied.B)
	}
	switch {
	case p.ended != nil || p.closing:
		return Ended
	case p.conn != conn || seq != p.last+1:
		return Detached
	case !p.hasRoom(size, p.cfg.MaxBytes):
		return Full
	}
	p.add(conn.Number, at, copied)
	if p.timeout > 0 && !p.ticking {
		p.ticking = true
		c.wake(0) // the tick that follows reads the clock
	}
	return Opened
}

// HasRoom reports whether a message with a copy of so many bytes may be opened.
func (p *Producer) HasRoom(copyBytes int) bool { return p.hasRoom(copyBytes, p.cfg.MaxBytes) }

// EndOf returns why the producer takes nothing new; nil if it does.
func (c *Core) EndOf(p *Producer) error {
	if p.ended != nil {
		return p.ended
	}
	if p.closing {
		return c.cfg.ProducerClosed
	}
	return nil
}

// settleSend takes the answer to the send seq. It reports whether there was such a send.
func (c *Core) settleSend(conn *Conn, p *Producer, seq uint64, status OutcomeStatus, err error) bool {
	r := p.find(seq)
	if r == nil {
		return false
	}
	if status == Confirmed {
		p.deaths, conn.confirmed = 0, true
		if p.cumulative {
			c.settleBefore(conn, p, seq)
		}
	} else {
		conn.blamed.producer = p
	}
	p.settle(r, status, err, p.cfg.Silent)
	c.progressed(p)
	if conn.doubt != nil {
		c.convict(conn, false)
	}
	return true
}

// settleBefore confirms what was sent before seq on conn.
func (c *Core) settleBefore(conn *Conn, p *Producer, seq uint64) {
	for n := p.low + 1; n < seq; n++ {
		if r := p.find(n); r != nil && r.conn == conn.Number {
			p.settle(r, Confirmed, nil, p.cfg.Silent)
		}
	}
}

// giveUp settles what fits as Unknown, or NotSent if it has never left.
func (c *Core) giveUp(p *Producer, err error, fits func(*record) bool) {
	for seq := p.low + 1; seq <= p.last; seq++ {
		r := p.find(seq)
		if r == nil || !fits(r) {
			continue
		}
		if p.conn != nil {
			p.conn.acquitNobody()
		}
		if r.conn == 0 && !r.left {
			p.settle(r, NotSent, notSent(err), p.cfg.Silent)
		} else {
			p.settle(r, Unknown, unknown(err), p.cfg.Silent)
		}
	}
	c.progressed(p)
	if p.ready.count > 0 || p.cfg.Silent {
		c.emit(Effect{Kind: EffectReport, Producer: p})
	}
}

// expire gives up what is as old as the timeout and notes when to look again.
func (c *Core) expire(p *Producer) {
	if !p.ticking {
		return
	}
	if p.open == 0 {
		p.stop()
		return
	}
	if p.next == 0 || c.now >= p.next {
		upTo := p.due(c.now, p.last)
		if upTo > p.low {
			c.giveUp(p, ErrReceiptTimeout, func(r *record) bool { return r.seq <= upTo })
		}
		p.next = c.now + p.tick
	}
	c.wake(p.next)
}
