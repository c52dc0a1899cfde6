package workload

import (
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
	"github.com/stompwire/stompwire/frame"
)

// Plan is everything that is decided before a run. [Plan.Complete] fills in what
// follows from the rest.
type Plan struct {
	Embedded bool    // use a broker in this process instead of Broker
	Broker   uri.URI // where to connect
	Versions frame.Versions

	Producers int
	Consumers int

	// The run ends when Duration is over or Count messages are sent, whichever
	// comes first; 0 means no such end.
	Duration time.Duration
	Count    uint64

	Size    int     // of a body, in bytes
	Rate    float64 // messages a second of all producers together; 0 is flat out
	Window  int     // receipts that may be outstanding, per producer; 0 asks for none
	Seed    uint64  // of the payloads
	Headers []frame.Field

	PublishTo   string
	ConsumeFrom string
	Delivery    Delivery
	Ack         frame.AckMode

	ConnectTimeout time.Duration // for connecting and for subscribing
	DrainTimeout   time.Duration // of silence, until what is missing counts as lost
}

// Delivery says who gets a message.
type Delivery uint8

const (
	// Guess decides by the destination.
	Guess Delivery = iota
	// Shared: one of the consumers, as from a queue.
	Shared
	// Each: every consumer, as from a topic.
	Each
)

// String returns the name of the delivery, as flags spell it.
func (d Delivery) String() string {
	switch d {
	case Shared:
		return "shared"
	case Each:
		return "each"
	}
	return "auto"
}

// ParseDelivery returns the delivery that s spells.
func ParseDelivery(s string) (d Delivery, ok bool) {
	for d := Guess; d <= Each; d++ {
		if d.String() == s {
			return d, true
		}
	}
	return 0, false
}

// FlatOut reports whether producers send as fast as they can.
func (p *Plan) FlatOut() bool { return p.Rate == 0 }

// Groups returns how many times each message is to be delivered.
func (p *Plan) Groups() int {
	if p.Delivery == Each {
		return p.Consumers
	}
	return min(p.Consumers, 1)
}

// Quota returns how many messages producer index is to send: its share of Count,
// so that the shares add up to it. Without a Count it is endless.
func (p *Plan) Quota(index int) uint64 {
	if p.Count == 0 {
		return 1<<64 - 1
	}
	n := uint64(p.Producers)
	quota := p.Count / n
	if uint64(index) < p.Count%n {
		quota++
	}
	return quota
}
