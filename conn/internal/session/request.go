package session

import (
	"strconv"
	"strings"

	"github.com/stompwire/stompwire/conn/dialect"
)

// A request is a SEND that names where the answer goes, and by what to know it. The answer
// comes to the connection that the request was sent on. RabbitMQ makes a reply queue of the
// reply-to header alone; on other brokers we subscribe to a temporary queue first, once for a
// connection.
//
// Requests go out on the connections to send on, for two reasons. No handler and no full queue
// stops the reading of these, so only the broker can hold a reply back. And ActiveMQ gives the
// connection that has made a temporary queue another name for it than all others: if that were the
// connection to consume from, a handler of the same client would send its reply, on a connection to
// send on, to a queue that does not exist.

// newReplyQueue returns how the names of the temporary queues for replies begin. On Artemis they
// are ordinary addresses, so no other client, and no other slot, may have the same.
func (c *Core) newReplyQueue() string {
	return "/temp-queue/stompwire-" + strconv.FormatUint(c.rng.Uint64(), 36)
}

// ReplyTo returns the reply-to header of requests on conn. ready is false while the queue is
// not subscribed to; Replies does that.
func (c *Core) ReplyTo(conn *Conn) (destination string, ready bool) {
	s := conn.Slot
	return s.replyQueue, conn.Dialect.Replies == dialect.RepliesUnsubscribed || s.replies != nil && s.replies.Conn() == conn
}

// Replies subscribes to the queue for replies on s, unless that has been done. first completes
// when it is alive for the first time. user is as for Subscribe.
func (c *Core) Replies(s *Slot, first *Call, user any, now Time) (*Sub, error) {
	if sub := s.replies; sub != nil {
		c.at(now)
		c.register(first)
		first.Kind, first.sub = CallShutdown, sub
		if sub.state == subLive {
			c.complete(first, nil)
		} else {
			sub.also = append(sub.also, first)
		}
		return sub, nil
	}
	sub, err := c.subscribe(s, SubConfig{Destination: s.replyQueue, Reply: true}, first, user, now)
	if err == nil {
		s.replies = sub
	}
	return sub, err
}

// correlationPrefix begins the correlation ids of requests.
const correlationPrefix = "stompwire-"

// AppendCorrelationID appends the correlation id of a request.
func AppendCorrelationID(dst []byte, call *Call) []byte {
	return strconv.AppendUint(append(dst, correlationPrefix...), call.ID, 10)
}

// Reply returns the request that correlationID answers, and ends it; nil if it is not waited
// for any more. It completes without an effect.
func (c *Core) Reply(conn *Conn, correlationID string) *Call {
	number, ok := strings.CutPrefix(correlationID, correlationPrefix)
	if !ok {
		return nil
	}
	n, ok := parseNumber([]byte(number))
	call := c.calls[n]
	if !ok || call == nil || call.Kind != CallRequest || call.conn != conn {
		return nil
	}
	c.drop(call)
	c.advanceClosing()
	return call
}

// IsReplyTo reports whether a MESSAGE with this subscription header is a reply of RabbitMQ,
// which names its temporary queue there.
func (conn *Conn) IsReplyTo(subscription []byte) bool {
	return len(subscription) > 0 && string(subscription) == conn.Slot.replyQueue
}
