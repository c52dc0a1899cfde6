package session

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Role is what a slot is for.
type Role uint8

const (
	RoleProduce  Role = iota // sends, and requests
	RoleConsume              // subscriptions
	RoleShared               // both
	RoleIsolated             // subscriptions or producers that ended the connections of others
)

// Slot is a succession of connections that serve one purpose.
type Slot struct {
	Name string // "producer 1", "consumer", "shared", "isolated 1"
	Role Role
	User any // the caller's

	wanted  bool // something needs it
	closing bool
	state   State
	conn    *Conn // the present one, from dialling on; nil while there is none
	last    error // why there is none

	round        []int // addresses still to try in this round
	failed       int   // rounds in a row without a CONNECTED
	pauses       int   // pauses since a connection has outlived its pause
	awaySince    Time  // since when the client has been without a connection
	until        Time  // when the pause ends
	serial       bool  // ask for subscriptions one at a time: one of them ends connections
	probing      bool  // send again one message at a time, likewise
	senderDeaths int   // connections that senders without a window have ended
	shaky        int   // connections in a row that ended with sends in flight, and none confirmed
	missed       int   // rounds in a row without a CONNECTED while no slot was connected
	named        bool  // isolated, and may carry the client-id; set when it is made
	exclusive    bool  // the broker of the latest connection takes one connection for each client-id

	replyQueue string // where replies to requests arrive; "" if none are sent here
	replies    *Sub   // the subscription to it; nil before the first request, and where it needs none
}

// State returns the state of the slot.
func (s *Slot) State() State { return s.state }

// Last returns why there is no connection, nil if there was no attempt.
func (s *Slot) Last() error { return s.last }

// Conn returns the connection that calls may use, nil if there is none.
func (s *Slot) Conn() *Conn {
	if s.conn != nil && s.conn.state == connOpen {
		return s.conn
	}
	return nil
}

// Wanted reports whether the slot was needed so far.
func (s *Slot) Wanted() bool { return s.wanted }

func (c *Core) addSlot(name string, role Role) *Slot {
	s := &Slot{Name: name, Role: role}
	if role == RoleProduce || role == RoleShared {
		s.replyQueue = c.replyQueue + "-" + itoa(len(c.slots)+1)
	}
	c.slots = append(c.slots, s)
	return s
}

// CarriesClientID reports whether the connections of s carry the client-id: ActiveMQ takes one
// connection for each. It never changes.
func (s *Slot) CarriesClientID() bool {
	return s.Role == RoleConsume || s.Role == RoleShared || s.named
}

// Want has a connection made for s, if the client is started.
func (c *Core) Want(s *Slot, now Time) {
	c.at(now)
	c.want(s)
}

func (c *Core) want(s *Slot) {
	if c.phase == phaseNew || c.phase == phaseClosed || s.wanted {
		return
	}
	s.wanted, s.awaySince = true, c.now
	c.dial(s)
}

// needs reports whether a slot has something to carry.
func (c *Core) needs(s *Slot) bool {
	return slices.ContainsFunc(c.subs, func(sub *Sub) bool { return sub.slot == s }) ||
		slices.ContainsFunc(c.producers, func(p *Producer) bool { return p.slot == s })
}

func (c *Core) enterState(s *Slot, e Effect) {
	e.Kind, e.Slot, e.From = EffectState, s, s.state
	s.state = e.To
	if e.Err != nil {
		s.last = e.Err
	}
	c.emit(e)
}

// dial tries the next address of the round, or begins a round.
func (c *Core) dial(s *Slot) {
	if len(s.round) == 0 {
		s.round = c.order()
	}
	if s.state != StateConnecting {
		c.enterState(s, Effect{To: StateConnecting})
	}
	c.lastConn++
	s.conn = &Conn{Slot: s, Number: c.lastConn, Address: s.round[0], dialledAt: c.now}
	left := len(s.round)
	s.round = s.round[1:]
	s.conn.deadline = c.now + c.attemptTime(left)
	c.wake(s.conn.deadline)
	c.emit(Effect{Kind: EffectDial, Slot: s, Conn: s.conn})
}

// minAttempt is the least share of the time that an address gets.
const minAttempt = 2 * time.Second

