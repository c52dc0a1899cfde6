// Package transport is what a run needs of a connection to a broker, as
// interfaces, and their implementation by the STOMP client. A test puts a layer
// with known faults between the two.
//
// Imports: conn, engine and frame of stompwire, and the workload package.
package transport

import (
	"context"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// Dialer makes sessions. It is safe for concurrent use.
type Dialer interface {
	// Dial connects. onFail is called when the session ends, or the broker sends
	// an ERROR that answers no particular frame, with the cause; it may be called
	// more than once.
	Dial(ctx context.Context, onFail func(error)) (Session, error)
}

// Session is one connection to a broker.
type Session interface {
	Version() frame.Version
	Server() string
	// NewSender returns a sender to one destination. With a window above 0 each
	// send asks for a receipt, and outcome is called once for each: from any
	// goroutine, and it must not block.
	NewSender(destination string, headers []frame.Field, window int, outcome func(conn.Outcome)) (Sender, error)
	// Subscribe returns when the broker has confirmed the subscription. handle is
	// called for one message at a time and must not block.
	Subscribe(ctx context.Context, destination string, ack frame.AckMode, handle Handler) (Subscription, error)
	// Disconnect ends the session in good order, in bounded time.
	Disconnect(ctx context.Context) error
	// Close ends it at once.
	Close() error
}

// Sender sends messages. *conn.Producer is one.
type Sender interface {
	// Send numbers the messages 1, 2, 3, … and returns when body is encoded.
	Send(ctx context.Context, body []byte, h ...frame.Field) (seq uint64, err error)
	// Flush waits until all outcomes are known.
	Flush(ctx context.Context) error
}

// Subscription ends by Unsubscribe.
type Subscription interface {
	Unsubscribe(ctx context.Context) error
}

// Handler handles a message. body is borrowed: valid until the handler returns.
type Handler func(body []byte, m Delivery)

// Delivery is the rest of a message.
type Delivery interface {
	Ack() error
}
