// Package transport is the interface between a run and its connections to brokers, and its
// implementation with the STOMP client. A test can insert a layer with known faults.
//
// Imports: conn, conn/ws, engine and frame of stompwire, and the uri and workload
// packages.
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
	NewSender(o SenderOptions) (Sender, error)
	// Subscribe returns when the broker has confirmed the subscription. handle is
	// called for one message at a time.
	// unsubscribe also sends pending acknowledgements.
	Subscribe(ctx context.Context, destination string, o conn.SubscribeOptions, handle Handler) (unsubscribe func(context.Context) error, err error)
	// Disconnect ends the session in an orderly way, in bounded time.
	Disconnect(ctx context.Context) error
	// Close ends it at once.
	Close() error
}

// SenderOptions say how to send.
type SenderOptions struct {
	Destination string
	Headers     []frame.Field // of every message

	// Window is the largest distance between the newest message that asked for a receipt and the
	// oldest without an outcome; 0 asks for no receipts.
	Window int
	// Every: only each so many messages ask for a receipt; 0 is 1.
	Every int
	// Transaction is how many messages go into one transaction; 0 is none. The
	// receipt is then that of COMMIT, for which Send waits.
	Transaction int

	// Outcome is called once for each message that asked for a receipt, from any goroutine. It must
	// not block. With Every, Seq counts those messages only. With Transaction it is called for all
	// messages of a transaction, in Send or Flush, and not for those of a transaction that was not
	// committed.
	Outcome func(conn.Outcome)
}

// Sender sends messages. *conn.Producer is one. It is for one goroutine.
type Sender interface {
	// Send numbers the messages 1, 2, 3, … and returns when body is encoded. seq is 0 if nothing was
	// sent; with Transaction it is not if the message was sent and COMMIT failed.
	Send(ctx context.Context, body []byte, h ...frame.Field) (seq uint64, err error)
	// Flush waits until all outcomes are known. It commits an open transaction.
	Flush(ctx context.Context) error
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
