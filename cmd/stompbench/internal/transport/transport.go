// Package transport is what a run needs of a connection to a broker, as
// interfaces, and their implementation by the STOMP client. A test puts a layer
// with known faults between the two.
//
// Imports: conn, conn/dialect, conn/ws, engine and frame of stompwire, and the uri and workload packages.
package transport

import (
	"context"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
)

// Dialer makes sessions. It is safe for concurrent use.
type Dialer interface {
	// Dial makes a connection. onFail is called when the session ends, or the
	// broker sends an ERROR that answers no particular frame, with the cause; it
	// may be called more than once.
	Dial(ctx context.Context, c Connection, onFail func(error)) (Session, error)
}

// Connection says which connection is to be made.
type Connection struct {
	Number int  // of those for producers, or of those for consumers, from 0
	Blocks bool // its handlers may take their time
}

// Session is one connection to a broker.
type Session interface {
	Version() frame.Version
	Server() string
	Dialect() dialect.Dialect
	NewSender(o SenderOptions) (Sender, error)
	// Subscribe returns when the broker has confirmed the subscription. handle is
	// called for one message at a time.
	Subscribe(ctx context.Context, o SubscribeOptions, handle Handler) (Subscription, error)
	// Disconnect ends the session in good order, in bounded time.
	Disconnect(ctx context.Context) error
	// Close ends it at once.
	Close() error
}

// SenderOptions say how to send.
type SenderOptions struct {
	Destination string
	Headers     []frame.Field // of every message

	// Window is how far the newest message that asked for a receipt may be from
	// the oldest that has no outcome; 0 asks for none.
	Window int
	// Every says that only each so many messages ask for a receipt; 0 is 1.
	Every int
	// Transaction is how many messages go into one transaction; 0 is none. The
	// receipt is then that of COMMIT, for which Send waits.
	Transaction int

	// Outcome is called once for each message that asked for a receipt: from any
	// goroutine, and it must not block. With Every, Seq counts those messages
	// only. With Transaction it is called for all messages of a transaction, in
	// Send or Flush, and never for those of one that was not committed.
	Outcome func(conn.Outcome)
}

// Sender sends messages. *conn.Producer is one. It is for one goroutine.
type Sender interface {
	// Send numbers the messages 1, 2, 3, … and returns when body is encoded.
	Send(ctx context.Context, body []byte, h ...frame.Field) (seq uint64, err error)
	// Flush waits until all outcomes are known. It commits what is open.
	Flush(ctx context.Context) error
}

// SubscribeOptions say how to subscribe.
type SubscribeOptions struct {
	Destination string
	Ack         frame.AckMode
	AckEvery    int           // messages that one cumulative ACK covers; 0 is 1
	Headers     []frame.Field // of SUBSCRIBE
}

// Subscription ends by Unsubscribe, which acknowledges what was only noted.
type Subscription interface {
	Unsubscribe(ctx context.Context) error
}

// Handler handles a message. body is borrowed: valid until the handler returns.
type Handler func(body []byte, m Delivery)

// Delivery is the rest of a message, borrowed like its body.
type Delivery interface {
	Ack() error
	Nack() error
	// Header returns the value of a header, nil if there is none. It is borrowed.
	Header(name string) []byte
	// Redelivered reports whether the broker marked it as delivered before.
	Redelivered() bool
}
