package session

import (
	"cmp"
	"time"
)

// Conn is one connection of a slot, from the moment its address is dialled.
type Conn struct {
	Slot    *Slot
	Number  uint32 // unique within the client
	Address int    // index of the address
	User    any    // the caller's

	Protocol // set by Connected

	state     connState
	deadline  Time // of the attempt, and then of the restore
	dialledAt Time
	openedAt  Time
	lastError *ServerError // the latest ERROR
	err       error        // why it is gone
	confirmed bool         // the broker has confirmed a send on it
	probing   bool         // messages are sent again one at a time
	waited    bool         // the subscriptions of the consumer were waited for
	plain     bool         // something was sent that has no receipt

	lastErrorAt Time
	blamed      blamed
	doubt       *ServerError // the latest ERROR whose cause is not known
	unnamed     int          // how many such there are
	owed        int          // calls that wait for an answer

	explained bool // what has ended it is no longer on its slot

	ending bool // EffectClose is out
}

// blamed is what the latest ERROR on a connection was the answer to.
type blamed struct {
	known    bool
	sub      *Sub
	producer *Producer
	call     bool // a send or a transaction outside the windows
}

type connState uint8

const (
	connDialing   connState = iota // up to CONNECTED
	connRestoring                  // subscriptions and unconfirmed messages go first
	connOpen
	connGoodbye // DISCONNECT is out
	connGone
)

// gone returns why nothing may be sent on conn any more.
func (conn *Conn) gone(c *Core) error {
	if conn.state == connGoodbye {
		return c.refused
	}
	return conn.err
}

// Owed reports whether the broker still has to answer something on conn: a call, or sends of a
// producer.
func (c *Core) Owed(conn *Conn) bool {
	if conn.owed > 0 {
		return true
	}
	for _, p := range c.producers {
		if p.open > 0 && (p.conn == conn || p.resending == conn) {
			return true
		}
	}
	return false
}

// Alive reports whether Lost was not called yet.
func (conn *Conn) Alive() bool { return conn.state != connGone }

// Connected takes note that conn is a session with protocol p, which Agree has returned. With
// an error the connection is of no use: the caller closes it with that cause.
func (c *Core) Connected(conn *Conn, p Protocol, now Time) error {
	c.at(now)
	if conn.state != connDialing || conn.ending {
		return errConnectTimeout
	}
	conn.Protocol = p
	conn.state = connRestoring
	conn.deadline = c.now + c.cfg.ConnectTimeout
	c.wake(conn.deadline)
	s := conn.Slot
	s.round, s.failed = nil, 0
	s.exclusive = p.Dialect.ClientIDExclusive
	for _, other := range c.slots {
		other.missed, other.awaySince = 0, c.now
	}
	c.connected, c.hurry = true, never
	conn.probing = s.probing
	c.advance(conn)
	return nil
}

// Lost takes note that conn has ended, with err. attempted is the offset up to which bytes
// were handed to the kernel; 0 if it was never connected.
func (c *Core) Lost(conn *Conn, err error, attempted uint64, now Time) {
	c.at(now)
	if conn.state == connGone {
		return
	}
	switch {
	case c.phase == phaseClosed && c.err == nil: // by us, whatever the stream says
		err = c.give
	case err == nil: // by us, in good order
		err = cmp.Or(c.refused, ErrNotConnected)
	}
	was := conn.state
	conn.state, conn.err = connGone, err
	s := conn.Slot
	if s.conn == conn {
		s.conn = nil
	}
	if was == connOpen {
		c.emit(Effect{Kind: EffectShut, Slot: s, Conn: conn, Err: err})
	}
	suspects := c.suspectsOn(conn)
	c.failCalls(conn, attempted, err)
	c.endTxs(conn, err)
	for _, p := range c.producers {
		c.detachProducer(p, conn, attempted, err)
	}
	c.detachSubs(conn)
	if (was == connRestoring || was == connOpen) && !s.closing && c.phase < phaseClosed {
		c.judge(conn, suspects, err)
	}
	c.afterLoss(conn, was, err)
	c.advanceClosing()
}

// afterLoss decides what the slot does next.
func (c *Core) afterLoss(conn *Conn, was connState, err error) {
	s := conn.Slot
	switch {
	case s.closing || c.phase == phaseClosed:
		c.slotClosed(s, nil)
		c.finishIfClosed()
	case was == connGoodbye:
		s.closing = true
		c.slotClosed(s, nil)
		c.finishIfClosed()
	case was == connDialing:
		c.unreached(s, err)
	default:
		c.enterState(s, Effect{To: StateLost, Err: err})
		s.awaySince = c.now
		if c.cfg.NoReconnect {
			c.fail(err)
			return
		}
		// A broker that takes a client and lets it go at once is not to be hammered.
		if conn.explained || was == connOpen && c.now-conn.openedAt > c.cfg.Backoff.Pause(s.pauses, 0) {
			s.pauses = 0
		}
		c.backOff(s, err)
	}
	if s == c.consumer {
		c.advanceAll() // others may have waited for it
	}
}

// closeConn ends a connection with cause. Lost follows.
func (c *Core) closeConn(conn *Conn, cause error) {
	if conn.state != connGone && !conn.ending {
		conn.ending = true
		c.emit(Effect{Kind: EffectClose, Slot: conn.Slot, Conn: conn, Err: cause})
	}
}

func (c *Core) tickConn(conn *Conn) {
	if conn.state != connDialing && conn.state != connRestoring {
		return
	}
	switch {
	case c.now < conn.deadline:
		c.wake(conn.deadline)
	case conn.state == connDialing:
		if !conn.ending {
			c.closeConn(conn, &TimeoutError{What: errConnectTimeout, After: conn.deadline - conn.dialledAt})
		}
	default:
		c.advance(conn) // what takes longer than this is no longer waited for
	}
}

// TimeoutError says what did not happen in time.
type TimeoutError struct {
	What  error
	After time.Duration
}

func (e *TimeoutError) Error() string { return e.What.Error() + ": waited " + e.After.String() }

// Timeout returns true: it is a net.Error.
func (e *TimeoutError) Timeout() bool { return true }

// Temporary returns false.
func (e *TimeoutError) Temporary() bool { return false }
