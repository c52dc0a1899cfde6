// Package transport is the interface between a run and its connections to brokers, and its
// implementation with the STOMP client. A test can insert a layer with known faults.
//
// Imports: conn, conn/ws, engine and frame of stompwire, and the uri, workload and world packages.
package transport

import (
	"context"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// Dialer makes sessions. It is safe for concurrent use.
type Dialer interface {
	// Dial makes a connection. onFail is called with the cause when the session ends, or when the
	// broker sends an ERROR that answers no particular frame; it may be called more than once.
	Dial(ctx context.Context, c Connection, onFail func(error)) (Session, error)
}

// Connection identifies a connection.
type Connection struct {
	Number int  // among the connections of producers, or of consumers, from 0
	Blocks bool // its handlers may block
}

// Session is one connection to a broker.
type Session interface {
	// Agreed returns what was agreed on when it began.
	Agreed() conn.Session
	// NewSender returns a sender that asks for a receipt for each every-th message only, whose
	// outcomes are numbered without the others. With a transaction, so many messages go into one,
	// and the receipt is that of COMMIT, for which Send waits: OnOutcome is then called for all
	// messages of a transaction, in Send or Flush, unless COMMIT was not sent.
	NewSender(cfg conn.ProducerConfig, every, transaction int) (Sender, error)
	// Subscribe returns when the broker has confirmed the subscription. handle is called for one
	// message at a time. unsubscribe also sends pending acknowledgements.
	Subscribe(ctx context.Context, destination string, o conn.SubscribeOptions, handle Handler) (unsubscribe func(context.Context) error, err error)
	// Disconnect ends the session in an orderly way, in bounded time.
	Disconnect(ctx context.Context) error
	// Close ends it at once.
	Close() error
}

// Sender sends messages. *conn.Producer is one. It is for one goroutine.
type Sender interface {
	// Send numbers the messages 1, 2, 3, … and returns when body is encoded. seq is 0 if nothing was
	// sent; in a transaction it is not if the message was sent and COMMIT failed.
	Send(ctx context.Context, body []byte, h ...frame.Field) (seq uint64, err error)
	// Flush waits until all outcomes are known. It commits an open transaction.
	Flush(ctx context.Context) error
}

// Handler handles a message. Everything of it is borrowed: valid until the handler returns.
type Handler func(body []byte, h frame.Header, m Delivery)

// Delivery is what can be done with a message. *conn.Message is one.
type Delivery interface {
	Ack(h ...frame.Field) error
	Nack(h ...frame.Field) error
	// Redelivered reports whether the broker marked it as delivered before.
	Redelivered() bool
}
