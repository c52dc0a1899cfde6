package session

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
)

// ErrIDInUse: another subscription, or transaction, of the client has that id.
var ErrIDInUse = errors.New("is in use")

// SubConfig says what is subscribed to.
type SubConfig struct {
	ID          string // "" for a number
	Destination string
	Ack         frame.AckMode
	NoReceipt   bool // alive as soon as SUBSCRIBE is sent
	Reply       bool // the temporary queue for replies
}

// Sub is one subscription, renewed on every connection of its slot:
//
//	waiting → asking → live → leaving → ending → ended
//	   ↑_________|_______|
//
// waiting: there is no connection, or it was refused and is tried again at until.
// asking: SUBSCRIBE is out. leaving: on RabbitMQ, another one takes over its id.
// ending: UNSUBSCRIBE is out.
type Sub struct {
	SubConfig
	User any // the caller's

	slot      *Slot
	conn      *Conn // since asking
	state     subState
	ask       Call    // its SUBSCRIBE, and then its UNSUBSCRIBE
	first     *Call   // of the Subscribe that made it; nil after
	also      []*Call // further calls that wait until it is alive
	ends      []*Call // of Unsubscribe
	unwanted  bool    // it is to end, whether or not a call waits for that
	durable   bool    // end a durable subscription for good
	forGood   bool    // the UNSUBSCRIBE that does so is out
	err       error   // why it has ended
	renewed   bool    // it was alive once
	trial     bool    // on an isolated connection only because first SUBSCRIBEs are tried there
	bound     bool    // to the slot whose connection has its client-id: durable, on ActiveMQ
	until     Time    // when to ask again
	askedAt   Time
	refusedAt Time // the first refusal in a row; never if there is none
	refusals  int  // in a row
	deaths    int  // connections in a row that ended while only this one was asked for
}

type subState uint8

const (
	subWaiting subState = iota
	subAsking
	subLive
	subLeaving // taken over, and will be once more
	subLeft    // taken over for the last time
	subEnding
	subEnded
)

// Conn returns the connection that the subscription is alive on, nil if it is not.
func (sub *Sub) Conn() *Conn {
	if sub.state == subLive || sub.state == subLeaving || sub.state == subLeft {
		return sub.conn
	}
	return nil
}

// Ended reports whether the subscription has ended, and why: nil if that was asked for.
func (sub *Sub) Ended() (bool, error) { return sub.state == subEnded, sub.err }

// Subscribe adds a subscription. first completes when the broker has confirmed it for the
// first time, or refused it, or the client has ended.
func (c *Core) Subscribe(cfg SubConfig, first *Call, user any, now Time) (*Sub, error) {
	return c.subscribe(c.consumer, cfg, first, user, now)
}

// subscribe is Subscribe on the connections of s.
func (c *Core) subscribe(s *Slot, cfg SubConfig, first *Call, user any, now Time) (*Sub, error) {
	c.at(now)
	if c.refused != nil {
		return nil, c.refused
	}
	sub := &Sub{SubConfig: cfg, User: user, slot: s, first: first, refusedAt: never}
	if err := c.identify(sub); err != nil {
		return nil, err
	}
	if !sub.Reply {
		c.place(sub)
	}
	c.register(first)
	first.Kind, first.sub = CallShutdown, sub
	c.subs = append(c.subs, sub)
	c.want(sub.slot)
	if conn := sub.slot.conn; conn != nil {
		c.advance(conn)
	}
	return sub, nil
}

// identify gives the subscription an id that no other one has.
func (c *Core) identify(sub *Sub) error {
	if sub.ID != "" {
		if c.subNamed(sub.ID) != nil {
			return fmt.Errorf("stomp: subscription id %.64q %w", sub.ID, ErrIDInUse)
		}
		return nil
	}
	for c.lastSub++; c.subNamed(strconv.Itoa(c.lastSub)) != nil; c.lastSub++ {
		// a user has taken that number
	}
	sub.ID = strconv.Itoa(c.lastSub)
	return nil
}

func (c *Core) subNamed(id string) *Sub {
	for _, sub := range c.subs {
		if sub.ID == id {
			return sub
		}
	}
	return nil
}

func (c *Core) subOn(conn *Conn, id string) *Sub {
	if sub := c.subNamed(id); sub != nil && sub.conn == conn {
		return sub
	}
	return nil
}

