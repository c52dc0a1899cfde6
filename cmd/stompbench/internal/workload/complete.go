package workload

import (
	"fmt"
	"strings"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
	"github.com/stompwire/stompwire/frame"
)

// The bounds of a plan. They are what one machine can do, generously.
const (
	MaxWorkers = 100_000
	MaxSize    = 64 << 20
	MaxWindow  = 1 << 18
	MaxRate    = 1e9
)

// Invalid says what is wrong with a plan, in one sentence that also says what to
// change.
type Invalid struct{ Reason string }

func (e *Invalid) Error() string { return e.Reason }

func invalid(format string, args ...any) error {
	return &Invalid{Reason: fmt.Sprintf(format, args...)}
}

// Complete checks the plan and fills in what was left open. The notes say what it
// changed. The error is an [*Invalid].
func (p *Plan) Complete() (notes []string, err error) {
	for _, check := range []func() error{p.checkWorkers, p.checkEnd, p.checkMessages, p.checkDestinations} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	if p.Size < stamp.Size {
		notes = append(notes, fmt.Sprintf("size raised from %d to %d B: each message carries a block of %d B with its times and checksum", p.Size, stamp.Size, stamp.Size))
		p.Size = stamp.Size
	}
	if p.ConsumeFrom == "" {
		p.ConsumeFrom = p.PublishTo
	}
	if p.Delivery == Guess {
		p.Delivery = guess(p.ConsumeFrom)
	}
	return notes, nil
}

// guess goes by the prefix: brokers agree on /topic/, and RabbitMQ's exchanges
// give each subscriber a queue of its own.
func guess(destination string) Delivery {
	for _, prefix := range []string{"/topic/", "topic://", "/exchange/", "jms.topic."} {
		if strings.HasPrefix(destination, prefix) {
			return Each
		}
	}
	return Shared
}

func (p *Plan) checkWorkers() error {
	switch {
	case p.Producers < 0 || p.Producers > MaxWorkers:
		return invalid("--producers is %d: choose from 0 to %d", p.Producers, MaxWorkers)
	case p.Consumers < 0 || p.Consumers > MaxWorkers:
		return invalid("--consumers is %d: choose from 0 to %d", p.Consumers, MaxWorkers)
	case p.Producers == 0 && p.Consumers == 0:
		return invalid("with neither producers nor consumers there is nothing to do: set --producers or --consumers")
	case p.Producers == 0 && p.Embedded:
		return invalid("--producers 0 leaves the embedded broker empty: give a --uri, or at least one producer")
	case p.Producers == 0 && p.Rate != 0:
		return invalid("--rate is for producers, and there are none: leave it out or raise --producers")
	}
	return nil
}

func (p *Plan) checkEnd() error {
	switch {
	case p.Duration < 0:
		return invalid("--duration is %v: it cannot be negative", p.Duration)
	case p.Duration == 0 && p.Count == 0:
		return invalid("the run would never end: set --duration or --count above 0")
	case p.Count > 0 && p.Count < uint64(p.Producers):
		return invalid("--count %d leaves some of the %d producers without a message: lower --producers or raise --count", p.Count, p.Producers)
	case p.DrainTimeout <= 0 || p.ConnectTimeout <= 0:
		return invalid("--drain-timeout and --connect-timeout must be above 0")
	}
	return nil
}

func (p *Plan) checkMessages() error {
	switch {
	case p.Size < 0 || p.Size > MaxSize:
		return invalid("--size is %d B: choose from %d B to %d MiB", p.Size, stamp.Size, MaxSize>>20)
	case p.Rate < 0 || p.Rate > MaxRate || p.Rate != p.Rate:
		return invalid("--rate is %v: choose from above 0 to %v messages a second", p.Rate, MaxRate)
	case p.Window < 0 || p.Window > MaxWindow:
		return invalid("--confirm is %d: choose from 0 (no receipts) to %d receipts", p.Window, MaxWindow)
	case p.Versions == frame.VersionsOf(frame.Version10) && p.Ack == frame.AckClientIndividual:
		return invalid("--ack client-individual needs STOMP 1.1: leave out --stomp 1.0 or choose --ack client")
	}
	return nil
}

func (p *Plan) checkDestinations() error {
	if p.PublishTo == "" {
		return invalid("--publish-to is empty: name a destination such as /queue/stompbench")
	}
	for _, d := range []string{p.PublishTo, p.ConsumeFrom} {
		if strings.ContainsAny(d, "\x00\r\n") {
			return invalid("destination %q contains a line end or NUL: leave them out", d)
		}
	}
	for _, h := range p.Headers {
		switch h.Name {
		case frame.HeaderDestination, frame.HeaderReceipt, frame.HeaderContentLength, frame.HeaderTransaction:
			return invalid("--header %s is written by stompbench itself: leave it out", h.Name)
		}
	}
	return nil
}
