package session

import "time"

// Time is a moment, counted from when the core was made. It never goes back.
type Time = time.Duration

// Never is later than every deadline.
const Never = Time(1<<63 - 1)

const never = Never

// EffectKind says what the caller has to do.
type EffectKind uint8

const (
	// EffectDial: connect to address Conn.Address, send the frame of ConnectFrame, and
	// report Connected, Error or Lost. It may take until the core says EffectClose.
	EffectDial EffectKind = iota + 1
	// EffectClose: end Conn at once, with cause Err. Lost is to follow.
	EffectClose
	// EffectSubscribe: send SUBSCRIBE for Sub on Conn, with receipt Receipt unless it is 0.
	EffectSubscribe
	// EffectUnsubscribe: send UNSUBSCRIBE for Sub on Conn, with receipt Receipt unless it is 0,
	// and with what ends a durable subscription for good if Durable is set.
	EffectUnsubscribe
	// EffectTakeOver: have another subscription take over the id of Sub, on RabbitMQ, in one write:
	// UNSUBSCRIBE, SUBSCRIBE with the same id to an unused topic, with receipt Receipt, and a NACK
	// for each message that Sub was delivered and has not acknowledged. What comes from then on is
	// to be answered with NACK at once. It comes twice, then EffectUnsubscribe. In mode auto it
	// comes once, the SUBSCRIBE is in mode auto, too, and what comes is still for Sub.
	EffectTakeOver
	// EffectResend: send everything that NextResend returns for Producer on Conn, then
	// report Resent.
	EffectResend
	// EffectMove: Producer sends on Slot from now on.
	EffectMove
	// EffectOpen: calls may use Conn, the new connection of Slot.
	EffectOpen
	// EffectShut: calls may no longer use Conn. Err says why.
	EffectShut
	// EffectRefuse: calls fail with Err from now on, except ACK and NACK.
	EffectRefuse
	// EffectComplete: Call is done, its Err is the result. It is to be carried out first.
	EffectComplete
	// EffectReport: TakeReports has outcomes of Producer.
	EffectReport
	// EffectQuiesce: start no more handlers, and report Quiet when those that run have returned.
	EffectQuiesce
	// EffectDisconnect: send DISCONNECT on Conn, with receipt Receipt.
	EffectDisconnect
	// EffectGoodbye: the broker has answered DISCONNECT on Conn: close in good order.
	EffectGoodbye
	// EffectSubscription: Sub is alive again (Err is nil), or was refused or cancelled with Err
	// and is going to be renewed.
	EffectSubscription
	// EffectSubscriptionEnded: Sub has ended for good; Err is nil if that was asked for.
	EffectSubscriptionEnded
	// EffectState: Slot has changed its state.
	EffectState
	// EffectEnded: the client has ended, with cause Err, nil if that was asked for.
	EffectEnded
)

// Effect is one thing that the caller has to do. Only the fields that its kind names are
// set.
type Effect struct {
	Kind     EffectKind
	Slot     *Slot
	Conn     *Conn
	Sub      *Sub
	Producer *Producer
	Call     *Call
	Receipt  uint64
	Durable  bool
	Serial   bool // of EffectResend: wait for each outcome before the next send
	Err      error
	From, To State         // of EffectState
	Attempt  int           // of EffectState to StateBackingOff: rounds in a row that have failed
	Pause    time.Duration // of EffectState to StateBackingOff
}

func (c *Core) emit(e Effect) { c.effects = append(c.effects, e) }

// Take appends to dst the effects since the last call, in the order in which they are to
// be carried out, and forgets them.
func (c *Core) Take(dst []Effect) []Effect {
	dst = append(dst, c.effects...)
	clear(c.effects)
	c.effects = c.effects[:0]
	return dst
}

// TakeCompleted appends to dst the calls of the EffectComplete among the effects, and forgets
// these. It is for a caller that wakes these calls before it does anything else.
func (c *Core) TakeCompleted(dst []*Call) []*Call {
	kept := c.effects[:0]
	for _, e := range c.effects {
		if e.Kind == EffectComplete {
			dst = append(dst, e.Call)
		} else {
			kept = append(kept, e)
		}
	}
	clear(c.effects[len(kept):])
	c.effects = kept
	return dst
}

// Pending reports whether Take has something to return.
func (c *Core) Pending() bool { return len(c.effects) > 0 }
