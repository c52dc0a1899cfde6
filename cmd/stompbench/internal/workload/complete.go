package workload

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
	"github.com/stompwire/stompwire/frame"
)

// The bounds of a plan. They are beyond what one machine can do.
const (
	MaxWorkers      = 1_000_000
	MaxDestinations = 1_000_000
	MaxSize         = 64 << 20
	MaxWindow       = 1 << 18
	MaxRate         = 1e9
	minRate         = 1e-6 // about one in eleven days
	MaxTransaction  = 100_000
)

// Invalid says in one sentence what is wrong with a plan and how to fix it.
type Invalid struct{ Reason string }

func (e *Invalid) Error() string { return e.Reason }

// Refuse returns an [*Invalid].
func Refuse(format string, args ...any) error { return refuse(true, format, args...) }

// refuse returns an [*Invalid] if bad.
func refuse(bad bool, format string, args ...any) error {
	if !bad {
		return nil
	}
	return &Invalid{Reason: fmt.Sprintf(format, args...)}
}

// Complete checks the plan and fills in defaults. Each value is in the range of its flag already. The
// notes say what may surprise. The error is an [*Invalid].
func (p *Plan) Complete() (notes []string, err error) {
	if p.onlyReceives() {
		p.Duration, p.Count, p.Warmup = 0, 0, 0 // only the processes that send have them
	}
	p.ProducerConnections, p.ConsumerConnections = cmp.Or(p.ProducerConnections, p.Producers), cmp.Or(p.ConsumerConnections, p.Consumers)
	p.ReceiptEvery, p.AckEvery, p.SlowConsumers = cmp.Or(p.ReceiptEvery, 1), cmp.Or(p.AckEvery, 1), cmp.Or(p.SlowConsumers, 1)
	p.DrainLimit = cmp.Or(p.DrainLimit, max(5*time.Minute, p.DrainTimeout))
	if err = cmp.Or(
		p.checkWorkers(), p.completeRate(), p.checkTimes(), p.completeSizes(), p.checkReceipts(),
		p.checkHeaders(), p.Extra.complete(p.Versions), p.completeDestinations(), p.checkAcks(),
	); err != nil {
		return nil, err
	}
	note := func(when bool, format string, args ...any) {
		if when {
			notes = append(notes, fmt.Sprintf(format, args...))
		}
	}
	n := p.PublishTargets().Len()
	note(p.CoalesceReads > 0, "latencies hold up to %v of --coalesce-reads", p.CoalesceReads)
	note(p.Stamp == StampHeader && p.Producers > 0 && p.Payload.Files == nil,
		"each message has its times and checksum (%d B) in the header %s, and a body of exactly its size", stamp.HeaderSize, stamp.Header)
	note(p.Producers > 0 && max(n, p.Producers)%min(n, p.Producers) != 0,
		"%d destinations and %d producers: some destinations get more than others, since neither number divides the other", n, p.Producers)
	note(p.Shared(), "this is a part of the run %s: its books are open until stompbench merge closes those of all parts", p.RunName)
	note(p.Warmup > 0, "the first %v are warm-up: in the books, not in latencies and rates", p.Warmup)
	return notes, nil
}

func (p *Plan) checkWorkers() error {
	none := p.Producers == 0
	const tooMany = "--%[1]s-connections is %[2]d and there are %[3]d %[1]ss: each has one connection at most, so lower it or raise --%[1]ss"
	return cmp.Or(
		refuse(p.Shared() && p.Embedded, "--run-id is for several processes, and the embedded broker is for this one: give a --uri"),
		refuse(none && p.Consumers == 0, "with neither producers nor consumers there is nothing to do: set --producers or --consumers"),
		refuse(none && p.Embedded, "--producers 0 leaves the embedded broker empty: give a --uri, or at least one producer"),
		refuse(none && (p.Rate != 0 || p.Profile != nil), "--rate is for producers, and there are none: leave it out or raise --producers"),
		refuse(p.ProducerConnections > p.Producers, tooMany, "producer", p.ProducerConnections, p.Producers),
		refuse(p.ConsumerConnections > p.Consumers, tooMany, "consumer", p.ConsumerConnections, p.Consumers),
	)
}

func (p *Plan) checkTimes() error {
	return cmp.Or(
		refuse(p.Duration == 0 && p.Count == 0 && !p.onlyReceives(), "the run would never end: set --duration or --count above 0"),
		refuse(p.Count > 0 && p.Count < uint64(p.Producers),
			"--count %d leaves some of the %d producers without a message: lower --producers or raise --count", p.Count, p.Producers),
		refuse(p.DrainLimit < p.DrainTimeout,
			"--drain-limit %v is over before the silence of --drain-timeout %v: raise it, or lower that", p.DrainLimit, p.DrainTimeout),
	)
}

