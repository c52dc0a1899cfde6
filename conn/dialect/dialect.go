package dialect

import (
	"time"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
)

// Dialect describes one broker: what it does where STOMP leaves a choice, and where
// it deviates from STOMP. Copies share their Fields: do not change those.
type Dialect struct {
	Broker Broker
	Name   string

	// ServerPrefix starts the server header of its CONNECTED. Artemis sends no such
	// header on STOMP 1.0; there the user has to name the broker.
	ServerPrefix string

	// Host is the host header of CONNECT if the user names no virtual host.
	Host string

	// Tolerate lists the deviations from the frame syntax that it is known to send.
	Tolerate parser.Tolerance

	// PrefetchHeader of SUBSCRIBE bounds what is delivered and not acknowledged yet,
	// counted in PrefetchUnit.
	PrefetchHeader string
	PrefetchUnit   PrefetchUnit
	// PrefetchNeedsAck: with ack mode auto, the broker stops for good once the bound
	// is used up, because nothing is acknowledged. See [Dialect.CheckPrefetch].
	PrefetchNeedsAck bool
	// TopicsDrop: messages of a topic that wait at the broker for a slow subscriber may
	// be dropped.
	TopicsDrop bool

	// PersistentHeader of SEND, with the value "true", makes the message survive a
	// restart of the broker. Without it no broker in the table promises that.
	PersistentHeader string

	// ExpiresHeader of SEND ends the life of the message: Unix time in milliseconds
	// or, with ExpiresAfter, milliseconds from now.
	ExpiresHeader string
	ExpiresAfter  bool

	// PriorityHeader of SEND takes 0 to 9.
	PriorityHeader string

	// SendRouting and SubscribeRouting are the headers whose value is ANYCAST (a
	// queue) or MULTICAST (a topic). They are "" where the destination decides.
	SendRouting, SubscribeRouting string

	// DurableName is the header of SUBSCRIBE that names a durable subscription to a
	// topic; "" if the broker has none. Durable are further headers that it needs.
	DurableName string
	Durable     frame.Fields
	// DurableNeedsClientID: a durable subscription needs a client-id header on
	// CONNECT. See [Dialect.CheckDurable].
	DurableNeedsClientID bool
	// ClientIDExclusive: the broker refuses a second connection with the same
	// client-id, so only one connection of a client may carry it.
	ClientIDExclusive bool
	// EndDurable are headers of UNSUBSCRIBE that end a durable subscription for good,
	// in addition to its id and to DurableName. Without them the broker keeps the
	// subscription and stores messages for it. See [Dialect.EndDurableFields].
	EndDurable frame.Fields
	// EndDurableSecond: the broker refuses those headers while the subscription is
	// active. Send a plain UNSUBSCRIBE first, and after its receipt a second
	// UNSUBSCRIBE with the headers. Where it is false, send only one UNSUBSCRIBE, and
	// while the subscription is active: RabbitMQ does not find it afterwards.
	EndDurableSecond bool

	// Replies says how the replies to a request are received.
	Replies ReplyStyle

	// MinHeartBeat is the shortest heart-beat interval that it keeps; it rounds
	// shorter ones up.
	MinHeartBeat time.Duration
	// SilentFor is how long it tolerates a connection on which nothing arrives, even
	// if no heart-beats were agreed; 0 for any time.
	SilentFor time.Duration

	// HoldsBack: it leaves Nagle's algorithm on, so that a small frame waits until
	// the previous one is acknowledged by TCP.
	HoldsBack bool

	// ReceiptStored: the receipt of a persistent SEND means that the message is on
	// disk. (RabbitMQ also confirms messages that it could route nowhere.)
	ReceiptStored bool
	// ReceiptsCumulative: the receipt of a SEND also confirms all earlier SENDs of
	// the connection, and an ERROR for one of those arrives before it.
	ReceiptsCumulative bool
	// ErrorNamesReceipt: an ERROR that answers a frame with a receipt header carries
	// its receipt-id, whatever the frame was.
	ErrorNamesReceipt bool
	// ErrorCloses are the versions in which the broker closes the connection after an
	// ERROR for a frame that it could not process. In the others it mostly stays open.
	ErrorCloses frame.Versions

	// Nack is what happens to a message after NACK.
	Nack NackEffect
	// AckSpansSubscriptions: in ack mode client, ACK and NACK also cover the earlier messages of
	// all other subscriptions of the connection.
	AckSpansSubscriptions bool
	// UnsubscribeRequeues: after UNSUBSCRIBE, messages that were delivered and not
	// acknowledged are delivered again. Where it is false they stay assigned to the
	// connection until that ends.
	UnsubscribeRequeues bool

	// MaxFrame is the largest frame in bytes that it accepts by default; 0 if no bound
	// is known. RabbitMQ closes the connection without an ERROR beyond it.
	MaxFrame int
	// maxFrameSince is the first release with that bound.
	maxFrameSince string

	// Delivers bounds the messages that it accepts and therefore delivers, by default
	// and as their sender wrote them: before escaping, and without the headers that
	// the broker adds. A field that is 0 has no known bound. See [Limits].
	Delivers frame.Limits
}

// NackEffect is what a broker does with a message after NACK.
type NackEffect uint8

const (
	NackUnknown NackEffect = iota
	Requeues               // delivers it again, at once; RabbitMQ does not if NACK has requeue:false
	DeadLetters            // moves it to the dead letter queue
	Discards               // drops it
)

// ReplyStyle is how the replies to a request are received.
type ReplyStyle uint8

const (
	// RepliesUnknown: no temporary destination is known. A request needs a reply-to
	// and a subscription of the user's choice.
	RepliesUnknown ReplyStyle = iota
	// RepliesUnsubscribed: the request has reply-to:/temp-queue/NAME. There is no
	// SUBSCRIBE, which the broker would refuse. Replies arrive on the connection that
	// sent the request, with subscription:/temp-queue/NAME, and are not acknowledged.
	RepliesUnsubscribed
	// RepliesSubscribed: subscribe to /temp-queue/NAME first, and send the request
	// with that reply-to on the same connection. On ActiveMQ and the embedded broker
	// the queue belongs to the connection, and a request sent on another one gets no
	// reply. On Artemis it is an ordinary address, so NAME must be unique among all
	// clients.
	RepliesSubscribed
)

// TempQueue starts the destinations that [ReplyStyle] is about.
const TempQueue = "/temp-queue/"