// attemptTime bounds one attempt, with left addresses to go in the round.
func (c *Core) attemptTime(left int) time.Duration {
	if c.hurry == never || left < 2 {
		return c.cfg.ConnectTimeout
	}
	return min(c.cfg.ConnectTimeout, max((c.hurry-c.now)/time.Duration(left), minAttempt))
}

// order returns the addresses in the order of a round.
func (c *Core) order() []int {
	all := make([]int, c.cfg.Addresses)
	for i := range all {
		all[i] = i
	}
	if c.cfg.Randomize {
		c.rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	}
	if c.cfg.Local != nil {
		slices.SortStableFunc(all, func(a, b int) int { return rank(c.cfg.Local[a]) - rank(c.cfg.Local[b]) })
	}
	return all
}

func rank(local bool) int {
	if local {
		return 0
	}
	return 1
}

// unreached takes note that an address led to no CONNECTED.
func (c *Core) unreached(s *Slot, err error) {
	s.conn, s.last = nil, err
	if len(s.round) > 0 {
		c.dial(s)
		return
	}
	s.failed++
	if s.missed++; c.anyConnected() {
		s.missed, s.awaySince = 0, c.now
	}
	if limit := c.attempts(); limit > 0 && s.missed >= limit || c.tooLong(s) {
		c.fail(fmt.Errorf("stomp: gave up after %d failed attempts: %w", s.missed, err))
		return
	}
	c.backOff(s, err)
}

const firstAttempts = 3

// attempts returns how many rounds in a row may fail, 0 for any number. The limit is for
// the client as a whole: see anyConnected.
func (c *Core) attempts() int {
	limit := c.cfg.Attempts
	if !c.connected {
		limit = cmp.Or(c.cfg.FirstAttempts, c.cfg.Attempts, firstAttempts)
	}
	return max(limit, 0)
}

// tooLong reports whether the client has gone without a connection for Config.GiveUpAfter.
func (c *Core) tooLong(s *Slot) bool {
	return c.cfg.GiveUpAfter > 0 && s.missed > 0 && c.now-s.awaySince >= c.cfg.GiveUpAfter
}

func (c *Core) anyConnected() bool {
	return slices.ContainsFunc(c.slots, func(s *Slot) bool { return s.conn != nil && s.conn.state >= connRestoring })
}

// backOff pauses before the next round.
func (c *Core) backOff(s *Slot, err error) {
	s.round = nil
	s.pauses++
	pause := c.cfg.Backoff.Pause(s.pauses, c.rng.Float64())
	s.until = c.now + pause
	if c.cfg.GiveUpAfter > 0 && s.missed > 0 {
		s.until = min(s.until, s.awaySince+c.cfg.GiveUpAfter)
	}
	c.wake(s.until)
	c.enterState(s, Effect{To: StateBackingOff, Err: err, Attempt: s.failed, Pause: pause})
}

func (c *Core) tickSlot(s *Slot) {
	switch {
	case s.state == StateBackingOff && !s.closing:
		if c.now >= s.until && c.tooLong(s) {
			c.fail(fmt.Errorf("stomp: gave up after %v without a connection: %w", c.cfg.GiveUpAfter, s.last))
		} else if c.now >= s.until {
			c.dial(s)
		} else {
			c.wake(s.until)
		}
	case s.conn != nil:
		c.tickConn(s.conn)
	}
}

// retire closes an isolated slot that has nothing to carry any more.
func (c *Core) retire(s *Slot) {
	if s.Role != RoleIsolated || c.needs(s) || s.closing {
		return
	}
	c.closeSlot(s, nil)
}

// closeSlot ends a slot and its connection.
func (c *Core) closeSlot(s *Slot, cause error) {
	s.closing = true
	if s.state != StateClosing && s.state != StateClosed {
		c.enterState(s, Effect{To: StateClosing})
	}
	if s.conn != nil {
		c.closeConn(s.conn, cause)
		return
	}
	c.slotClosed(s, nil)
}

func (c *Core) slotClosed(s *Slot, err error) {
	if s.state != StateClosed {
		c.enterState(s, Effect{To: StateClosed, Err: err})
	}
	if s.Role == RoleIsolated {
		c.slots = remove(c.slots, s)
	}
}

func itoa(n int) string { return strconv.Itoa(n) }