// completeSizes decides about sizes and where the stamp goes.
func (p *Plan) completeSizes() error {
	files := p.Payload.Files != nil
	switch {
	case files:
		p.Sizes = nil
		for _, f := range p.Payload.Files {
			p.Sizes = append(p.Sizes, Fixed(len(f))...)
		}
	case p.Sizes == nil:
		p.Sizes = Fixed(p.Size)
	}
	least, most := p.Sizes.Min(), p.Sizes.Max()
	switch auto := p.Stamp == "" || p.Stamp == StampAuto; {
	case auto && (least < stamp.Size || files):
		p.Stamp = StampHeader
	case auto:
		p.Stamp = StampBody
	}
	p.Size = int(p.Sizes.Mean() + 0.5)
	inBody := p.Stamp == StampBody
	return cmp.Or(
		refuse(most > MaxSize, "--size is %v B: choose from 0 B to %d MiB", p.Sizes, MaxSize>>20),
		refuse(inBody && files, "--stamp body would change what is in the files: choose --stamp header"),
		refuse(inBody && least < stamp.Size, "--stamp body needs %d B and --size says %v: raise it or choose --stamp header", stamp.Size, p.Sizes),
	)
}

func (p *Plan) checkReceipts() error {
	return cmp.Or(
		refuse(p.ReceiptEvery > 1 && p.Window == 0, "--receipt-every asks for receipts and --confirm 0 for none: leave one of them out"),
		refuse(p.Transaction > 0 && p.ReceiptEvery > 1, "with --transaction the COMMIT has the receipt: leave --receipt-every out"),
		refuse(p.Transaction > 0 && p.Window == 0, "with --transaction each COMMIT has a receipt: leave --confirm 0 out"),
	)
}

// ownHeaders are written by stompbench itself.
var ownHeaders = []string{frame.HeaderDestination, frame.HeaderReceipt, frame.HeaderContentLength, frame.HeaderTransaction, stamp.Header}

func (p *Plan) checkHeaders() error {
	for _, h := range p.Headers {
		if err := cmp.Or(
			refuse(slices.Contains(ownHeaders, h.Name), "--header %s is written by stompbench itself: leave it out", h.Name),
			refuse(h.Name == frame.HeaderPriority && p.Priorities != nil, "--header priority and --priority contradict each other: leave one of them out"),
			refuse(p.Extra.Count != nil && extraNames.MatchString(h.Name), "--header %s has a name that --header-count gives: choose another", h.Name),
		); err != nil {
			return err
		}
	}
	return nil
}

func (p *Plan) checkAcks() error {
	only10 := p.Versions == frame.VersionsOf(frame.Version10)
	return cmp.Or(
		refuse(only10 && p.Ack == frame.AckClientIndividual, "--ack client-individual needs STOMP 1.1: leave out --stomp 1.0 or choose --ack client"),
		refuse(p.AckEvery > 1 && p.Ack != frame.AckClient, "--ack-every %d lets one ACK cover several messages, which only --ack client has: add it", p.AckEvery),
		refuse(p.Nack == 1, "--nack 1 would refuse each message again and again: choose a share below 1"),
		refuse(p.Nack > 0 && p.Ack == frame.AckAuto, "--nack needs messages that are acknowledged: add --ack client-individual"),
		refuse(p.Nack > 0 && p.Ack == frame.AckClient && p.AckEvery > 1, "--nack would refuse all messages that --ack-every has not acknowledged yet: leave one of them out"),
		refuse(p.Nack > 0 && only10, "--nack needs STOMP 1.1: leave out --stomp 1.0"),
		refuse(p.Prefetch > 0 && p.AckEvery > p.Prefetch, "--ack-every %d is more than --prefetch %d lets out: lower it", p.AckEvery, p.Prefetch),
		refuse(p.SlowConsumers < 1 && p.ConsumerLatency == 0, "--slow-consumers does not say how slow: set --consumer-latency"),
		refuse(p.ConsumerLatency > 0 && p.ConsumerLatency >= p.DrainTimeout,
			"--consumer-latency %v is no shorter than --drain-timeout %v, after which messages count as lost: raise that", p.ConsumerLatency, p.DrainTimeout),
	)
}
