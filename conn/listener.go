package conn

import (
	"context"

	"github.com/stompwire/stompwire/frame"
)

// A listener is any value with one or more of the methods of [Listener]; see
// [Listeners]. They are interfaces of their own so that nothing is prepared for
// whom does not listen.
//
// In each the connection comes first: a client has several, one after the other.
type (
	// ConnectingListener is told that an address has been reached, and CONNECT
	// comes next.
	ConnectingListener interface{ OnConnecting(c *Conn, addr string) }

	// SendListener is told of each frame that is about to be sent, CONNECT with
	// its passcode included, on the goroutine of the sender; of a producer's, and
	// of ACK and NACK, as soon as it is on its way. Heart-beats are not frames; Conn.Stats counts
	// them. f is borrowed, and a copy: changing it changes nothing.
	SendListener interface {
		OnSend(c *Conn, f *frame.Frame)
	}

	// ConnectedListener is told of CONNECTED, before Dial returns. f is borrowed.
	ConnectedListener interface {
		OnConnected(c *Conn, f *frame.Frame)
	}

	// BeforeMessageListener gets each message before any OnMessage, and may
	// change its Header and Body for all who come after. m is borrowed.
	BeforeMessageListener interface {
		OnBeforeMessage(ctx context.Context, m *Message)
	}

	// MessageListener gets each message, of whichever subscription, before the
	// handler of that. m is borrowed, and what holds for a [MessageHandler]
	// holds here.
	MessageListener interface {
		OnMessage(ctx context.Context, m *Message)
	}

	// ReceiptListener is told of each RECEIPT, before whoever waits for it. f is
	// borrowed.
	ReceiptListener interface {
		OnReceipt(c *Conn, f *frame.Frame)
	}

	// ErrorListener is told of each ERROR frame, whatever it is about.
	ErrorListener interface {
		OnError(c *Conn, err *ServerError)
	}

	// HeartBeatListener is told of lone EOLs from the broker, once for all that
	// came together.
	HeartBeatListener interface{ OnHeartBeat(c *Conn) }

	// HeartBeatTimeoutListener is told that the broker was silent for too long,
	// which ends the connection.
	HeartBeatTimeoutListener interface{ OnHeartBeatTimeout(c *Conn) }

	// DisconnectingListener is told that Disconnect was called.
	DisconnectingListener interface{ OnDisconnecting(c *Conn) }

	// ReceiverLoopCompletedListener is told that nothing will be read any more.
	ReceiverLoopCompletedListener interface{ OnReceiverLoopCompleted(c *Conn) }

	// DisconnectedListener is told, once and last, that a connection that had
	// been there has ended, and why.
	DisconnectedListener interface{ OnDisconnected(c *Conn, err error) }
)

// Listener has all the methods.
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

// ListenerBase is a Listener that does nothing, to embed in one's own that wants
// to be told of everything there will be.
type ListenerBase struct{}

var _ Listener = ListenerBase{}

// OnConnecting does nothing.
func (ListenerBase) OnConnecting(*Conn, string) {}

// OnSend does nothing.
func (ListenerBase) OnSend(*Conn, *frame.Frame) {}

// OnConnected does nothing.
func (ListenerBase) OnConnected(*Conn, *frame.Frame) {}

// OnBeforeMessage does nothing.
func (ListenerBase) OnBeforeMessage(context.Context, *Message) {}

// OnMessage does nothing.
func (ListenerBase) OnMessage(context.Context, *Message) {}

// OnReceipt does nothing.
func (ListenerBase) OnReceipt(*Conn, *frame.Frame) {}

// OnError does nothing.
func (ListenerBase) OnError(*Conn, *ServerError) {}

// OnHeartBeat does nothing.
func (ListenerBase) OnHeartBeat(*Conn) {}

// OnHeartBeatTimeout does nothing.
func (ListenerBase) OnHeartBeatTimeout(*Conn) {}

// OnDisconnecting does nothing.
func (ListenerBase) OnDisconnecting(*Conn) {}

// OnReceiverLoopCompleted does nothing.
func (ListenerBase) OnReceiverLoopCompleted(*Conn) {}

// OnDisconnected does nothing.
func (ListenerBase) OnDisconnected(*Conn, error) {}
