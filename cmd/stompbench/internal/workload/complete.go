package workload

import (
	"fmt"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// The bounds of a plan. They are beyond what one machine can do.
const (
	MaxWorkers      = 1_000_000
	MaxDestinations = 1_000_000
	MaxSize         = 64 << 20
	MaxWindow       = 1 << 18
	MaxRate         = 1e9
	MaxTransaction  = 100_000
)

// Invalid says in one sentence what is wrong with a plan and how to fix it.
type Invalid struct{ Reason string }

func (e *Invalid) Error() string { return e.Reason }

func invalid(format string, args ...any) error {
	return &Invalid{Reason: fmt.Sprintf(format, args...)}
}

// Complete checks the plan and fills in defaults. The notes say what it changed. The error is an
// [*Invalid].
func (p *Plan) Complete() (notes []string, err error) {
	for _, step := range []func() error{
		p.checkWorkers, p.completeShared, p.checkRate, p.completeRate, p.checkEnd, p.completeSizes, p.checkConfirms,
		p.checkHeaders, p.completeExtra,
		p.checkDestinations, p.completeDestinations, p.completeConnections, p.checkAcks,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	if p.Stamp == StampHeader && p.Producers > 0 && p.Payload.Kind != Files {
		notes = append(notes, fmt.Sprintf("each message has its times and checksum (%d B) in the header %s, and a body of exactly its size", stamp.HeaderSize, stamp.Header))
	}
	if p.Delivery == Guess {
		p.Delivery = guess(p.ConsumeFrom)
	}
	if n := p.PublishTargets(); p.Producers > 0 && max(n, p.Producers)%min(n, p.Producers) != 0 {
		notes = append(notes, fmt.Sprintf("%d destinations and %d producers: some destinations get more than others, since neither number divides the other", n, p.Producers))
	}
	if p.Shared() {
		notes = append(notes, fmt.Sprintf("this is a part of the run %s: its books are open until stompbench merge closes those of all parts", p.RunName))
	}
	if p.Warmup > 0 {
		notes = append(notes, fmt.Sprintf("the first %v are warm-up: in the books, not in latencies and rates", p.Warmup))
	}
	return notes, nil
}

// guess derives the delivery from the prefix: brokers agree on /topic/, and RabbitMQ's exchanges
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
	case p.Producers == 0 && (p.Rate != 0 || p.Profile != nil):
		return invalid("--rate is for producers, and there are none: leave it out or raise --producers")
	}
	return nil
}

func (p *Plan) completeConnections() error {
	for _, c := range []struct {
		name    string
		n       *int
		workers int
	}{{"producer", &p.ProducerConnections, p.Producers}, {"consumer", &p.ConsumerConnections, p.Consumers}} {
		switch {
		case *c.n < 0:
			return invalid("--%s-connections is %d: it cannot be negative", c.name, *c.n)
		case *c.n > c.workers:
			return invalid("--%s-connections is %d and there are %d %ss: each has one connection at most, so lower it or raise --%ss", c.name, *c.n, c.workers, c.name, c.name)
		case *c.n == 0:
			*c.n = c.workers
		}
	}
	if p.ConnectRate < 0 {
		return invalid("--connect-rate is %v: it must be above 0", p.ConnectRate)
	}
	return nil
}

func (p *Plan) checkEnd() error {
	switch {
	case p.Duration < 0:
		return invalid("--duration is %v: it cannot be negative", p.Duration)
	case p.Warmup < 0:
		return invalid("--warmup is %v: it cannot be negative", p.Warmup)
	case p.Duration == 0 && p.Count == 0 && !p.onlyReceives():
		return invalid("the run would never end: set --duration or --count above 0")
	case p.Count > 0 && p.Count < uint64(p.Producers):
		return invalid("--count %d leaves some of the %d producers without a message: lower --producers or raise --count", p.Count, p.Producers)
	case p.DrainTimeout <= 0 || p.ConnectTimeout <= 0:
		return invalid("--drain-timeout and --connect-timeout must be above 0")
	}
	if p.CoalesceReads < 0 || p.CoalesceReads > link.MaxCoalesce {
		return invalid("--coalesce-reads is %v: choose from 0 to %v", p.CoalesceReads, link.MaxCoalesce)
	}
	return nil
}

func (p *Plan) checkRate() error {
	if p.Rate < 0 || p.Rate > MaxRate || p.Rate != p.Rate {
		return invalid("--rate is %v: choose from above 0 to %v messages a second", p.Rate, MaxRate)
	}
	return nil
}

