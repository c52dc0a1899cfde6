package conn

import (
	"time"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
)

// Broker is an implementation whose habits we know.
type Broker uint8

const (
	// UnknownBroker is held to the specifications.
	UnknownBroker Broker = iota
	RabbitMQ
	ActiveMQ // ActiveMQ Classic
	Artemis  // ActiveMQ Artemis
	Embedded // package broker of this module

	numBrokers
)

// String returns the name of the broker.
func (b Broker) String() string { return b.Dialect().Name }

// Dialect is what a broker does where STOMP leaves it room, or where it takes
// room that STOMP does not leave. It is data: the table in dialect_table.go says
// it once, and whoever needs to know asks here.
type Dialect struct {
	Broker Broker
	Name   string

	// ServerPrefix begins the server header of its CONNECTED. Artemis sends none
	// in 1.0, so there it has to be named in Config.Broker.
	ServerPrefix string

	// Host is what Config.Host is by default.
	Host string

	// Tolerate are the deviations that it is known to send.
	Tolerate parser.Tolerance

	// PrefetchHeader of SUBSCRIBE bounds what is delivered and not acknowledged,
	// in PrefetchUnit.
	PrefetchHeader string
	PrefetchUnit   PrefetchUnit
	// PrefetchNeedsAck: with ack auto, it takes PrefetchHeader for a bound of all that
	// it will ever deliver, for nothing is acknowledged. Subscribe refuses that.
	PrefetchNeedsAck bool

	// PersistentHeader of SEND, with the value "true": the message survives the
	// broker. No broker does so by itself.
	PersistentHeader string

	// ExpiresHeader of SEND ends the life of the message: Unix time in
	// milliseconds or, if ExpiresAfter, milliseconds from now.
	ExpiresHeader string
	ExpiresAfter  bool

	// PriorityHeader of SEND; 0 to 9, or what the queue was made for.
	PriorityHeader string

	// SendRouting and SubscribeRouting are the headers that say ANYCAST (a queue)
	// or MULTICAST (a topic); "" where the destination alone does.
	SendRouting, SubscribeRouting string

	// DurableName is the header of SUBSCRIBE with the name of a durable
	// subscription to a topic; Durable are headers that go with it.
	DurableName string
	Durable     frame.Fields
	// DurableNeedsClientID: only with a client-id header on CONNECT.
	DurableNeedsClientID bool

	// MinHeartBeat is the shortest interval that it keeps; it rounds others up.
	MinHeartBeat time.Duration
	// SilentFor is after how long it closes a connection that agreed on no
	// heart-beats from us; 0 for never. We send it an EOL each half of that anyway.
	SilentFor time.Duration

	// HoldsBack: it leaves Nagle's algorithm on, so a small frame waits at its end until
	// what it sent before is acknowledged. Then link.Options.QuickAck is on.
	HoldsBack bool

	// ReceiptStored: the receipt of a SEND with PersistentHeader means that the
	// message is on disk. (RabbitMQ confirms what it could not route, too.)
	ReceiptStored bool
	// ReceiptsCumulative: the receipt of a SEND says of all SENDs before it on the
	// connection what it says of that one, and an ERROR for one of them comes before
	// it. See ProducerConfig.ReceiptEvery.
	ReceiptsCumulative bool
	// ErrorNamesReceipt: an ERROR that answers a frame with a receipt header has
	// its receipt-id, whatever the frame.
	ErrorNamesReceipt bool
	// ErrorCloses are the versions in which ERROR for a frame that could not be
	// processed ends the connection. In all others it mostly survives.
	ErrorCloses frame.Versions

	// Nack is what becomes of a message after NACK.
	Nack NackEffect

	// MaxFrame is the largest frame in bytes that it takes as it is delivered; 0
	// if no bound is known. RabbitMQ closes without a word beyond it.
	MaxFrame int

	// maxFrameSince is the first release with that bound.
	maxFrameSince string
}

// PrefetchUnit is what a prefetch header counts.
type PrefetchUnit uint8

const (
	PrefetchUnknown PrefetchUnit = iota
	PrefetchMessages
	PrefetchOctets
)

// NackEffect is what a broker does with a message after NACK.
type NackEffect uint8

const (
	NackUnknown     NackEffect = iota
	NackRequeues               // delivered again, unless NACK has requeue:false
	NackDeadLetters            // moved to the dead letter queue
	NackDiscards               // gone
)

// Dialect returns the dialect of the current release of b.
func (b Broker) Dialect() Dialect {
	if b >= numBrokers {
		b = UnknownBroker
	}
	return dialects[b]
}

// Dialect returns the dialect of the broker: that of Config.Broker, or of what the
// server header of CONNECTED names.
func (c *Conn) Dialect() Dialect { return c.dialect }

// dialectFor returns the dialect of a broker that says server of itself.
func (cfg *Config) dialectFor(server string) Dialect {
	detected := DialectOf(server)
	if cfg.Broker != UnknownBroker && cfg.Broker != detected.Broker {
		return cfg.Broker.Dialect()
	}
	return detected
}