// askFor sends SUBSCRIBE on conn.
func (c *Core) askFor(sub *Sub, conn *Conn) {
	sub.conn, sub.state, sub.askedAt = conn, subAsking, c.now
	if sub.Reply && conn.Dialect.Replies == dialect.RepliesUnsubscribed {
		c.becameLive(sub) // RabbitMQ would refuse it, and sends the replies without
		return
	}
	if sub.NoReceipt && !conn.Slot.serial {
		c.emit(Effect{Kind: EffectSubscribe, Sub: sub, Conn: conn})
		c.becameLive(sub)
		return
	}
	c.expectOn(&sub.ask, CallSubscribe, sub, conn)
	c.emit(Effect{Kind: EffectSubscribe, Sub: sub, Conn: conn, Receipt: sub.ask.ID})
}

// expectOn registers a call of the core's own, whose frame an effect is about to send. Not
// everything that leads here brings the time, so the next tick sets the deadline.
func (c *Core) expectOn(call *Call, kind CallKind, sub *Sub, conn *Conn) {
	c.register(call)
	call.Kind, call.sub, call.conn = kind, sub, conn
	call.wait = c.cfg.ReceiptTimeout
	c.enter(call)
	c.wake(0)
}

// Asking takes note that SUBSCRIBE is about to leave for sub on conn, and whether that makes a durable
// subscription. ActiveMQ knows one by its name and the client-id, which only one connection may carry.
func (c *Core) Asking(sub *Sub, conn *Conn, durable bool) {
	sub.bound = durable && conn.Dialect.ClientIDExclusive
}

// SubscribeFailed takes note that EffectSubscribe could not be carried out: the frame cannot
// be made for this broker or version. It is final.
func (c *Core) SubscribeFailed(sub *Sub, conn *Conn, err error, now Time) {
	c.at(now)
	if sub.conn != conn || sub.state == subEnded {
		return
	}
	c.Forget(&sub.ask)
	c.endSub(sub, err)
	c.advance(conn)
}

// endSub ends a subscription that the broker does not have.
func (c *Core) endSub(sub *Sub, err error) {
	if sub.state == subEnded {
		return
	}
	if sub.unwanted && len(sub.ends) == 0 && sub.first == nil {
		err = nil // whatever the broker says: it was to end
	}
	sub.state, sub.err, sub.conn = subEnded, err, nil
	c.subs = remove(c.subs, sub)
	if sub == sub.slot.replies {
		sub.slot.replies = nil
	}
	if sub.first == nil {
		c.emit(Effect{Kind: EffectSubscriptionEnded, Sub: sub, Err: err})
	}
	c.answerFirst(sub, err)
	for _, call := range sub.ends {
		if sub.durable {
			c.complete(call, err)
		} else {
			c.complete(call, nil)
		}
	}
	sub.ends = nil
	c.retire(sub.slot)
	c.advanceClosing()
}

// dismiss ends a subscription whose first caller gets err in place of the answer. Where UNSUBSCRIBE does
// not requeue what was delivered meanwhile, it goes on as after Unsubscribe, until that is given back.
func (c *Core) dismiss(sub *Sub, err error) {
	conn := sub.conn
	if conn == nil || conn.state == connGone || sub.Ack == frame.AckAuto || !c.takesOver(sub) || c.phase != phaseOpen {
		c.abandon(sub, err)
		return
	}
	sub.unwanted = true
	c.answerFirst(sub, err)
	if !sub.ask.live { // else its answer comes first
		c.beginEnd(sub)
	}
}

// abandon ends an unwanted subscription that the broker may have.
func (c *Core) abandon(sub *Sub, err error) {
	conn := sub.conn
	c.Forget(&sub.ask)
	if conn != nil && conn.state != connGone && sub.state != subEnding {
		c.emit(Effect{Kind: EffectUnsubscribe, Sub: sub, Conn: conn})
	}
	c.endSub(sub, err)
}

// forget removes a caller that waits no longer.
func (sub *Sub) forget(call *Call) {
	if sub.first == call {
		sub.first = nil
	}
	sub.also = remove(sub.also, call)
	sub.ends = remove(sub.ends, call)
}

// Withdraw ends a subscription whose first caller waits no longer, because of err. Unless it has ended
// then, EffectSubscriptionEnded is to come.
func (c *Core) Withdraw(sub *Sub, err error, now Time) {
	c.at(now)
	if first := sub.first; first != nil {
		c.Forget(first)
		sub.first = first // it is done: with one, no one else is told that the subscription ends
	}
	c.dismiss(sub, err)
	if sub.slot.conn != nil {
		c.advance(sub.slot.conn)
	}
}

// Asked reports whether SUBSCRIBE is out, or about to be.
func (sub *Sub) Asked() bool { return sub.conn != nil }

// Slot returns the succession of connections that the subscription belongs to.
func (sub *Sub) Slot() *Slot { return sub.slot }

// Leaving returns the subscription with this id if it is about to end.
func (c *Core) Leaving(id string) *Sub {
	if sub := c.subNamed(id); sub != nil && sub.unwanted {
		return sub
	}
	return nil
}
