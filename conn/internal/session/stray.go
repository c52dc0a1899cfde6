package session

import (
	"bytes"
	"strings"
)

// Some ERRORs of RabbitMQ name neither a receipt nor a subscription, but their text says what they
// are about, and RabbitMQ keeps the connection open:
//
//	No subscription found                   UNSUBSCRIBE
//	Subscription not found: Message with …  ACK or NACK
//	Subscription not found: There is no …   a message that waited to be sent during UNSUBSCRIBE
//	Server cancelled unknown subscription   a cancellation that crossed UNSUBSCRIBE
//
// They answer no other frame, so no call becomes a suspect. They do not explain the end of the
// connection, so nothing is isolated if it ends soon after.

// goesOn takes such an ERROR. ok is false for any other ERROR.
func (c *Core) goesOn(conn *Conn, e *ServerError) (answered, ok bool) {
	switch e.Message {
	case "No subscription found":
		return c.refuseUnsubscribe(conn, e), true
	case "Subscription not found":
		if bytes.HasPrefix(e.Body, []byte("Message with id")) {
			c.refuseTxs(conn, e)
		}
		return false, true
	case "Server cancelled unknown subscription":
		return false, true
	}
	return false, false
}

// refuseUnsubscribe takes an ERROR as the answer to the UNSUBSCRIBE of the subscription that its
// text names, or else to the oldest one. There is none if a cancellation has ended the subscription
// before. A take-over is not answered by it: its RECEIPT is still to come.
func (c *Core) refuseUnsubscribe(conn *Conn, e *ServerError) (answered bool) {
	var oldest *Call
	takenOver := false
	for _, call := range c.callsOn(conn) {
		switch {
		case call.isTakeOver():
			takenOver = true
		case call.Kind != CallUnsubscribe:
		case strings.Contains(string(e.Body), "id='"+call.sub.ID+"'"):
			c.settle(call, e)
			return true
		case oldest == nil:
			oldest = call
		}
	}
	if oldest == nil || takenOver {
		return false
	}
	c.settle(oldest, e)
	return true
}

// isTakeOver reports whether the call waits for the answer to EffectTakeOver. RabbitMQ sends the
// RECEIPT even if it has sent an ERROR before, unless it closes the connection.
func (call *Call) isTakeOver() bool {
	return call.Kind == CallUnsubscribe && (call.sub.state == subLeaving || call.sub.state == subLeft)
}