// completeSizes decides about sizes and where the stamp goes.
func (p *Plan) completeSizes() error {
	if p.Payload.Kind == Files {
		p.Sizes = p.Payload.sizes()
	} else if p.Sizes == nil {
		p.Sizes = FixedSize(p.Size)
	}
	least, most := p.Sizes.Min(), p.Sizes.Max()
	if p.Stamp == StampAuto {
		p.Stamp = StampBody
		if least < stamp.Size || p.Payload.Kind == Files {
			p.Stamp = StampHeader
		}
	}
	switch {
	case least < 0 || most > MaxSize:
		return invalid("--size is %v B: choose from 0 B to %d MiB", p.Sizes, MaxSize>>20)
	case p.Stamp == StampBody && p.Payload.Kind == Files:
		return invalid("--stamp body would change what is in the files: choose --stamp header")
	case p.Stamp == StampBody && least < stamp.Size:
		return invalid("--stamp body needs %d B and --size says %v: raise it or choose --stamp header", stamp.Size, p.Sizes)
	}
	p.Size = int(p.Sizes.Mean() + 0.5)
	return nil
}

func (p *Plan) checkConfirms() error {
	if p.ReceiptEvery == 0 {
		p.ReceiptEvery = 1
	}
	switch {
	case p.Window < 0 || p.Window > MaxWindow:
		return invalid("--confirm is %d: choose from 0 (no receipts) to %d receipts", p.Window, MaxWindow)
	case p.ReceiptEvery < 0:
		return invalid("--receipt-every is %d: choose 1 or more", p.ReceiptEvery)
	case p.ReceiptEvery > 1 && p.Window == 0:
		return invalid("--receipt-every asks for receipts and --confirm 0 for none: leave one of them out")
	case p.Transaction < 0 || p.Transaction > MaxTransaction:
		return invalid("--transaction is %d: choose from 0 (none) to %d messages", p.Transaction, MaxTransaction)
	case p.Transaction > 0 && p.ReceiptEvery > 1:
		return invalid("with --transaction the COMMIT has the receipt: leave --receipt-every out")
	case p.Transaction > 0 && p.Window == 0:
		return invalid("with --transaction each COMMIT has a receipt: leave --confirm 0 out")
	}
	return nil
}

func (p *Plan) checkHeaders() error {
	if p.Expires < 0 {
		return invalid("--expires is %v: it cannot be negative", p.Expires)
	}
	if p.Expires > 0 && p.Expires < time.Millisecond {
		return invalid("--expires is %v: brokers count milliseconds, so raise it", p.Expires)
	}
	for _, h := range p.Headers {
		switch h.Name {
		case frame.HeaderDestination, frame.HeaderReceipt, frame.HeaderContentLength, frame.HeaderTransaction, stamp.Header:
			return invalid("--header %s is written by stompbench itself: leave it out", h.Name)
		case frame.HeaderPriority:
			if len(p.Priorities) > 0 {
				return invalid("--header priority and --priority contradict each other: leave one of them out")
			}
		}
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
	return nil
}

func (p *Plan) checkAcks() error {
	if p.AckEvery == 0 {
		p.AckEvery = 1
	}
	if p.SlowConsumers == 0 {
		p.SlowConsumers = 1
	}
	only10 := p.Versions == frame.VersionsOf(frame.Version10)
	switch {
	case only10 && p.Ack == frame.AckClientIndividual:
		return invalid("--ack client-individual needs STOMP 1.1: leave out --stomp 1.0 or choose --ack client")
	case p.AckEvery < 0:
		return invalid("--ack-every is %d: choose 1 or more", p.AckEvery)
	case p.AckEvery > 1 && p.Ack != frame.AckClient:
		return invalid("--ack-every %d lets one ACK cover several messages, which only --ack client has: add it", p.AckEvery)
	case p.Nack < 0 || p.Nack >= 1 || p.Nack != p.Nack:
		return invalid("--nack is %v: choose a share from 0 to below 1", p.Nack)
	case p.Nack > 0 && p.Ack == frame.AckAuto:
		return invalid("--nack needs messages that are acknowledged: add --ack client-individual")
	case p.Nack > 0 && p.Ack == frame.AckClient && p.AckEvery > 1:
		return invalid("--nack would refuse all messages that --ack-every has not acknowledged yet: leave one of them out")
	case p.Nack > 0 && only10:
		return invalid("--nack needs STOMP 1.1: leave out --stomp 1.0")
	case p.Prefetch < 0:
		return invalid("--prefetch is %d: choose 1 or more", p.Prefetch)
	case p.Prefetch > 0 && p.AckEvery > p.Prefetch:
		return invalid("--ack-every %d is more than --prefetch %d lets out: lower it", p.AckEvery, p.Prefetch)
	case p.SlowConsumers < 0 || p.SlowConsumers > 1 || p.SlowConsumers != p.SlowConsumers:
		return invalid("--slow-consumers is %v: choose a share from above 0 to 1", p.SlowConsumers)
	case p.SlowConsumers < 1 && p.ConsumerLatency == 0:
		return invalid("--slow-consumers does not say how slow: set --consumer-latency")
	case p.ConsumerLatency < 0:
		return invalid("--consumer-latency is %v: it cannot be negative", p.ConsumerLatency)
	case p.ConsumerLatency > 0 && p.ConsumerLatency >= p.DrainTimeout:
		return invalid("--consumer-latency %v is no shorter than --drain-timeout %v, after which messages count as lost: raise that", p.ConsumerLatency, p.DrainTimeout)
	}
	return nil
}
