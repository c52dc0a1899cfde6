// Package workload defines the plan of a run: who sends what, how fast and where, who receives it,
// and when it ends. A [Plan] is made from flags, checked as a whole, and then read-only.
//
// Imports: conn/dialect and frame of stompwire, and the pacer, stamp and uri packages of
// stompbench.
package workload

import (
	"crypto/tls"
	"errors"
	"hash/fnv"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/pacer"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
)

// Plan is everything that is decided before a run. [Plan.Complete] fills in the rest.
type Plan struct {
	Embedded  bool           // use a broker in this process instead of Broker
	Broker    uri.Brokers    // where to connect
	Kind      dialect.Broker // its dialect; Unknown goes by its server header
	Versions  frame.Versions
	HeartBeat time.Duration // offered both ways; 0 is conn's default, below 0 none
	TLS       *tls.Config   // nil: the default of conn
	Sources   []netip.Addr  // source addresses, used in turn; none: any

	Producers int
	Consumers int
	// How many connections producers and consumers have; 0 is one each.
	ProducerConnections int
	ConsumerConnections int
	ConnectRate         float64 // connections per second; 0: as fast as possible

	// The run ends when Duration is over or Count messages are sent, whichever comes first; 0 is no
	// such end. Warmup comes before Duration and is left out of latencies and rates.
	Duration    time.Duration
	DurationSet bool // by the user, not by default
	Count       uint64
	Warmup      time.Duration

	// RunName is the name of a run that several processes share, "" if this process is alone. Await
	// is how long a process that only receives waits for the first message.
	RunName string
	Await   time.Duration

	Sizes   Mix // of bodies; nil is Size
	Size    int // of a body in bytes, the average if they differ
	Payload Payload
	Stamp   Stamp
	Seed    uint64 // of the payloads

	// Rate is messages per second of all producers together, on average; 0 is flat out. Profile is
	// the rate over time; nil is Rate all the time.
	Rate    float64
	Profile pacer.Profile
	// RateTolerance is the share of the messages due by Rate that may be missing at the end.
	RateTolerance float64

	Window       int // receipts that may be outstanding, per producer; 0 asks for none
	ReceiptEvery int // only every so many messages ask for a receipt; 0 is 1
	Transaction  int // messages in a transaction; 0: without transactions

	Headers    []frame.Field // values are templates
	Extra      Extra
	Persistent bool
	Priorities Mix
	Expires    time.Duration // after which the broker may drop a message; 0: never

	PublishTo    string
	ConsumeFrom  string
	Destinations Range // what %d in them stands for
	Delivery     Delivery

	Ack             frame.AckMode
	AckEvery        int     // messages that one cumulative ACK covers; 0 is 1
	Nack            float64 // share of messages that get a NACK instead
	Prefetch        int     // unacknowledged messages per consumer; 0: as the broker does
	ConsumerLatency time.Duration
	SlowConsumers   float64 // share of the consumers that have ConsumerLatency

	ConnectTimeout time.Duration // for connecting and for subscribing
	CoalesceReads  time.Duration // least time between two reads of a connection; 0 for none
	DrainTimeout   time.Duration // of silence, until missing messages count as lost
	DrainLimit     time.Duration // in all, however much still comes; 0 is five minutes
}

// Delivery says which consumers get a message.
type Delivery string

// The kinds of delivery. "" is Guess.
const (
	Guess  Delivery = "auto"   // derived from the destination
	Shared Delivery = "shared" // one of the consumers, as from a queue
	Each   Delivery = "each"   // every consumer, as from a topic
)

// Stamp is the place of the block with a message's times and checksum.
type Stamp string

// The places of the stamp. "" is StampAuto.
const (
	StampAuto   Stamp = "auto" // in the body if it has room and may be changed, else in a header
	StampBody   Stamp = "body"
	StampHeader Stamp = "header"
)

// FlatOut reports whether producers send as fast as they can.
func (p *Plan) FlatOut() bool { return p.Rate == 0 }

// Connections returns how many connections there will be.
func (p *Plan) Connections() int { return p.ProducerConnections + p.ConsumerConnections }

// Slow reports whether a consumer has ConsumerLatency: the first ones do.
func (p *Plan) Slow(consumer int) bool {
	return p.ConsumerLatency > 0 && float64(consumer) < p.SlowConsumers*float64(p.Consumers)
}

// Quota returns how many messages producer index has to send: its share of Count. The shares add up
// to Count. Without a Count there is no end.
func (p *Plan) Quota(index int) uint64 {
	if p.Count == 0 {
		return 1<<64 - 1
	}
	n := uint64(p.Producers)
	return (p.Count + n - 1 - uint64(index)) / n
}

// ParseRunName reads the name of a shared run.
func ParseRunName(s string) (string, error) {
	if len(s) > 100 || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", errors.New("give it a name that no other run has, such as nightly-7: up to 100 letters, and the same everywhere")
	}
	return s, nil
}

// Shared reports whether other processes share the run.
func (p *Plan) Shared() bool { return p.RunName != "" }

// RunID returns the number of a shared run, which messages carry instead of the name; it is not 0.
func (p *Plan) RunID() uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(p.RunName))
	return max(1, h.Sum64())
}

// onlyReceives reports whether all messages come from other processes of the run. Nothing says when
// they have sent the last one.
func (p *Plan) onlyReceives() bool { return p.Shared() && p.Producers == 0 }
