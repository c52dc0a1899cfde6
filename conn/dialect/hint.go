package dialect

import (
	"fmt"
	"time"
)

// Hint asks for something that each broker writes with headers of its own, or cannot
// do. [Dialect.SendFields] and [Dialect.SubscribeFields] turn hints into headers.
type Hint func(*request)

// request is what several hints ask for together.
type request struct {
	messages, octets *int
	durable          *string
	persistent       bool
	expires          *time.Time
	priority         *int
	routing          string
}

func collect(hints []Hint) (r request) {
	for _, hint := range hints {
		hint(&r)
	}
	return r
}

// Prefetch, on SUBSCRIBE, bounds the messages that are delivered and not acknowledged
// yet to n. It works in the ack modes client and client-individual. Artemis counts
// bytes instead and gets an error without [PrefetchBytes]: with both, each broker gets
// the one that it counts. On RabbitMQ it also holds for later subscriptions of the
// connection that have none.
func Prefetch(n int) Hint { return func(r *request) { r.messages = &n } }

// PrefetchBytes, on SUBSCRIBE, is [Prefetch] for a broker that counts bytes. It
// delivers one message even if that is larger.
func PrefetchBytes(n int) Hint { return func(r *request) { r.octets = &n } }

// Persistent, on SEND, makes the message survive a restart of the broker, provided
// that its queue does.
func Persistent() Hint { return func(r *request) { r.persistent = true } }

// Durable, on SUBSCRIBE to a topic, makes the broker keep messages under name while
// the subscriber is away. On ActiveMQ and Artemis the subscription also belongs to the
// client-id of the connection.
func Durable(name string) Hint { return func(r *request) { r.durable = &name } }

// Expires, on SEND, makes the broker drop the message if it is not consumed by t.
// RabbitMQ is sent the time that is left, so its headers have to be made again for
// each message.
func Expires(t time.Time) Hint { return func(r *request) { r.expires = &t } }

// Priority, on SEND, is from 0 to 9, and 4 by default. RabbitMQ applies it in queues
// that were declared with x-max-priority.
func Priority(n int) Hint { return func(r *request) { r.priority = &n } }

// Anycast, on SEND and SUBSCRIBE, makes the destination a queue on Artemis, whose
// default is a topic. On other brokers the destination alone decides.
func Anycast() Hint { return func(r *request) { r.routing = "ANYCAST" } }

// Multicast, on SEND and SUBSCRIBE, makes the destination a topic on Artemis.
func Multicast() Hint { return func(r *request) { r.routing = "MULTICAST" } }

// HintError says that a broker, or a frame, has no header for a hint.
type HintError struct {
	Broker Broker
	Hint   string // the name of the function, such as "Prefetch"
	Reason string
}

func (e *HintError) Error() string {
	return fmt.Sprintf("stomp: %v: hint %s: %s", e.Broker, e.Hint, e.Reason)
}

func (d *Dialect) refuse(hint, reason string) error {
	return &HintError{Broker: d.Broker, Hint: hint, Reason: reason}
}
