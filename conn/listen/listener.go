package listen

import (
	"context"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// Connection says which connection of the client an event belongs to.
type Connection struct {
	Name string // "producer 1", "consumer", "shared", or "isolated 1"
	Addr string // of the broker, as in the URI, without secrets
}

type (
	// ConnectingListener is told that an address was reached. CONNECT comes next.
	ConnectingListener interface{ OnConnecting(c Connection) }

	// SendListener is told of each frame that is sent, CONNECT with its passcode included. Of SEND, ACK,
	// NACK and the frames of transactions it may be told after the frame has left, and after its answer.
	// Heart-beats are not frames; conn.Client.Stats counts them. f is a borrowed copy: changing it
	// changes nothing.
	SendListener interface {
		OnSend(c Connection, f *frame.Frame)
	}

	// ConnectedListener is told of CONNECTED, before calls may use the connection. f is borrowed.
	ConnectedListener interface {
		OnConnected(c Connection, f *frame.Frame)
	}

	// BeforeMessageListener gets each message before any OnMessage. It may change Header and Body for
	// all listeners after it and for the handler. m is borrowed.
	BeforeMessageListener interface {
		OnBeforeMessage(ctx context.Context, c Connection, m *conn.Message)
	}

	// MessageListener gets each message of all subscriptions, before the handler of its subscription.
	// It is called like a conn.MessageHandler: ctx is the handler's, and m is borrowed.
	MessageListener interface {
		OnMessage(ctx context.Context, c Connection, m *conn.Message)
	}

	// ReceiptListener is told of each RECEIPT, before the call that waits for it returns. f is borrowed.
	ReceiptListener interface {
		OnReceipt(c Connection, f *frame.Frame)
	}

	// ErrorListener is told of each ERROR frame.
	ErrorListener interface {
		OnError(c Connection, err *conn.ServerError)
	}

	// HeartBeatListener receives the heart-beats of the broker, once for all that came together.
	HeartBeatListener interface{ OnHeartBeat(c Connection) }

	// HeartBeatTimeoutListener is told that the broker was silent for too long, which has ended the
	// connection.
	HeartBeatTimeoutListener interface{ OnHeartBeatTimeout(c Connection) }

	// DisconnectingListener is told that Disconnect was called, before DISCONNECT is sent.
	DisconnectingListener interface{ OnDisconnecting(c Connection) }

	// ReceiverLoopCompletedListener is told that nothing more will be read from the connection.
	ReceiverLoopCompletedListener interface{ OnReceiverLoopCompleted(c Connection) }

	// DisconnectedListener is told last that a connection has ended, and why. A connection that has
	// failed before CONNECTED is not among them.
	DisconnectedListener interface{ OnDisconnected(c Connection, err error) }

	// EventListener receives every event before the other methods do. It is the only way to
	// receive events that stomp.py has no name for: retries, refused subscriptions, skipped
	// messages and panics. e is borrowed.
	EventListener interface {
		OnEvent(ctx context.Context, e *conn.Event)
	}
)

// Listener has the methods of stomp.py's ConnectionListener.
type Listener interface {
	ConnectingListener
	SendListener
	ConnectedListener
	BeforeMessageListener
	MessageListener
	ReceiptListener
	ErrorListener
	HeartBeatListener
	HeartBeatTimeoutListener
	DisconnectingListener
	ReceiverLoopCompletedListener
	DisconnectedListener
}

// Base is a Listener that does nothing. Embed it in a listener that has to satisfy [Listener].
type Base struct{}

var _ Listener = Base{}

// OnConnecting does nothing.
func (Base) OnConnecting(Connection) {}

// OnSend does nothing.
func (Base) OnSend(Connection, *frame.Frame) {}

// OnConnected does nothing.
func (Base) OnConnected(Connection, *frame.Frame) {}

// OnBeforeMessage does nothing.
func (Base) OnBeforeMessage(context.Context, Connection, *conn.Message) {}

// OnMessage does nothing.
func (Base) OnMessage(context.Context, Connection, *conn.Message) {}

// OnReceipt does nothing.
func (Base) OnReceipt(Connection, *frame.Frame) {}

// OnError does nothing.
func (Base) OnError(Connection, *conn.ServerError) {}

// OnHeartBeat does nothing.
func (Base) OnHeartBeat(Connection) {}

// OnHeartBeatTimeout does nothing.
func (Base) OnHeartBeatTimeout(Connection) {}

// OnDisconnecting does nothing.
func (Base) OnDisconnecting(Connection) {}

// OnReceiverLoopCompleted does nothing.
func (Base) OnReceiverLoopCompleted(Connection) {}

// OnDisconnected does nothing.
func (Base) OnDisconnected(Connection, error) {}
