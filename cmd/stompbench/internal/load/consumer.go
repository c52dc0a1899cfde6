package load

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// arrivals is how many arrivals a consumer gathers before it writes them down, if
// there are not too many consumers for that.
const (
	arrivals    = 256
	arrivalsAll = 1 << 20
	minArrivals = 8
)

// consumer is one subscription: a consumer with several destinations is several of
// these over one session.
type consumer struct {
	run          *run
	worker       int // of the plan's consumers
	destination  int
	group        *group
	subscription transport.Subscription
	send, due    *histo.Recorder

	// The reading goroutine only.
	reader  stamp.HeaderReader
	known   known
	inBody  bool // the only place for a stamp; otherwise it may be in a header
	acks    bool
	nackDue float64       // share of a NACK that has come together
	latency time.Duration // what a message takes; 0 for next to nothing
	timer   *time.Timer

	answered atomic.Uint64 // messages with their ACK or NACK on its way
	lingered atomic.Int64  // nanoseconds spent in linger

	mu      sync.Mutex // guards what follows
	order   ledger.Order
	tally   tally
	frozen  bool  // the books are being closed
	came    int64 // when the first message of this run came, 0 if none has
	entries []ledger.Entry
	sendNs  []int64
	dueNs   []int64
	warmup  *warmupBatch // nil while no message of a warm-up has come
}

// tally is what one consumer has counted.
type tally struct {
	intact   uint64 // messages of this run, repeats included
	measured uint64 // of those, what came after the warm-up
	corrupt  uint64
	foreign  uint64
	nacked   uint64
	first    int64 // when the first of these came, 0 if none has
	last     int64 // when the last did
	ackErr   error // the first
}

func newConsumer(r *run, worker, destination int, g *group) *consumer {
	size := min(max(arrivalsAll/r.plan.Consumers, minArrivals), arrivals)
	c := &consumer{
		run: r, worker: worker, destination: destination, group: g,
		send: r.fromSend.For(worker), due: r.fromDue.For(worker),
		inBody:  r.plan.Stamp == workload.StampBody && r.plan.Producers > 0,
		acks:    r.plan.Ack != frame.AckAuto,
		order:   ledger.NewOrder(g.producers),
		entries: make([]ledger.Entry, 0, size), sendNs: make([]int64, 0, size), dueNs: make([]int64, 0, size),
	}
	if r.plan.Slow(worker) {
		c.latency = r.plan.ConsumerLatency
		c.timer = time.NewTimer(time.Hour)
		c.timer.Stop()
	}
	return c
}

// handle takes one message. It does not allocate.
func (c *consumer) handle(body []byte, m transport.Delivery) {
	now := c.run.clock.Now()
	var s stamp.Stamp
	err := c.read(body, m, &s)
	redelivered := m.Redelivered()
	refuse := c.acks && !redelivered && c.refuses()
	c.mu.Lock()
	if !c.frozen {
		c.judge(&s, err, now, redelivered)
		if refuse {
			c.tally.nacked++
		}
	}
	c.mu.Unlock()
	if c.latency > 0 {
		c.linger()
	}
	if c.acks {
		c.acknowledge(m, refuse)
		c.answered.Add(1)
	}
}

// busy reports whether a message that was counted has no answer yet.
func (c *consumer) busy() bool {
	t := c.snapshot()
	return c.acks && c.answered.Load() < t.intact+t.corrupt+t.foreign
}

// read finds the block of the message. Without producers of our own it may be in
// either place.
func (c *consumer) read(body []byte, m transport.Delivery, s *stamp.Stamp) error {
	if c.inBody {
		return stamp.Read(body, s)
	}
	if c.run.origins != nil {
		if err := stamp.Read(body, s); !errors.Is(err, stamp.ErrForeign) {
			return err
		}
	}
	return c.reader.Read(m.Header(stamp.Header), body, s)
}

// refuses reports whether this message is one of the share that gets a NACK.
func (c *consumer) refuses() bool {
	// Ten times 0.1 is a little less than 1.
	if c.nackDue += c.run.plan.Nack; c.nackDue < 1-1e-9 {
		return false
	}
	c.nackDue--
	return true
}

// linger takes as long as a message is to take. Sleeping here is what a slow
// handler does: the connection is not read meanwhile.
func (c *consumer) linger() {
	began := c.run.clock.Now()
	defer func() { c.lingered.Add(c.run.clock.Now() - began) }()
	c.timer.Reset(c.latency)
	select {
	case <-c.timer.C:
	case <-c.run.over:
		c.timer.Stop()
	}
}

// acknowledge accepts or refuses the message. In mode client, too, each has an ACK
// of its own, unless they are to be gathered: it covers earlier ones that have
// theirs already.
func (c *consumer) acknowledge(m transport.Delivery, refuse bool) {
	answer := m.Ack
	if refuse {
		answer = m.Nack
	}
	err := answer()
	if err == nil {
		return
	}
	c.mu.Lock()
	if c.tally.ackErr == nil {
		c.tally.ackErr = err
	}
	c.mu.Unlock()
}

// judge decides whose message it is and whether it is sound; it holds mu.
func (c *consumer) judge(s *stamp.Stamp, err error, now int64, redelivered bool) {
	switch {
	case errors.Is(err, stamp.ErrCorrupt):
		c.tally.corrupt++
	case err != nil || !c.run.ours(s):
		c.tally.foreign++
	default:
		producer, ok := c.producer(s)
		if !ok {
			c.tally.foreign++ // what was sent elsewhere
			return
		}
		c.take(s, producer, now, redelivered)
	}
}

// producer returns the number that a message's stream has in the book, if it has one.
func (c *consumer) producer(s *stamp.Stamp) (uint32, bool) {
	if all := c.run.origins; all != nil {
		return c.known.number(all, origin{s.Part, s.Producer})
	}
	return c.group.producer(s.Producer)
}

func (c *consumer) take(s *stamp.Stamp, producer uint32, now int64, redelivered bool) {
	c.tally.intact++
	c.tally.last = now
	if c.came == 0 {
		c.came = now
	}
	c.entries = append(c.entries, ledger.Entry{
		Producer: producer, Sequence: s.Sequence,
		Late: c.order.Late(producer, s.Priority, s.Sequence), Redelivered: redelivered,
	})
	if c.measures(s, now) {
		if c.tally.measured++; c.tally.first == 0 {
			c.tally.first = now
		}
	}
	if c.warmsUp(s, now) {
		c.warmUp(now-s.Sent, now-s.Due)
	} else {
		c.sendNs = append(c.sendNs, now-s.Sent)
		c.dueNs = append(c.dueNs, now-s.Due)
	}
	if len(c.entries) == cap(c.entries) {
		c.flush()
	}
}

// measures reports whether a message counts for the rate. Of our own ones those do that
// come after the warm-up.
func (c *consumer) measures(s *stamp.Stamp, now int64) bool {
	if c.run.origins != nil {
		return !c.warmsUp(s, now)
	}
	return now >= c.run.measureFrom.Load()
}

// warmsUp reports whether a message is one of the warm-up. Its sender says so; where
// that is somebody of whom we know nothing, we may have a warm-up of our own.
func (c *consumer) warmsUp(s *stamp.Stamp, now int64) bool {
	r := c.run
	return s.Warmup || r.origins != nil && !r.plan.Shared() && now < r.measureFrom.Load()
}

// flush writes down what was gathered; it holds mu.
func (c *consumer) flush() {
	if len(c.entries) == 0 {
		return
	}
	c.group.mu.Lock()
	for i := range c.entries {
		c.group.book.Record(c.entries[i])
	}
	c.group.mu.Unlock()
	c.send.Record(c.sendNs...)
	if !c.run.dueIsSent() {
		c.due.Record(c.dueNs...)
	}
	c.warmup.flush()
	c.entries, c.sendNs, c.dueNs = c.entries[:0], c.sendNs[:0], c.dueNs[:0]
}

// snapshot returns what the consumer has counted, all of it written down.
func (c *consumer) snapshot() tally {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flush()
	return c.tally
}
